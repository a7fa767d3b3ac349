"""GET / and GET /docs, and the files they are made of."""

import re

import httpx
import pytest

from app.routes.page import WEB

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_page_comes_under_a_strict_policy(client: httpx.AsyncClient, path: str) -> None:
    """Nothing from elsewhere, nothing inline, and nothing that would need it."""
    response = await client.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "unsafe" not in response.headers["content-security-policy"]
    assert not re.search(r"<style|<script(?![^>]*src=)| style=| on\w+=|https?://", response.text)


async def test_every_file_that_is_named_is_there(client: httpx.AsyncClient) -> None:
    """What pages, styles and modules refer to is served, with a type a browser takes."""
    for path in WEB.iterdir():
        text = path.read_text() if path.suffix in {".html", ".js", ".css"} else ""
        for name in re.findall(r"""(?:web/|from '\./)([\w.-]+)""", text):
            response = await client.get(f"/web/{name}")

            assert response.status_code == 200, f"{path.name} names {name}"
            if name.endswith(".js"):
                assert response.headers["content-type"].startswith("text/javascript")


async def test_file_that_is_not_there_is_a_problem(client: httpx.AsyncClient) -> None:
    """Only what lies in the folder is served, whatever a path climbs to."""
    for name in ("nothing.js", "..%2Fmain.py", "%2e%2e/main.py"):
        response = await client.get(f"/web/{name}")

        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


async def test_unchanged_file_is_not_sent_again(client: httpx.AsyncClient) -> None:
    """The browser asks each time, and gets 304 as long as nothing changed."""
    first = await client.get("/web/main.js")
    again = await client.get("/web/main.js", headers={"if-none-match": first.headers["etag"]})

    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


async def test_file_is_compressed_for_those_who_take_it(client: httpx.AsyncClient) -> None:
    """Smaller on the way, the same at the end."""
    plain = await client.get("/web/style.css", headers={"accept-encoding": "identity"})
    packed = await client.get("/web/style.css", headers={"accept-encoding": "gzip"})

    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) // 2
    assert packed.text == plain.text


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', "*"])
async def test_file_that_is_known_is_not_sent(client: httpx.AsyncClient, known: str) -> None:
    """Whether a proxy made its tag weak, or the caller has others too."""
    strong = (await client.get("/web/main.js")).headers["etag"].removeprefix("W/")
    again = await client.get("/web/main.js", headers={"if-none-match": known.format(strong)})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.0", False)],
)
async def test_files_are_packed_for_who_takes_that(
    client: httpx.AsyncClient, accepted: str, *, is_packed: bool
) -> None:
    """A weight of nothing refuses it."""
    answer = await client.get("/web/main.js", headers={"accept-encoding": accepted})

    assert ("content-encoding" in answer.headers) is is_packed

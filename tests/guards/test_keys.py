"""Who may call: those whose key's digest is in the file, as it is now."""

import hashlib
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.guards import keys as module
from app.guards.keys import Keys, KeysUnreadable
from app.main import create_app
from app.settings import Settings

pytestmark = pytest.mark.anyio


def digest(key: str) -> str:
    """As `sha256sum` writes it."""
    return hashlib.sha256(key.encode()).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two keys."""
    path = tmp_path / "keys"
    path.write_text(f"# ours\n\n{digest('one')}  -\n{digest('two')} the page\n")
    return path


def test_keys_of_the_file_are_known(path: Path) -> None:
    """Each of them, and no other: neither a digest nor a part of a key."""
    keys = Keys(path)

    assert keys.is_known(b"one")
    assert keys.is_known(b"two")
    for other in (b"", b"on", b"one ", b"three", digest("one").encode(), b"\xff"):
        assert not keys.is_known(other)


def test_every_digest_is_compared(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is first in the file takes no less time than one that is not in it."""
    compared: list[str] = []

    def compare(one: str, other: str) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr(module.hmac, "compare_digest", compare)
    Keys(path).is_known(b"one")

    assert compared == [digest("one"), digest("two")]


def test_file_is_read_again_when_it_changed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that was added may call, one that was struck out may not."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0)
    keys = Keys(path)
    path.write_text(f"{digest('two')}\n{digest('three')} new\n")

    assert [keys.is_known(key) for key in (b"one", b"two", b"three")] == [False, True, True]


@pytest.mark.parametrize("content", ["no digest\n", "ab" * 31 + "\n", None])
def test_bad_file_changes_nothing(
    path: Path,
    content: str | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A slip in the file neither locks everyone out nor lets anyone in; the log says so once."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0)
    keys = Keys(path)
    path.unlink() if content is None else path.write_text(content)
    with caplog.at_level(logging.ERROR):
        known = [keys.is_known(key) for key in (b"one", b"three", b"one")]

    assert known == [True, False, True]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("content", ["password\n", b"\xff\xfe", None])
def test_bad_file_at_the_start_is_an_error(tmp_path: Path, content: str | bytes | None) -> None:
    """Nobody finds out later that no key is asked for."""
    path = tmp_path / "keys"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(KeysUnreadable):
        Keys(path)


class TestService:
    """With keys, and nothing loaded: they are asked for before anything else."""

    @pytest.fixture
    async def client(self, settings: Settings, path: Path) -> AsyncIterator[httpx.AsyncClient]:
        """A client of an application that wants keys."""
        app = create_app(settings.model_copy(update={"api_keys_file": path}))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield http

    @pytest.mark.parametrize(
        ("method", "url"),
        [("POST", "/predict"), ("GET", "/models"), ("GET", "/nowhere"), ("POST", "/read")],
    )
    async def test_no_path_is_open_without_a_key(
        self, client: httpx.AsyncClient, method: str, url: str
    ) -> None:
        """Not even one that is not there."""
        without = await client.request(method, url)
        wrong = await client.request(method, url, headers={"x-api-key": "three"})

        for refusal in (without, wrong):
            assert (refusal.status_code, refusal.json()["code"]) == (401, "unauthorised")
            assert refusal.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize(
        "headers",
        [{"x-api-key": "one"}, {"authorization": "Bearer two"}, {"authorization": "bearer  two"}],
    )
    async def test_key_is_taken_in_either_header(
        self, client: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        """With it the request reaches its route."""
        assert (await client.get("/models", headers=headers)).status_code == 200

    async def test_other_schemes_are_no_keys(self, client: httpx.AsyncClient) -> None:
        """Basic is not Bearer."""
        answer = await client.get("/models", headers={"authorization": "Basic b25l"})

        assert answer.status_code == 401

    async def test_health_and_metrics_stay_open(self, client: httpx.AsyncClient) -> None:
        """Orchestrators have no keys."""
        statuses = [
            (await client.get(url)).status_code
            for url in ("/health/live", "/health", "/metrics", "/metrics/")
        ]

        assert statuses == [200, 503, 200, 200]

    @pytest.mark.parametrize(
        "url", ["/", "/docs", "/docs/", "/openapi.json", "/openapi.json/", "/web/main.js"]
    )
    async def test_pages_stay_open(self, client: httpx.AsyncClient, url: str) -> None:
        """A browser has no key to send before a page has asked for one; the pages say nothing."""
        assert (await client.get(url, follow_redirects=True)).status_code == 200


@pytest.mark.parametrize("metrics_need_key", [False, True])
def test_description_says_what_needs_a_key(
    settings: Settings, path: Path, *, metrics_need_key: bool
) -> None:
    """All but what is open, and each says that it may answer 401."""
    update = {"api_keys_file": path, "metrics_need_key": metrics_need_key}
    document = create_app(settings.model_copy(update=update)).openapi()
    schemes = document["components"]["securitySchemes"]
    operations = {
        url: operation for url, item in document["paths"].items() for operation in item.values()
    }
    closed = {url for url, operation in operations.items() if "security" in operation}

    assert {scheme["type"] for scheme in schemes.values()} == {"http", "apiKey"}
    assert operations.keys() - closed == {
        *("/health", "/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready"),
        *(() if metrics_need_key else ("/metrics",)),
    }
    for url in closed:
        assert operations[url]["security"] == [{name: []} for name in schemes]
        assert "401" in operations[url]["responses"]


def test_description_asks_for_no_key_where_none_is_needed(settings: Settings) -> None:
    """So nobody makes a client that wants one."""
    document = create_app(settings).openapi()

    assert "securitySchemes" not in document["components"]
    assert '"security"' not in json.dumps(document["paths"])


async def test_metrics_can_be_closed(settings: Settings, path: Path) -> None:
    """Where the setting says so, whoever scrapes needs a key."""
    update = {"api_keys_file": path, "metrics_need_key": True}
    transport = httpx.ASGITransport(create_app(settings.model_copy(update=update)))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        without = await client.get("/metrics")
        with_key = await client.get("/metrics", headers={"x-api-key": "one"})

    assert (without.status_code, with_key.status_code) == (401, 200)

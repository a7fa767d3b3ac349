"""HEAD is answered as GET is, without a body, and a slash behind a path means the path."""

from collections.abc import Iterator

import httpx
import pytest

from tests.processes import running

PATHS = (
    "/",
    "/docs",
    "/health",
    "/models",
    "/metrics",
    "/v2",
    "/v1/models/alexnet",
    "/web/main.js",
)


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of a running service: it is the server that leaves bodies out."""
    with running() as (_, address):
        yield address


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_the_body(service: str, path: str) -> None:
    """With the same status and the length that the body would have."""
    head, get = (httpx.request(method, f"{service}{path}") for method in ("HEAD", "GET"))

    assert head.status_code == get.status_code == 200
    assert head.headers["content-type"] == get.headers["content-type"]
    assert "content-length" in head.headers
    assert head.content == b""


def test_head_keeps_the_connection(service: str) -> None:
    """The next request on it is answered: no byte of a body was sent."""
    with httpx.Client(base_url=service) as http:
        answers = [http.request(method, "/docs") for method in ("HEAD", "HEAD", "GET")]

    assert [bool(each.content) for each in answers] == [False, False, True]


def test_head_of_what_is_posted_to_says_so(service: str) -> None:
    """As GET does."""
    answer = httpx.head(f"{service}/predict")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/predict/", "/predict/batch/", "/read/", "/models/", "/health/"])
def test_slash_behind_a_path_redirects_nobody(service: str, seven: bytes, path: str) -> None:
    """A redirect would name the scheme that a proxy speaks to the service, not the caller's."""
    field = "files" if "batch" in path else "file"
    is_get = path in {"/models/", "/health/"}
    answer = httpx.request(
        "GET" if is_get else "POST",
        f"{service}{path}",
        files=None if is_get else {field: seven},
        headers={"x-forwarded-proto": "https"},
    )

    assert answer.status_code == 200


def test_answers_are_counted_by_the_path_that_was_meant(service: str) -> None:
    """Whatever the request said."""
    httpx.head(f"{service}/models/")
    metrics = httpx.get(f"{service}/metrics").text

    assert 'method="HEAD",route="/models"' in metrics

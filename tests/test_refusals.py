"""Each family of paths is refused in its own form."""

import json

import pytest

from app.errors import BlankImage, QueueFull
from app.refusals import refuse, refuse_http, refuse_unforeseen


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/models/alexnet:predict", 400), ("/v2", 422), ("/v2/", 422)]
)
def test_protocols_say_error(path: str, status: int) -> None:
    """Text alone, with the status that the protocol knows."""
    response = refuse(BlankImage("There is no ink."), path)

    assert (response.status_code, response.media_type) == (status, "application/json")
    assert json.loads(response.body) == {"error": "There is no ink."}


@pytest.mark.parametrize("path", ["/", "/predict", "/v11", "/v2x/models", "/a/v2/x"])
def test_other_paths_give_problems(path: str) -> None:
    """A path that only looks like a protocol's is none."""
    response = refuse(BlankImage("There is no ink."), path)

    assert (response.status_code, response.media_type) == (422, "application/problem+json")


def test_headers_stay() -> None:
    """When to come back and what is allowed are headers in every form."""
    busy = refuse(QueueFull("Full.", retry_after_seconds=3), "/v2/x")
    wrong = refuse_http(405, {"Allow": "GET"}, "/v2/x")

    assert busy.headers["retry-after"] == "3"
    assert wrong.headers["allow"] == "GET"
    assert int(busy.headers["content-length"]) == len(busy.body)


@pytest.mark.parametrize("path", ["/v1/x", "/v2/x"])
def test_the_unforeseen_says_nothing_of_itself(path: str) -> None:
    """But that it was ours."""
    response = refuse_unforeseen(path)

    assert response.status_code == 500
    assert set(json.loads(response.body)) == {"error"}

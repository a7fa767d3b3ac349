"""What browsers are told with every answer, whatever became of the request."""

import httpx
import pytest
from starlette.responses import Response

from app.guards.headers import ALWAYS, SecurityHeaders
from app.main import create_app
from app.settings import Settings

pytestmark = pytest.mark.anyio


def connect(settings: Settings) -> httpx.AsyncClient:
    """A client of an application that loads nothing."""
    transport = httpx.ASGITransport(create_app(settings))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@pytest.mark.parametrize("url", ["/health", "/models", "/nowhere", "/metrics", "/openapi.json"])
async def test_every_answer_carries_them(settings: Settings, url: str) -> None:
    """Errors too."""
    async with connect(settings) as client:
        response = await client.get(url)

    assert {name: response.headers.get(name) for name in ALWAYS} == ALWAYS


async def test_page_says_itself_what_it_may_load() -> None:
    """A route's own policy is kept, and stands once."""
    page = Response("<html>", headers={"Content-Security-Policy": "default-src 'self'"})
    transport = httpx.ASGITransport(SecurityHeaders(page))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get("/")

    assert response.headers.get_list("content-security-policy") == ["default-src 'self'"]


async def test_other_origins_are_not_let_in(settings: Settings) -> None:
    """By default no page from elsewhere may read an answer."""
    origin = {"origin": "https://elsewhere.example"}
    async with connect(settings) as client:
        simple = await client.get("/models", headers=origin)
        preflight = await client.options(
            "/predict", headers={**origin, "access-control-request-method": "POST"}
        )

    assert "access-control-allow-origin" not in simple.headers
    assert "access-control-allow-origin" not in preflight.headers


async def test_origins_can_be_named(settings: Settings) -> None:
    """Those, and no others; errors can be read by them too."""
    origins = "https://one.example, https://two.example"
    async with connect(settings.model_copy(update={"cors_origins": origins})) as client:
        named = await client.get("/nowhere", headers={"origin": "https://two.example"})
        other = await client.get("/nowhere", headers={"origin": "https://three.example"})

    assert named.headers["access-control-allow-origin"] == "https://two.example"
    exposed = named.headers["access-control-expose-headers"].split(", ")
    assert {"Retry-After", "Inference-Header-Content-Length"} <= set(exposed)
    assert "access-control-allow-origin" not in other.headers

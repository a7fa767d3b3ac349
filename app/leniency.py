"""What is plainly meant is answered: HEAD wherever there is a GET, and a slash behind a path.

RFC 9110, 9.1 has every server answer HEAD; FastAPI's routes answer what they name. For a slash its
router redirects, with the scheme that it is spoken to by: behind a proxy that speaks TLS, a caller
would send picture and key again in the clear. Only of the reference the slash counts.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.routes.page import REFERENCE_WITH_SLASH


class Leniency:
    """A layer right before the router, who is asked what was meant."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"
        # A copy: who sends the answer must know that it is to have no body.
        meant = {**scope}
        if scope["path"] != REFERENCE_WITH_SLASH:
            meant["path"] = scope["path"].removesuffix("/") or "/"
        if is_head:
            meant["method"] = "GET"

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if "body" in message else message)

        try:
            await self._app(meant, receive, send_head if is_head else send)
        finally:
            if "route" in meant:  # for who counts the answers
                scope["route"] = meant["route"]

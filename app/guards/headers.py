"""What browsers are told with every answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Answers are data: a browser that shows one as a page must load and run nothing.

A route whose answer is a page says itself what that page may load.
"""

ENCODED = [(name.lower().encode(), value.encode()) for name, value in ALWAYS.items()]
"""The same, as ASGI has headers."""

_NAMES = frozenset(name for name, _ in ENCODED)


class SecurityHeaders:
    """Adds what an answer does not say itself; the outermost layer, so that none goes without."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                added = ENCODED
                if not said.isdisjoint(_NAMES):
                    added = [header for header in ENCODED if header[0] not in said]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self._app(scope, receive, send_guarded)

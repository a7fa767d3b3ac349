"""Bodies that come compressed, as clients of both protocols can send them."""

import asyncio
import zlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import MalformedBody, UnsupportedEncoding

ENCODINGS = frozenset({b"gzip", b"x-gzip", b"deflate"})
"""Content codings of RFC 9110, 8.4.1; the second is the first's old name."""

EITHER_FORMAT = zlib.MAX_WBITS | 32
"""To zlib: the first bytes say whether it is gzip or its own format, which deflate means."""

CHUNK_BYTES = 1 << 18
"""Inflated at once: a bomb is refused by whoever counts bytes, long before it has gone off."""

MAX_MEMBERS = 10_000
"""Strung together: empty ones are 20 bytes each, cost time, and grow to nothing that is counted."""


class Inflation:
    """Hands a compressed body on as if it had come plain.

    It stands before whatever bounds the bytes in memory or in a body, so that they count what the
    body grows to, piece by piece.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or raise why not."""
        if scope["type"] != "http" or not (encodings := _encodings(scope)):
            await self._app(scope, receive, send)
            return
        if len(encodings) > 1 or encodings[0] not in ENCODINGS:
            raise UnsupportedEncoding("Send the body as it is, or with gzip or deflate.")
        kept = [
            each
            for each in scope["headers"]
            if each[0] not in {b"content-encoding", b"content-length", b"transfer-encoding"}
        ]
        # How long it will be is not known, and that there is one has to be.
        plain = {**scope, "headers": [*kept, (b"transfer-encoding", b"chunked")]}
        await self._app(plain, _Inflated(receive), send)


class _Inflated:
    """What is received, inflated."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._inflate = zlib.decompressobj(EITHER_FORMAT)
        self._members = 1
        self._waiting = b""
        self._is_last = False
        self._is_done = False

    async def __call__(self) -> Message:
        """The next piece, of at most `CHUNK_BYTES`.

        Raises:
            MalformedBody: it is not compressed, or ends too early.
        """
        if self._is_done:
            return await self._receive()  # that the caller has gone
        piece = b""
        while not piece and not self._is_done:
            if not self._waiting and not self._is_last:
                message = await self._receive()
                if message["type"] != "http.request":
                    return message
                self._waiting = message.get("body", b"")
                self._is_last = not message.get("more_body", False)
            piece = self._take()
        if len(piece) == CHUNK_BYTES:
            # More may be here already, and whoever counts it does not wait for anything either.
            await asyncio.sleep(0)
        return {"type": "http.request", "body": piece, "more_body": not self._is_done}

    def _take(self) -> bytes:
        if self._inflate.eof and self._waiting:  # gzip files can be strung together
            self._members += 1
            if self._members > MAX_MEMBERS:
                raise MalformedBody("The compressed body is of too many pieces.")
            self._inflate = zlib.decompressobj(EITHER_FORMAT)
        try:
            piece = self._inflate.decompress(self._waiting, CHUNK_BYTES)
        except zlib.error as error:
            raise MalformedBody("The body is not compressed as it says.") from error
        self._waiting = self._inflate.unconsumed_tail or self._inflate.unused_data
        if self._is_last and not self._waiting and len(piece) < CHUNK_BYTES:
            if not self._inflate.eof:
                raise MalformedBody("The compressed body ends too early.")
            self._is_done = True
        return piece


def _encodings(scope: Scope) -> list[bytes]:
    """All that are named, but for `identity`, which is none."""
    named = [value for name, value in scope["headers"] if name == b"content-encoding"]
    if not named:
        return []
    encodings = [each.strip().lower() for each in b",".join(named).split(b",")]
    return [each for each in encodings if each not in {b"", b"identity"}]

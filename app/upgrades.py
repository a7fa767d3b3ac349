"""An upgrade that a request offers is not made: what follows is read as if there were no offer.

Java's client and `curl --http2` offer one with every request that is not encrypted; a server may
ignore it (RFC 9110, 7.8). The parser knows of no such thing: it stops behind the head, and takes
the body for another protocol.
"""

import asyncio
from collections.abc import Iterable

import httptools

Headers = Iterable[tuple[bytes, bytes]]

FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""Headers that say where a body ends."""


def has_body(headers: Headers) -> bool:
    """Whether a request says where its body ends, though that may be at once."""
    return any(name in FRAMING for name, _ in headers)


def retell(headers: Headers) -> bytes:
    """A head that has a parser expect the same body, and offers nothing; empty if there is none."""
    lines = [name + b": " + value + b"\r\n" for name, value in headers if name in FRAMING]
    return b"".join([b"POST / HTTP/1.1\r\n", *lines, b"\r\n"]) if lines else b""


def make_parser(protocol: asyncio.Protocol) -> httptools.HttpRequestParser:
    """One as uvicorn's, which has read nothing yet."""
    parser = httptools.HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser

"""Who may call: keys in a file, of which only their digests are kept."""

import hashlib
import hmac
import logging
import re
import time
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Unauthorised
from app.guards import is_metrics, is_page, is_probe

logger = logging.getLogger(__name__)

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
"""How a key may be sent, as OpenAPI says it."""

LOOK_SECONDS = 1.0
"""How often the file is looked at for changes."""

_LINE = re.compile(r"([0-9a-f]{64})(\s.*)?", re.ASCII)


class KeysUnreadable(ValueError):
    """The file of keys cannot be read, or a line of it is none."""


class Keys:
    """The digests of the keys in a file.

    A line is the SHA-256 of a key in hexadecimal and whatever name it goes by, as `sha256sum`
    writes it; empty lines and those that begin with # say nothing. A long random key needs no
    slow hash: there is nothing to be guessed.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            KeysUnreadable: which is for the start; later the keys that are known stay.
        """
        self._path = path
        self._seen = self._look()
        self._digests = _read(path)
        self._looked = time.monotonic()

    def is_known(self, key: bytes) -> bool:
        """Whether a key is one of them, in the same time whichever it is, or none."""
        self._keep_up()
        digest = hashlib.sha256(key).hexdigest()
        matches = [hmac.compare_digest(digest, each) for each in self._digests]
        return any(matches)

    def _keep_up(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        seen = self._look()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._digests = _read(self._path)
        except KeysUnreadable:
            logger.exception("the file of keys is wrong: those known before stay")
        else:
            logger.info("keys read", extra={"keys": len(self._digests)})

    def _look(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> list[str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeysUnreadable(f"The file of keys cannot be read: {error}") from error
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    matches = [_LINE.fullmatch(line) for line in wanted]
    if not all(matches):
        raise KeysUnreadable("A line of the file of keys does not begin with a SHA-256.")
    return [match[1] for match in matches if match]


def is_open(path: str, *, metrics_need_key: bool) -> bool:
    """Whether a path is answered without a key."""
    if is_probe(path) or is_page(path):
        return True
    return is_metrics(path) and not metrics_need_key


def describe_keys(document: dict[str, Any], *, metrics_need_key: bool) -> dict[str, Any]:
    """Say in an OpenAPI document which paths want a key, and how it is sent."""
    document["components"]["securitySchemes"] = SCHEMES
    for path, item in document["paths"].items():
        if not is_open(path, metrics_need_key=metrics_need_key):
            for operation in item.values():
                operation["security"] = [{name: []} for name in SCHEMES]
    return document


class KeyGuard:
    """Lets nobody pass without a key, except to ask for health and to open the page."""

    def __init__(self, app: ASGIApp, keys: Keys, *, metrics_need_key: bool) -> None:
        """Wrap an application."""
        self._app = app
        self._keys = keys
        self._metrics_need_key = metrics_need_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or raise that it has no key."""
        if scope["type"] == "http" and not is_open(
            scope["path"], metrics_need_key=self._metrics_need_key
        ):
            key = _presented(scope)
            if key is None:
                raise Unauthorised("Send a key: Authorization: Bearer …, or X-API-Key.")
            if not self._keys.is_known(key):
                raise Unauthorised("The key is not known.")
        await self._app(scope, receive, send)


def _presented(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            return bytes(value)
        if name == b"authorization":
            scheme, _, key = value.partition(b" ")
            if scheme.lower() == b"bearer":
                return bytes(key.strip())
    return None

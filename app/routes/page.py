"""GET / and GET /docs: the page to draw on and the reference, with the files they are made of."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

WEB = Path(__file__).parent.parent / "web"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline: what the page is made of lies in `app/web/`."""


REFERENCE_WITH_SLASH = "/docs/"
"""What it is made of is found beside it, and would be looked for below."""

_NO_WEIGHT = re.compile(r"q=0(\.0*)?")


@dataclass(frozen=True, slots=True)
class _File:
    """One file as it is sent.

    Attributes:
        content: its bytes.
        compressed: the same by gzip; None where that saves nothing.
        headers: those of every answer with it.
    """

    content: bytes
    compressed: bytes | None
    headers: dict[str, str]


def make_router() -> APIRouter:
    """The routes that people open; their files are read here once, some 100 kB in all."""
    router = APIRouter(include_in_schema=False)
    files = {path.name: _read(path) for path in WEB.iterdir() if path.is_file()}

    @router.get("/")
    async def page(request: Request) -> Response:
        return _answer(request, files["index.html"])

    @router.get("/docs")
    async def reference(request: Request) -> Response:
        return _answer(request, files["docs.html"])

    @router.get(REFERENCE_WITH_SLASH)
    async def reference_beside() -> Response:
        # Relative, so that neither the scheme nor what a proxy puts in front need be known.
        return RedirectResponse("../docs", HTTPStatus.PERMANENT_REDIRECT)

    @router.get("/web/{name}")
    async def file(request: Request, name: str) -> Response:
        if name not in files:
            raise HTTPException(404)
        return _answer(request, files[name])

    return router


def _read(path: Path) -> _File:
    content = path.read_bytes()
    compressed = gzip.compress(content, mtime=0)
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    headers = {
        "Content-Type": media_type + charset,
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        # Kept, but asked about each time: a new version of the service is seen at once.
        "Cache-Control": "no-cache",
        # Weak: it is the same whether the file is sent compressed or not (RFC 9110, 8.8.3).
        "ETag": f'W/"{hashlib.sha256(content).hexdigest()[:16]}"',
        "Vary": "Accept-Encoding",
    }
    return _File(content, compressed if len(compressed) < len(content) else None, headers)


def _answer(request: Request, file: _File) -> Response:
    if _is_known(request.headers.get("if-none-match", ""), file.headers["ETag"]):
        return Response(status_code=304, headers=file.headers)
    if file.compressed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(file.compressed, headers={**file.headers, "Content-Encoding": "gzip"})
    return Response(file.content, headers=file.headers)


def _is_known(known: str, etag: str) -> bool:
    """Whether a caller has a file already, weak or strong however it says so (RFC 9110, 13.1.2)."""
    tags = {each.strip().removeprefix("W/") for each in known.split(",")}
    return not tags.isdisjoint({"*", etag.removeprefix("W/")})


def _takes_gzip(accepted: str) -> bool:
    """Whether gzip is named, and not with a weight of nothing (RFC 9110, 12.5.3)."""
    named = [each.partition(";") for each in accepted.lower().replace(" ", "").split(",")]
    return any(name == "gzip" and not _NO_WEIGHT.fullmatch(weight) for name, _, weight in named)

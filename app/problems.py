"""Errors as RFC 9457 problem documents."""

import json
import math
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from app import logs
from app.errors import ServiceError, Unavailable, UnsupportedEncoding

MEDIA_TYPE = "application/problem+json"


def problem(error: ServiceError) -> Response:
    """The answer to an error of ours."""
    headers = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, UnsupportedEncoding):
        headers["Accept-Encoding"] = "gzip, deflate"  # as RFC 9110, 15.5.16 asks
    if error.status == HTTPStatus.REQUEST_TIMEOUT:
        headers["Connection"] = "close"  # the rest of this request is not waited for
    if isinstance(error, Unavailable) and error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        seconds = max(1, math.ceil(error.retry_after_seconds or 1))
        headers["Retry-After"] = str(seconds)
    return respond(error.status, error.title, error.code, str(error), headers)


def internal_problem() -> Response:
    """The answer to what nobody foresaw; it says nothing of what that was."""
    return problem(ServiceError("Something went wrong here. The log knows it by the request_id."))


def http_problem(status: int, headers: dict[str, str] | None = None) -> Response:
    """The answer to what the framework refuses, such as a path that is not there."""
    phrase = HTTPStatus(status)
    code = phrase.name.lower()
    return respond(status, phrase.phrase, code, phrase.description or phrase.phrase, headers)


def describe(error: ServiceError) -> dict[str, Any]:
    """An error as an object inside of an answer."""
    return _members(error.status, error.title, error.code, str(error))


def respond(
    status: int, title: str, code: str, detail: str, headers: dict[str, str] | None = None
) -> Response:
    """A problem document, which is also the whole answer."""
    body = {**_members(status, title, code, detail), "request_id": logs.request_id.get()}
    return Response(json.dumps(body), status, headers, MEDIA_TYPE)


def _members(status: int, title: str, code: str, detail: str) -> dict[str, Any]:
    """The type is `about:blank`, as RFC 9457 asks where the others say all there is to know."""
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }

"""An error in the form that its path speaks: a problem document, or a protocol's own."""

import json
from http import HTTPStatus

from starlette.responses import Response

from app import problems
from app.errors import ServiceError

TENSORFLOW_SERVING, OPEN_INFERENCE = "v1", "v2"


def refuse(error: ServiceError, path: str) -> Response:
    """The answer to an error of ours."""
    return _translate(problems.problem(error), str(error), path)


def refuse_unforeseen(path: str) -> Response:
    """The answer to what nobody foresaw; it says nothing of what that was."""
    return _translate(problems.internal_problem(), "Something went wrong here.", path)


def refuse_http(
    status: int, headers: dict[str, str] | None, path: str, method: str = "GET"
) -> Response:
    """The answer to what the framework refuses, such as a method that is not there."""
    phrase = HTTPStatus(status)
    text = phrase.description or phrase.phrase
    if _family(path) == TENSORFLOW_SERVING:
        text = f"Malformed request: {method} {path}"
        # To TensorFlow Serving a path that it does not have is an invalid argument.
        status = HTTPStatus.BAD_REQUEST if status == HTTPStatus.NOT_FOUND else status
    return _translate(problems.http_problem(status, headers), text, path)


def _family(path: str) -> str:
    return path.split("/")[1] if "/" in path else ""


def _translate(answer: Response, text: str, path: str) -> Response:
    """Both protocols say `{"error": text}`; the older one knows no 422."""
    family = _family(path)
    if family not in {TENSORFLOW_SERVING, OPEN_INFERENCE}:
        return answer
    status = answer.status_code
    if family == TENSORFLOW_SERVING and status == HTTPStatus.UNPROCESSABLE_ENTITY:
        status = HTTPStatus.BAD_REQUEST
    headers = {
        name: value for name, value in answer.headers.items() if not name.startswith("content-")
    }
    return Response(json.dumps({"error": text}), status, headers, "application/json")

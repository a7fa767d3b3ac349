"""TensorFlow Serving's REST API under /v1."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from app.classifier import Classifier
from app.contract import SIGNATURE
from app.errors import MalformedBody, UnknownModel, VersionNotFound
from app.lifecycle import Lifecycle
from app.protocols import tensorflow_serving as protocol
from app.registry import VersionStatus
from app.routes.naming import Names, describe_path
from app.routes.scoring import bound, score, understand
from app.schemas import EXAMPLE_PICTURE, describe_plain_errors
from app.settings import Settings

ERRORS = describe_plain_errors(
    {
        400: "Malformed, or nothing that the model takes.",
        401: "A key is needed.",
        404: "No such model or version.",
        408: "The body came too slowly.",
        413: "Too many bytes, pixels, pictures or rows.",
        415: "A content encoding other than gzip and deflate.",
        503: "Not now; `Retry-After` says when.",
        504: "The digits could not be computed in time.",
    }
)
LOOKED_UP: dict[int | str, dict[str, Any]] = {
    status: ERRORS[status] for status in (400, 401, 404, 415, 503)
}
"""Where no body is read and nothing computed."""

MODEL = "/models/{name}"
PATHS = (MODEL, f"{MODEL}/versions/{{version}}", f"{MODEL}/labels/{{label}}")

DIGIT = {
    "type": "array",
    "minItems": 28,
    "maxItems": 28,
    "items": {
        "type": "array",
        "minItems": 28,
        "maxItems": 28,
        "items": {"type": "integer", "minimum": 0, "maximum": 255},
    },
}
PICTURE = {
    "type": "object",
    "required": ["b64"],
    "additionalProperties": False,
    "properties": {"b64": {"type": "string", "format": "byte"}},
}
EXAMPLE = {
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {"image": PICTURE},
}


def _take(**items: dict[str, Any]) -> dict[str, Any]:
    """A body that holds a list under one of these keys, of what belongs to it."""
    forms = [
        {
            "type": "object",
            "required": [key],
            "additionalProperties": False,
            "properties": {
                "signature_name": {"const": SIGNATURE},
                key: {"type": "array", "minItems": 1, **of},
            },
        }
        for key, of in items.items()
    ]
    example = {"instances": [{"b64": EXAMPLE_PICTURE}]}
    content = {"application/json": {"schema": {"anyOf": forms}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


TENSOR = {"anyOf": [{"items": DIGIT}, {"items": PICTURE}]}
TO_PREDICT = _take(instances=TENSOR, inputs=TENSOR)
TO_CLASSIFY = _take(instances=TENSOR, inputs=TENSOR, examples={"items": EXAMPLE})


def make_router(settings: Settings, lifecycle: Lifecycle) -> APIRouter:
    """The routes of the API."""
    router = APIRouter(prefix="/v1", tags=["TensorFlow Serving"])
    names, bounds = Names(settings, lifecycle), bound(settings)

    async def predict(request: Request) -> Response:
        """Read `instances` (rows) or `inputs` (columns): digits, or pictures as `{"b64": …}`."""
        classifier = _find(names, request)
        question = await understand(
            request,
            classifier,
            settings.max_batch_bytes,
            lambda body: protocol.parse_predict(body, bounds),
        )
        logits = await score(request, classifier, question.subject)
        return _answer(protocol.encode_predict(question, logits))

    async def classify(request: Request) -> Response:
        """Each digit with its probability, of `examples`, `instances` or `inputs`."""
        classifier = _find(names, request)
        subject = await understand(
            request,
            classifier,
            settings.max_batch_bytes,
            lambda body: protocol.parse_classify(body, bounds),
        )
        return _answer(protocol.encode_classify(await score(request, classifier, subject)))

    async def status(request: Request) -> Response:
        """The state of each version, or of the one that is named."""
        with _translated(request):
            found = _list_versions(lifecycle, names.find_number(request))
        return _answer(protocol.encode_status(found))

    async def metadata(request: Request) -> Response:
        """What the model's signature takes and gives."""
        return _answer(protocol.encode_metadata(_find(names, request).model))

    for path in PATHS:
        extra = describe_path(path)
        for action, take in ((predict, TO_PREDICT), (classify, TO_CLASSIFY)):
            post = router.post(
                f"{path}:{action.__name__}", responses=ERRORS, openapi_extra=take | extra
            )
            post(action)
        router.get(f"{path}/metadata", responses=LOOKED_UP, openapi_extra=extra)(metadata)
        router.get(path, responses=LOOKED_UP, openapi_extra=extra)(status)

    @router.get("/models", include_in_schema=False)
    async def no_model() -> None:
        raise MalformedBody("Missing model name in request.")

    return router


def _list_versions(lifecycle: Lifecycle, number: int | None) -> list[VersionStatus]:
    """All that are wanted, or the one of this number.

    Raises:
        VersionNotFound: there is none.
        Unavailable: the folder of models has not been looked at yet, or never will be.
    """
    known = [each for each in lifecycle.registry.versions() if each.state != "idle"]
    found = [each for each in known if number in {None, each.number}]
    if not found:
        lifecycle.find(number)  # which knows why
    return found


@contextmanager
def _translated(request: Request) -> Iterator[None]:
    """What is not there, in this API's words.

    Raises:
        MalformedBody: a version that is no number, or an unknown label.
        UnknownModel: there is no such model, or no such version of it.
    """
    named = request.path_params
    if not named.get("version", "0").isdecimal():
        raise _malformed(request)
    try:
        yield
    except (UnknownModel, VersionNotFound) as error:
        if "label" in named:
            text = f"Unrecognized servable version label: {named['label']}"
            raise MalformedBody(text) from error
        raise UnknownModel(_describe_missing(request)) from error


def _find(names: Names, request: Request) -> Classifier:
    with _translated(request):
        return names.find(request)


def _describe_missing(request: Request) -> str:
    name, version = request.path_params["name"], request.path_params.get("version")
    if request.method == "GET" and not request.url.path.endswith("/metadata"):
        missing = "any versions" if version is None else f"version {version}"
        return f"Could not find {missing} of model {name}"
    wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
    return f"Servable not found for request: {wanted}"


def _malformed(request: Request) -> MalformedBody:
    return MalformedBody(f"Malformed request: {request.method} {request.url.path}")


def _answer(body: bytes) -> Response:
    return Response(body, HTTPStatus.OK, media_type="application/json")

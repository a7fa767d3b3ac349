"""TensorFlow Serving's REST API under /v1."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from app.classifier import Classifier
from app.errors import MalformedBody, UnknownModel
from app.lifecycle import Lifecycle
from app.protocols import tensorflow_serving as protocol
from app.routes.models import describe_path, find_classifier
from app.routes.scoring import bound, score, understand
from app.schemas import PlainError
from app.settings import Settings

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": PlainError, "description": text}
    for status, text in {
        400: "Malformed, or nothing that the model takes.",
        404: "No such model or version.",
        413: "Too many bytes, pixels, pictures or rows.",
        503: "Not now; `Retry-After` says when.",
        504: "The digits could not be computed in time.",
    }.items()
}

MODEL = "/models/{name}"
PATHS = (MODEL, f"{MODEL}/versions/{{version}}", f"{MODEL}/labels/{{label}}")

ROW = {"type": "object", "properties": {"b64": {"type": "string", "format": "byte"}}}
REQUEST = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["instances"],
                    "properties": {"instances": {"type": "array", "minItems": 1, "items": ROW}},
                },
                "example": {"instances": [{"b64": "iVBORw0…"}]},
            }
        },
    }
}


def make_router(settings: Settings, lifecycle: Lifecycle) -> APIRouter:
    """The routes of the API; whatever else lies under /v1 is a malformed request."""
    router = APIRouter(prefix="/v1", tags=["tensorflow serving"])
    bounds = bound(settings)

    async def predict(request: Request) -> Response:
        """Read `instances` (rows) or `inputs` (columns): digits, or pictures as `{"b64": …}`."""
        classifier = _find(lifecycle, request)
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
        classifier = _find(lifecycle, request)
        subject = await understand(
            request,
            classifier,
            settings.max_batch_bytes,
            lambda body: protocol.parse_classify(body, bounds),
        )
        return _answer(protocol.encode_classify(await score(request, classifier, subject)))

    async def status(request: Request) -> Response:
        """The state of each version, or of the one that is named."""
        return _answer(protocol.encode_status([_find(lifecycle, request).model.version]))

    async def metadata(request: Request) -> Response:
        """What the model's signature takes and gives."""
        return _answer(protocol.encode_metadata(_find(lifecycle, request).model))

    for path in PATHS:
        extra = describe_path(path)
        router.post(f"{path}:predict", responses=ERRORS, openapi_extra=REQUEST | extra)(predict)
        router.post(f"{path}:classify", responses=ERRORS, openapi_extra=REQUEST | extra)(classify)
        router.get(f"{path}/metadata", responses=ERRORS, openapi_extra=extra)(metadata)
        router.get(path, responses=ERRORS, openapi_extra=extra)(status)

    @router.get("/models", include_in_schema=False)
    async def no_model() -> None:
        raise MalformedBody("Missing model name in request.")

    @router.api_route(
        "/{rest:path}",
        methods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
        include_in_schema=False,
    )
    async def anything_else(request: Request) -> None:
        raise _malformed(request)

    return router


def _find(lifecycle: Lifecycle, request: Request) -> Classifier:
    """The classifier that a path means, or the error in this API's words.

    Raises:
        MalformedBody: a version that is no number, or an unknown label.
        UnknownModel: there is no such model, or no such version of it.
        Unavailable: it is being loaded, or the process is stopping.
    """
    named = request.path_params
    if not named.get("version", "0").isdecimal():
        raise _malformed(request)
    try:
        return find_classifier(lifecycle, request)
    except UnknownModel as error:
        if "label" in named:
            text = f"Unrecognized servable version label: {named['label']}"
            raise MalformedBody(text) from error
        raise UnknownModel(_describe_missing(request)) from error


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

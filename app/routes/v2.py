"""The Open Inference Protocol under /v2."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from app import VERSION
from app.errors import Draining
from app.lifecycle import Lifecycle
from app.protocols import open_inference as protocol
from app.protocols.inference_answers import encode
from app.protocols.tensors import NUMERIC
from app.routes.naming import Names, describe_path
from app.routes.scoring import bound, score, understand
from app.schemas import (
    EXAMPLE_PICTURE,
    InferenceAnswer,
    ModelDescription,
    ServerDescription,
    TensorDescription,
    describe_plain_errors,
)
from app.settings import Settings

ERRORS = describe_plain_errors(
    {
        400: "Malformed, or not a tensor that the model takes.",
        401: "A key is needed.",
        404: "No such model or version.",
        408: "The body came too slowly.",
        413: "Too many bytes, pixels, pictures or rows.",
        415: "A content encoding other than gzip and deflate.",
        422: "Nothing that can be read in a picture.",
        503: "Not now; `Retry-After` says when.",
        504: "The digits could not be computed in time.",
    }
)
LOOKED_UP: dict[int | str, dict[str, Any]] = {
    status: ERRORS[status] for status in (401, 404, 415, 503)
}
"""Where no body is read and nothing computed."""

PLATFORMS = {"litert": "litert_tflite", "tensorflow": "tensorflow_savedmodel"}

TENSOR = {
    "type": "object",
    "required": ["name", "datatype", "shape", "data"],
    "properties": {
        "name": {"enum": [each["name"] for each in protocol.INPUTS]},
        "datatype": {"enum": [*NUMERIC, "BYTES"]},
        "shape": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "integer"}},
        "data": {"type": "array", "minItems": 1},
    },
}
REQUEST = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["inputs"],
                    "properties": {
                        "id": {"type": "string"},
                        "inputs": {"type": "array", "minItems": 1, "maxItems": 1, "items": TENSOR},
                        "outputs": {
                            "type": "array",
                            "uniqueItems": True,
                            "items": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "name": {"enum": [each["name"] for each in protocol.OUTPUTS]}
                                },
                            },
                        },
                    },
                },
                "example": {
                    "id": "42",
                    "inputs": [
                        {
                            "name": "image",
                            "datatype": "BYTES",
                            "shape": [1],
                            "data": [EXAMPLE_PICTURE],
                        }
                    ],
                    "outputs": [{"name": "probabilities"}],
                },
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The tensors of the outputs."}
}


def make_router(settings: Settings, lifecycle: Lifecycle) -> APIRouter:
    """The routes of the protocol."""
    router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])
    names, bounds = Names(settings, lifecycle), bound(settings)

    @router.get("", responses={401: ERRORS[401]})
    async def describe_server() -> ServerDescription:
        """Which server this is, and which extensions it speaks."""
        return ServerDescription(
            name="alexnet-digits", version=VERSION, extensions=list(protocol.EXTENSIONS)
        )

    @router.get("/health/live")
    async def live() -> dict[str, bool]:
        """Whether the process answers, whatever the model does."""
        return {"live": True}

    @router.get("/health/ready", responses={503: {"description": "Starting or draining."}})
    async def ready(response: Response) -> dict[str, bool]:
        """Whether every model can be asked."""
        is_ready = lifecycle.status == "ready"
        response.status_code = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return {"ready": is_ready}

    async def describe_model(request: Request) -> ModelDescription:
        """What the model takes and gives."""
        model = names.find(request).model
        return ModelDescription(
            name=model.name,
            versions=[
                str(each.number)
                for each in lifecycle.registry.versions()
                if each.state == "available"
            ],
            platform=PLATFORMS[model.engine],
            inputs=[TensorDescription(**each) for each in protocol.INPUTS],
            outputs=[TensorDescription(**each) for each in protocol.OUTPUTS],
        )

    async def model_ready(request: Request) -> dict[str, str | bool]:
        """Whether the model can be asked."""
        model = names.find(request).model
        if lifecycle.status == "draining":
            raise Draining("The service is shutting down.")
        return {"name": model.name, "ready": True}

    async def infer(request: Request) -> Response:
        """Read digits: as tensors in `images`, or as encoded pictures in `image`."""
        classifier = names.find(request)
        header_length = request.headers.get(protocol.HEADER_LENGTH)
        question = await understand(
            request,
            classifier,
            settings.max_batch_bytes,
            lambda body: protocol.parse(body, header_length, bounds),
        )
        logits = await score(request, classifier, question.subject)
        return _answer(*encode(question, classifier.model, logits))

    for path in ("/models/{name}", "/models/{name}/versions/{version}"):
        extra = describe_path(path)
        router.get(path, responses=LOOKED_UP, openapi_extra=extra)(describe_model)
        router.get(f"{path}/ready", responses=LOOKED_UP, openapi_extra=extra)(model_ready)
        router.post(
            f"{path}/infer",
            response_model=InferenceAnswer,
            responses=BINARY | ERRORS,
            openapi_extra=REQUEST | extra,
        )(infer)
    return router


def _answer(body: bytes, json_bytes: int | None) -> Response:
    if json_bytes is None:
        return Response(body, media_type="application/json")
    headers = {protocol.HEADER_LENGTH: str(json_bytes)}
    return Response(body, headers=headers, media_type="application/octet-stream")

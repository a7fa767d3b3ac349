"""POST /predict and POST /predict/batch."""

from base64 import b64encode
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from pydantic_core import to_json

from app.answers import describe_item, describe_number, describe_prediction
from app.classifier import Classifier
from app.errors import InvalidParameter, too_large
from app.imaging import View, draw_digit, draw_heatmap
from app.lifecycle import Lifecycle
from app.predictions import Prediction
from app.routes.callers import unless_gone
from app.routes.uploads import IMAGE_TYPES, read_upload, read_uploads
from app.schemas import BatchAnswer, ExplainedAnswer, NumberAnswer, describe_problems
from app.settings import Settings

PROBLEMS = describe_problems(
    {
        400: "The body is empty or malformed, or a header is.",
        401: "A key is needed.",
        408: "The body came too slowly.",
        413: "Too many bytes, pixels or files.",
        415: "Neither a form nor an image, or compressed otherwise than by gzip or deflate.",
        422: "No file in the field, nothing that can be read in it, or a wrong parameter.",
        503: "Not now; `Retry-After` says when.",
        504: "The digit could not be computed in time.",
    }
)

NO_FORM = describe_problems({415: "No form, or compressed otherwise than by gzip or deflate."})

BINARY = {"type": "string", "format": "binary"}


def _form(field: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A form with one field, as OpenAPI describes a body by its media type."""
    properties = {"type": "object", "required": [field], "properties": {field: schema}}
    return {"multipart/form-data": {"schema": properties}}


INCLUDE = ("image", "heatmap")
EXPLANATION = "explanation"
"""Answered besides with `explain=true`."""

ONE_IMAGE = {
    "requestBody": {
        "required": True,
        "content": {
            **_form("file", {**BINARY, "description": "One image."}),
            **{media_type: {"schema": BINARY} for media_type in sorted(IMAGE_TYPES)},
        },
    },
}

EXPLAINED_IMAGE = {
    **ONE_IMAGE,
    "parameters": [
        {
            "name": "include",
            "in": "query",
            "description": (
                "What to answer besides: `image`, the 28×28 pixels the model saw; `heatmap`, how "
                "much each of them speaks for the digit, at the cost of up to 65 digits more."
            ),
            "schema": {"type": "array", "items": {"type": "string", "enum": list(INCLUDE)}},
            "style": "form",
            "explode": False,
        },
        {
            "name": "explain",
            "in": "query",
            "description": (
                "Whether to answer an `explanation`: what was found in the picture, and pictures "
                "of what the model saw and of which ink decided."
            ),
            "schema": {"type": "boolean", "default": False},
        },
    ],
}

MANY_IMAGES = {
    "requestBody": {
        "required": True,
        "content": _form("files", {"type": "array", "items": BINARY, "minItems": 1}),
    }
}


def make_router(settings: Settings, lifecycle: Lifecycle) -> APIRouter:
    """The routes that read digits."""
    router = APIRouter(tags=["Predict"], responses=PROBLEMS)

    @router.post("/predict", response_model=ExplainedAnswer, openapi_extra=EXPLAINED_IMAGE)
    async def predict(request: Request) -> Response:
        """Read the digit of one image.

        Send it as the form field `file`, or as the body itself with its own content type.

        `curl -F file=@samples/seven.png http://127.0.0.1:8000/predict`
        """
        classifier = lifecycle.classifier
        include = _read_include(request)
        upload = await read_upload(
            request,
            classifier.run_aside,
            max_bytes=settings.max_upload_bytes,
            max_parts=settings.max_form_parts,
        )
        if include:
            explained = await unless_gone(request, _explain(classifier, upload, include))
            return _answer(explained)
        work = classifier.classify(upload)
        # Under light load the answer is there before a caller can go, and watching costs time.
        prediction = await (unless_gone(request, work) if classifier.is_backlogged else work)
        return _answer(describe_prediction(prediction, classifier.model))

    @router.post(
        "/predict/batch",
        response_model=BatchAnswer,
        responses=NO_FORM,
        openapi_extra=MANY_IMAGES,
    )
    async def predict_batch(request: Request) -> Response:
        """Read the digits of several images, answered in the order they were sent.

        An image that cannot be read yields an `error` in its place and harms no other.

        `curl -F files=@samples/seven.png -F files=@samples/two.png 127.0.0.1:8000/predict/batch`
        """
        classifier = lifecycle.classifier
        uploads = await read_uploads(
            request,
            classifier.run_aside,
            max_bytes=settings.max_batch_bytes,
            max_files=settings.max_batch_files,
            max_parts=settings.max_form_parts,
        )
        most = settings.max_upload_bytes
        bounded = [each if len(each) <= most else too_large("The file", most) for each in uploads]
        answers = await unless_gone(request, classifier.classify_many(bounded))
        model = classifier.model
        return _answer({"predictions": [describe_item(answer, model) for answer in answers]})

    @router.post("/read", response_model=NumberAnswer, openapi_extra=ONE_IMAGE)
    async def read(request: Request) -> Response:
        """Read a whole number: every digit of one image, line by line and from left to right.

        Digits that touch are split if each part then reads well; if not, they are answered as one
        that is not accepted, `several_digits`.

        `curl -F file=@samples/number.png http://127.0.0.1:8000/read`
        """
        classifier = lifecycle.classifier
        upload = await read_upload(
            request,
            classifier.run_aside,
            max_bytes=settings.max_upload_bytes,
            max_parts=settings.max_form_parts,
        )
        digits = await unless_gone(request, classifier.read(upload))
        return _answer(describe_number(digits, classifier.model))

    return router


def _read_include(request: Request) -> set[str]:
    """What the query asks for besides; read by hand, which costs the other requests nothing.

    Raises:
        InvalidParameter: it asks for what there is not.
    """
    if not request.scope["query_string"]:
        return set()
    named = ",".join(request.query_params.getlist("include"))
    include = {name for name in named.split(",") if name}
    unknown = include.difference(INCLUDE)
    if unknown:
        raise InvalidParameter(
            f"`include` takes {' and '.join(INCLUDE)}, not {min(unknown)[:40]!r}."
        )
    return include | {EXPLANATION} if _wants_explanation(request) else include


def _wants_explanation(request: Request) -> bool:
    """Whether the query asks for an explanation.

    Raises:
        InvalidParameter: it says neither yes nor no.
    """
    wanted = request.query_params.get("explain", "false").lower()
    if wanted not in {"true", "false", "1", "0"}:
        raise InvalidParameter(f"`explain` takes true and false, not {wanted[:40]!r}.")
    return wanted in {"true", "1"}


def _to_url(png: bytes) -> str:
    return "data:image/png;base64," + b64encode(png).decode()


async def _explain(classifier: Classifier, upload: bytes, include: set[str]) -> dict[str, Any]:
    prediction, found = await classifier.classify_in_view(upload)
    answer = describe_prediction(prediction, classifier.model)
    if "image" in include:
        answer["image"] = prediction.image.tolist()
    if include == {"image"}:
        return answer
    heat = await classifier.explain(prediction)
    if "heatmap" in include:
        answer["heatmap"] = np.round(heat.astype(np.float64), 3).tolist()
    if EXPLANATION in include:
        answer[EXPLANATION] = _describe_view(prediction, found, heat)
    return answer


def _describe_view(
    prediction: Prediction, found: View, heat: NDArray[np.float32]
) -> dict[str, Any]:
    return {
        "image": _to_url(draw_digit(prediction.image)),
        "heatmap": _to_url(draw_heatmap(prediction.image, heat)),
        "box": found.box,
        "polarity": found.polarity,
        "rotation_degrees": found.picture.rotation_degrees,
        "stroke_width_pixels": round(found.stroke_width_pixels, 2),
        "ink_fraction": round(found.seen.ink_fraction, 4),
        "warnings": prediction.warnings,
    }


def _answer(content: dict[str, Any]) -> Response:
    return Response(to_json(content), media_type="application/json")

"""What answers look like: the service's own description of them, for /docs and clients.

Answers are written from plain values, not validated again; a test holds them against these.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from app.predictions import Notice, Reason

EXAMPLE_PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAABwAAAAcAQAAAABaduI5AAAAMElEQVR42mNgwA/+f2BgYmDgYGCC8gvgrAcQFhMDI5"
    "zFwMDAxMB0AKaEHS4GY+EHALbuBRHIRObsAAAAAElFTkSuQmCC"
)
"""A 7 of 28×28 pixels, as a PNG in base64, to be tried."""


class ModelReference(BaseModel):
    """Which model answered."""

    name: str = Field(examples=["alexnet"])
    version: str = Field(examples=["1"])


class PredictionAnswer(BaseModel):
    """What one image was read as."""

    digit: int = Field(ge=0, le=9, examples=[7])
    confidence: float = Field(ge=0, le=1, examples=[0.9987])
    probabilities: list[float] = Field(min_length=10, max_length=10)
    accepted: bool = Field(description="Whether the reading can be relied on.")
    reason: Reason | None = Field(description="Why it cannot, if so.")
    warnings: list[Notice] = Field(description="What may have made the digit hard to read.")
    model: ModelReference


class NumberDigit(BaseModel):
    """One digit of a number."""

    digit: int = Field(ge=0, le=9, examples=[9])
    confidence: float = Field(ge=0, le=1, examples=[0.9987])
    accepted: bool = Field(description="Whether the reading can be relied on.")
    reason: Reason | None = Field(
        description="Why it cannot, if so; `several_digits`: they touch and were not told apart."
    )
    box: tuple[int, int, int, int] = Field(
        description="Left, top, width and height in the upright picture's own pixels.",
        examples=[(12, 30, 41, 66)],
    )


class NumberAnswer(BaseModel):
    """What the digits of one image were read as, line by line and from left to right."""

    text: str = Field(examples=["90210"])
    accepted: bool = Field(description="Whether every digit is.")
    digits: list[NumberDigit]
    model: ModelReference


class Explanation(BaseModel):
    """What was found in a picture, and what decided."""

    image: str = Field(description="The 28×28 pixels the model saw: a PNG as a data URL.")
    heatmap: str = Field(
        description="The ink that spoke for the digit in red, against it in blue: a PNG likewise."
    )
    box: tuple[int, int, int, int] = Field(
        description="Of the ink: left, top, width and height in the upright picture's own pixels."
    )
    polarity: Literal["dark_on_light", "light_on_dark"]
    rotation_degrees: Literal[0, 90, 180, 270] = Field(
        description="By how much the picture was turned clockwise, as its EXIF asked."
    )
    stroke_width_pixels: float = Field(description="The strokes' mean width in those pixels.")
    ink_fraction: float = Field(ge=0, le=1, description="What share of the box is ink.")
    warnings: list[Notice] = Field(description="What may have made the digit hard to read.")


class ExplainedAnswer(PredictionAnswer):
    """What one image was read as, and what was asked for besides with `include` or `explain`."""

    explanation: Explanation | None = Field(default=None, description="With `explain=true`.")
    image: list[list[int]] = Field(
        default_factory=list,
        description="What the model saw: 28 rows of 28 pixels, 0 paper, 255 ink.",
    )
    heatmap: list[list[float]] = Field(
        default_factory=list,
        description=(
            "How much each of those pixels speaks for the digit: by how many nats its log-odds "
            "fall when the ink around is erased; below 0, the ink speaks against it."
        ),
    )


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Blank image"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["There is no ink in the picture."])
    code: str = Field(examples=["blank_image"])
    request_id: str | None = None


def describe_problems(texts: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Errors for a route's `responses`, from what each status means there."""
    content: dict[str, Any] = {"application/problem+json": {}}
    return {
        status: {"model": Problem, "content": content, "description": text}
        for status, text in texts.items()
    }


class BatchItemError(BaseModel):
    """Stands where one of several images could not be read."""

    error: Problem


class BatchAnswer(BaseModel):
    """What several images were read as, in the order they were sent."""

    predictions: list[PredictionAnswer | BatchItemError]


class ServedModel(ModelReference):
    """The model that is served, and what runs it."""

    engine: Literal["litert", "tensorflow"]
    sha256: str = Field(description="Of the version's manifest.")


class ModelVersion(BaseModel):
    """One version of the model and what became of it."""

    version: str = Field(examples=["1"])
    state: Literal["idle", "loading", "available", "failed"] = Field(
        description="Idle: it is there and not loaded, because a higher one is served."
    )
    reason: str | None = Field(
        description="Why it failed; if it is available, why what lies in its place now is refused."
    )
    served: bool = Field(description="Whether it answers where no version is named.")
    engine: Literal["litert", "tensorflow"] | None = None
    sha256: str | None = Field(default=None, description="Of the version's manifest.")


class ModelVersions(BaseModel):
    """Every version there is, highest first."""

    name: str = Field(examples=["alexnet"])
    versions: list[ModelVersion]


class Health(BaseModel):
    """Whether predictions are to be had."""

    status: Literal["starting", "ready", "draining"]
    model: ServedModel | None = Field(description="None while starting.")
    uptime_seconds: float


class Liveness(BaseModel):
    """That the process answers."""

    status: Literal["live"] = "live"


class PlainError(BaseModel):
    """An error, as the protocols of other servers have it."""

    error: str = Field(examples=["Input `images` has the shape [-1, 28, 28], not [28, 28]."])


def describe_plain_errors(texts: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """As `describe_problems`, for the protocols whose errors are a line."""
    return {status: {"model": PlainError, "description": text} for status, text in texts.items()}


class ServerDescription(BaseModel):
    """Which server this is."""

    name: str
    version: str
    extensions: list[str]


class TensorDescription(BaseModel):
    """A tensor that the model takes or gives; −1 is a dimension that is free."""

    name: str
    datatype: str
    shape: list[int]


class ModelDescription(BaseModel):
    """What the model takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorDescription]
    outputs: list[TensorDescription]


class OutputTensor(TensorDescription):
    """An output; its data is in place, or follows the JSON as `binary_data_size` bytes."""

    parameters: dict[str, int] | None = None
    data: list[float | str] | None = None


class InferenceAnswer(BaseModel):
    """What an inference gave."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[OutputTensor]

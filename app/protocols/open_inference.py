"""Requests of the Open Inference Protocol, version 2, with two of its extensions.

Specified by kserve/open-inference-protocol (inference_rest.md); the extensions by Triton's
extension_binary_data.md and extension_classification.md.
"""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import InvalidTensor, MalformedBody
from app.protocols.subjects import Bounds, Subject, to_digits
from app.protocols.tensors import (
    DIGIT,
    NUMERIC,
    decode_base64,
    narrow,
    numbers_from_bytes,
    parse_json,
    split_bytes,
    to_pixels,
    unnest,
)

EXTENSIONS = ("binary_tensor_data", "classification")
HEADER_LENGTH = "Inference-Header-Content-Length"

IMAGES, IMAGE = "images", "image"
CLASSES = 10


class TensorForm(TypedDict):
    """What a tensor looks like; −1 is a dimension that is free."""

    name: str
    datatype: str
    shape: list[int]


INPUTS: tuple[TensorForm, ...] = (
    {"name": IMAGES, "datatype": "UINT8", "shape": [-1, *DIGIT]},
    {"name": IMAGE, "datatype": "BYTES", "shape": [-1]},
)
"""Either is enough: digits as the model takes them, or pictures of digits."""

OUTPUTS: tuple[TensorForm, ...] = (
    {"name": "probabilities", "datatype": "FP32", "shape": [-1, CLASSES]},
    {"name": "logits", "datatype": "FP32", "shape": [-1, CLASSES]},
)

_LENGTH = re.compile(r"[0-9]{1,20}")

Size = Annotated[int, Field(ge=0)]


class _Object(BaseModel):
    """An object of the protocol; what it does not know in one, it leaves alone."""

    model_config = ConfigDict(strict=True, frozen=True)


class TensorParameters(_Object):
    """What the extensions say of one tensor."""

    binary_data_size: Size | None = None
    binary_data: bool | None = None
    classification: Annotated[int, Field(ge=0)] = 0


class RequestInput(_Object):
    """One input tensor."""

    name: str
    shape: list[Size]
    datatype: str
    parameters: TensorParameters = TensorParameters()
    data: list[Any] | None = None


class RequestOutput(_Object):
    """One output that is asked for."""

    name: str
    parameters: TensorParameters = TensorParameters()


class RequestParameters(_Object):
    """What the extensions say of a request."""

    binary_data_output: bool = False


class InferenceRequest(_Object):
    """The JSON of a request."""

    id: str | None = None
    parameters: RequestParameters = RequestParameters()
    inputs: Annotated[list[RequestInput], Field(min_length=1)]
    outputs: list[RequestOutput] = []


@dataclass(frozen=True, slots=True)
class Wanted:
    """An output to be given.

    Attributes:
        name: probabilities or logits.
        is_binary: whether its bytes follow the JSON.
        classes: how many of the highest, as text; 0 for the tensor itself.
    """

    name: str
    is_binary: bool
    classes: int


@dataclass(frozen=True, slots=True)
class Question:
    """A request that was understood."""

    id: str | None
    subject: Subject
    wanted: list[Wanted]


def parse(body: bytes, header_length: str | None, bounds: Bounds) -> Question:
    """Understand a request.

    Args:
        body: JSON, and the binary tensors behind it.
        header_length: the header that says where the JSON ends; None if it is all.
        bounds: what one request may hold.

    Raises:
        UploadError: it is malformed, not what the model takes, or too much.
    """
    header, rest = _split(body, header_length)
    try:
        request = InferenceRequest.model_validate(parse_json(header, max_values=bounds.max_values))
    except ValidationError as error:
        raise MalformedBody(_describe(error)) from error
    if len(request.inputs) > 1:
        raise InvalidTensor(f"One input is read, `{IMAGES}` or `{IMAGE}`, not several.")
    subject = _read_input(request.inputs[0], rest, bounds)
    return Question(request.id, subject, _read_outputs(request))


def _split(body: bytes, header_length: str | None) -> tuple[bytes, bytes]:
    if header_length is None:
        return body, b""
    if not _LENGTH.fullmatch(header_length) or int(header_length) > len(body):
        raise MalformedBody(f"{HEADER_LENGTH} is not a length within the body.")
    return body[: int(header_length)], body[int(header_length) :]


def _describe(error: ValidationError) -> str:
    """Where the first mistake is, and what it is."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _read_input(tensor: RequestInput, rest: bytes, bounds: Bounds) -> Subject:
    if (tensor.data is None) == (tensor.parameters.binary_data_size is None):
        raise InvalidTensor(f"Input `{tensor.name}` needs either data or binary_data_size.")
    if (tensor.parameters.binary_data_size or 0) != len(rest):
        raise InvalidTensor(
            f"{len(rest)} bytes follow the JSON, where input `{tensor.name}` announces "
            f"{tensor.parameters.binary_data_size or 0}."
        )
    if tensor.name == IMAGES:
        return _read_images(tensor, rest, bounds)
    if tensor.name == IMAGE:
        return _read_pictures(tensor, rest, bounds)
    raise InvalidTensor(f"There is no input `{tensor.name}`, only `{IMAGES}` and `{IMAGE}`.")


def _read_images(tensor: RequestInput, rest: bytes, bounds: Bounds) -> Subject:
    if tensor.datatype not in NUMERIC:
        raise InvalidTensor(
            f"Input `{IMAGES}` is UINT8, or any of {', '.join(NUMERIC)} without loss, "
            f"not {tensor.datatype}."
        )
    if tuple(tensor.shape[1:]) != DIGIT:
        raise InvalidTensor(f"Input `{IMAGES}` has the shape [-1, 28, 28], not {tensor.shape}.")
    bounds.check_rows(tensor.shape[0])
    if tensor.data is None:
        count = math.prod(tensor.shape)
        return to_digits(narrow(numbers_from_bytes(rest, tensor.datatype, count)))
    return to_digits(to_pixels(_leaves(tensor.data, tensor)))


def _read_pictures(tensor: RequestInput, rest: bytes, bounds: Bounds) -> Subject:
    if tensor.datatype != "BYTES":
        raise InvalidTensor(f"Input `{IMAGE}` is BYTES, not {tensor.datatype}.")
    # A batch of single elements is a column to some clients.
    if tensor.shape[1:] not in ([], [1]) or not tensor.shape:
        raise InvalidTensor(f"Input `{IMAGE}` has the shape [-1], not {tensor.shape}.")
    bounds.check_count(tensor.shape[0])
    if tensor.data is None:
        return bounds.check_sizes(split_bytes(rest, tensor.shape[0]))
    return bounds.check_sizes([decode_base64(each) for each in _leaves(tensor.data, tensor)])


def _leaves(data: list[Any], tensor: RequestInput) -> list[Any]:
    """The elements of a tensor in JSON, flat or nested as its shape says."""
    leaves, shape = unnest(data)
    if shape not in {tuple(tensor.shape), (math.prod(tensor.shape),)}:
        raise InvalidTensor(
            f"The data of input `{tensor.name}` has the shape {list(shape)}, "
            f"which is neither {tensor.shape} nor flat."
        )
    return leaves


def _read_outputs(request: InferenceRequest) -> list[Wanted]:
    known = [output["name"] for output in OUTPUTS]
    default = request.parameters.binary_data_output
    asked = [
        Wanted(
            output.name,
            default if output.parameters.binary_data is None else output.parameters.binary_data,
            min(output.parameters.classification, CLASSES),
        )
        for output in request.outputs
    ] or [Wanted(name, default, 0) for name in known]
    for output in asked:
        if output.name not in known:
            raise InvalidTensor(f"There is no output `{output.name}`, only {' and '.join(known)}.")
    if len({output.name for output in asked}) < len(asked):
        raise InvalidTensor("An output is asked for twice.")
    return asked

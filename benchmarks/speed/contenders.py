"""Who is measured: how each is started, what it is sent, and how its answer is read."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from benchmarks.speed.payloads import (
    FORM_TYPE,
    Digits,
    to_form,
    to_png,
    to_tensor,
)

IsRight = Callable[[bytes, Digits, int], bool]
"""Whether the body of an answer is right for a digit and what the model reads in it."""

Network = Literal["saved_model", "twin", "keras"]

PEERS = "benchmarks.contenders"
UVICORN = ("uvicorn", "--host=127.0.0.1", "--port={port}", "--loop=uvloop", "--http=httptools")
QUIET = ("--log-level=warning", "--no-access-log")
TENSOR_TYPE = "application/json"
TENSOR_PATH = "/v2/models/alexnet/infer"


@dataclass(frozen=True, slots=True)
class Contender:
    """One server.

    Attributes:
        name: on the command line.
        title: in the table.
        kind: what the bars compare.
        environment: whose packages it runs with; see `environments`.
        command: after `python -m`; `{port}` stands for the port.
        path: what is posted to.
        network: which form of the model a peer is given.
        takes_images: or tensors.
        settings: environment variables.
        is_right: whether an answer is.
    """

    name: str
    title: str
    kind: Literal["bare", "floor", "ours", "peer"]
    environment: str
    command: Sequence[str]
    path: str = "/predict"
    network: Network | None = None
    takes_images: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    is_right: IsRight = field(default=lambda body, _image, reading: names_digit(body, reading))

    @property
    def headers(self) -> dict[str, str]:
        """Of each request."""
        return {"Content-Type": FORM_TYPE if self.takes_images else TENSOR_TYPE}

    def to_body(self, image: Digits) -> bytes:
        """What is posted for one digit."""
        return to_form("file", to_png(image)) if self.takes_images else to_tensor(image[None])


def names_digit(body: bytes, reading: int) -> bool:
    """Whether an answer's `digit` is the reading."""
    return bool(json.loads(body)["digit"] == reading)


def _names_tensor(body: bytes, _image: Digits, reading: int) -> bool:
    outputs = {output["name"]: output["data"] for output in json.loads(body)["outputs"]}
    return int(np.argmax(outputs["probabilities"])) == reading


def _has_mean(body: bytes, image: Digits, _reading: int) -> bool:
    return abs(float(json.loads(body)["mean"]) - float(image.mean())) < 1e-6


def _is_constant(body: bytes, _image: Digits, _reading: int) -> bool:
    return bool(json.loads(body) == {"digit": 7})


def _ours(name: str, title: str, environment: str = "serve", **settings: str) -> Contender:
    settings = {"HOST": "127.0.0.1", "LOG_LEVEL": "WARNING", **settings}
    return Contender(name, title, "ours", environment, ("app",), settings=settings)


def _plain(name: str, title: str, network: Network, path: str = "/predict") -> Contender:
    command = (*UVICORN, *QUIET, f"{PEERS}.plain:app")
    return Contender(name, title, "peer", "fastapi", command, path, network)


def _both(peer: Contender) -> tuple[Contender, Contender]:
    """A peer with the SavedModel, and with the twin."""
    return (
        replace(peer, network="saved_model"),
        replace(peer, name=f"{peer.name}-twin", network="twin"),
    )


BENTOML = (
    "bentoml", "serve", f"{PEERS}.bentoml_peer:Pictures", "--host=127.0.0.1", "--port={port}",
)  # fmt: skip
LITSERVE = (f"{PEERS}.litserve_peer", "{port}")
MLSERVER = (f"{PEERS}.mlserver_peer", "{port}")
RAY = (f"{PEERS}.ray_peer", "{port}")
TRITON = (f"{PEERS}.triton_peer", "{port}")

CONTENDERS = (
    Contender(
        "bare", "a bare ASGI app, constant answer", "bare", "serve",
        (*UVICORN, *QUIET, f"{PEERS}.bare:app"), is_right=_is_constant,
    ),
    Contender(
        "floor", "**floor**: FastAPI `UploadFile` + Pillow decode, no model", "floor", "serve",
        (*UVICORN, *QUIET, f"{PEERS}.floor:app"), is_right=_has_mean,
    ),
    _ours("ours", "**this service**, 1 worker"),
    _ours("ours-2", "**this service**, 2 workers", WORKERS="2"),
    _ours("ours-logged", "this service, 1 worker, a log line a request", LOG_LEVEL="INFO"),
    _ours(
        "ours-tensorflow", "this service, TensorFlow's engine", "tensorflow", ENGINE="tensorflow"
    ),
    _plain("keras", "FastAPI + `keras.predict`", "keras"),
    _plain(
        "saved-model", "FastAPI + the SavedModel called per request", "saved_model",
        "/predict/aside",
    ),
    _plain("twin", "FastAPI + the twin called per request", "twin"),
    *_both(Contender("litserve", "LitServe, batching", "peer", "litserve", LITSERVE)),
    *_both(Contender("bentoml", "BentoML, adaptive batching", "peer", "bentoml", BENTOML)),
    *_both(Contender("ray", "Ray Serve, `@serve.batch`", "peer", "ray", RAY)),
    *_both(
        Contender(
            "mlserver", "MLServer, adaptive batching", "peer", "mlserver", MLSERVER, TENSOR_PATH,
            takes_images=False, is_right=_names_tensor,
        )
    ),
    *_both(
        Contender(
            "triton", "Triton, dynamic batching", "peer", "pytriton", TRITON, TENSOR_PATH,
            takes_images=False, is_right=_names_tensor,
        )
    ),
)  # fmt: skip

BY_NAME = {contender.name: contender for contender in CONTENDERS}


def choose(names: str) -> list[Contender]:
    """The contenders that are named, in the table's order; all where none is.

    Raises:
        SystemExit: there is none of that name.
    """
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    if unknown := wanted.difference(BY_NAME):
        raise SystemExit(f"No contender {min(unknown)!r}. There are: {', '.join(BY_NAME)}")
    return [each for each in CONTENDERS if not wanted or each.name in wanted]

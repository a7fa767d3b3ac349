"""Answers of the Open Inference Protocol, version 2: tensors in JSON or behind it, and classes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from app.classifier import ModelFacts
from app.protocols.open_inference import Question, Wanted
from app.protocols.tensors import join_bytes
from app.scores import softmax


def encode(
    question: Question, model: ModelFacts, logits: NDArray[np.float32]
) -> tuple[bytes, int | None]:
    """Put the answer together.

    Args:
        question: what was asked.
        model: that answers.
        logits: float32 [n, 10] of what was asked.

    Returns:
        The body, and where its JSON ends if binary tensors follow it.
    """
    values = {"probabilities": softmax(logits), "logits": logits}
    tensors = [_encode_output(wanted, values[wanted.name]) for wanted in question.wanted]
    answer = {
        "model_name": model.name,
        "model_version": model.version,
        **({} if question.id is None else {"id": question.id}),
        "outputs": [tensor for tensor, _ in tensors],
    }
    header = to_json(answer)
    binary = [content for _, content in tensors if content is not None]
    return b"".join([header, *binary]), len(header) if binary else None


def _encode_output(
    wanted: Wanted, values: NDArray[np.float32]
) -> tuple[dict[str, Any], bytes | None]:
    """An output's JSON, and its bytes where they are to follow."""
    data: list[Any]
    if wanted.classes:
        data = classify(values, wanted.classes)
        kind = {"datatype": "BYTES", "shape": [len(values), wanted.classes]}
        content = join_bytes([text.encode() for text in data])
    else:
        data = values.ravel().tolist()
        kind = {"datatype": "FP32", "shape": list(values.shape)}
        content = values.astype("<f4").tobytes()
    tensor = {"name": wanted.name, **kind}
    if wanted.is_binary:
        return {**tensor, "parameters": {"binary_data_size": len(content)}}, content
    return {**tensor, "data": data}, None


def classify(values: NDArray[np.float32], count: int) -> list[str]:
    """The highest of each row as `value:index:label`, row after row."""
    order = np.argsort(-values, axis=1, kind="stable")[:, :count]
    return [
        f"{row[index]:f}:{index}:{index}"
        for row, indices in zip(values, order.tolist(), strict=True)
        for index in indices
    ]

"""Readings as they are answered: the plain values of `app.schemas`, not validated again."""

from typing import Any

from app.classifier import ModelFacts
from app.errors import ServiceError
from app.numbers import Located
from app.predictions import Prediction
from app.problems import describe


def describe_prediction(prediction: Prediction, model: ModelFacts) -> dict[str, Any]:
    """The digit of one image: a `PredictionAnswer`."""
    return {
        "digit": prediction.digit,
        "confidence": prediction.confidence,
        "probabilities": prediction.probabilities,
        "accepted": prediction.accepted,
        "reason": prediction.reason,
        "warnings": prediction.warnings,
        "model": _refer(model),
    }


def describe_item(answer: Prediction | ServiceError, model: ModelFacts) -> dict[str, Any]:
    """One of several images: a `PredictionAnswer`, or a `BatchItemError`."""
    if isinstance(answer, ServiceError):
        return {"error": describe(answer)}
    return describe_prediction(answer, model)


def describe_number(digits: list[Located], model: ModelFacts) -> dict[str, Any]:
    """The digits of one image: a `NumberAnswer`."""
    predictions = [digit.prediction for digit in digits]
    return {
        "text": "".join(str(prediction.digit) for prediction in predictions),
        "accepted": all(prediction.accepted for prediction in predictions),
        "digits": [
            {
                "digit": digit.prediction.digit,
                "confidence": digit.prediction.confidence,
                "accepted": digit.prediction.accepted,
                "reason": digit.prediction.reason,
                "box": digit.box,
            }
            for digit in digits
        ],
        "model": _refer(model),
    }


def _refer(model: ModelFacts) -> dict[str, str]:
    return {"name": model.name, "version": model.version}

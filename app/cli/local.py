"""The classifier of this process, which answers in the words of the service."""

from collections.abc import Sequence

from app.classifier import Classifier
from app.cli.writing import Found
from app.errors import ServiceError
from app.numbers import Located
from app.predictions import Prediction
from app.problems import describe
from app.schemas import ModelReference, NumberAnswer, NumberDigit, PredictionAnswer, Problem


class Local:
    """Reads as a client of the service does."""

    def __init__(self, classifier: Classifier) -> None:
        """Keep what reads."""
        self._classifier = classifier
        model = classifier.model
        self._model = ModelReference(name=model.name, version=model.version)

    async def predict_many(self, uploads: Sequence[bytes]) -> list[Found]:
        """The digit of each upload, in their order."""
        return [self._tell(each) for each in await self._classifier.classify_many(uploads)]

    async def read_many(self, uploads: Sequence[bytes]) -> list[Found]:
        """The number of each upload, in their order."""
        return [await self._read(upload) for upload in uploads]

    async def _read(self, upload: bytes) -> Found:
        try:
            located = await self._classifier.read(upload)
        except ServiceError as error:
            return Problem(**describe(error))
        digits = [_describe(each) for each in located]
        return NumberAnswer(
            text="".join(str(each.digit) for each in digits),
            accepted=all(each.accepted for each in digits),
            digits=digits,
            model=self._model,
        )

    def _tell(self, found: Prediction | ServiceError) -> Found:
        if isinstance(found, ServiceError):
            return Problem(**describe(found))
        return PredictionAnswer.model_validate(
            {
                "digit": found.digit,
                "confidence": found.confidence,
                "probabilities": found.probabilities,
                "accepted": found.accepted,
                "reason": found.reason,
                "warnings": list(found.warnings),
                "model": self._model,
            }
        )


def _describe(located: Located) -> NumberDigit:
    prediction = located.prediction
    return NumberDigit(
        digit=prediction.digit,
        confidence=prediction.confidence,
        accepted=prediction.accepted,
        reason=prediction.reason,
        box=located.box,
    )

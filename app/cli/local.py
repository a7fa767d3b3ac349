"""The classifier of this process, which answers in the words of the service."""

from collections.abc import Sequence

from app.answers import describe_number, describe_prediction
from app.classifier import Classifier
from app.cli.writing import Found
from app.errors import ServiceError
from app.problems import describe
from app.schemas import NumberAnswer, PredictionAnswer, Problem


class Local:
    """Reads as a client of the service does."""

    def __init__(self, classifier: Classifier) -> None:
        """Keep what reads."""
        self._classifier = classifier

    async def predict_many(self, uploads: Sequence[bytes]) -> list[Found]:
        """The digit of each upload, in their order."""
        model = self._classifier.model
        return [
            Problem(**describe(found))
            if isinstance(found, ServiceError)
            else PredictionAnswer.model_validate(describe_prediction(found, model))
            for found in await self._classifier.classify_many(uploads)
        ]

    async def read_many(self, uploads: Sequence[bytes]) -> list[Found]:
        """The number of each upload, in their order."""
        return [await self._read(upload) for upload in uploads]

    async def _read(self, upload: bytes) -> Found:
        try:
            digits = await self._classifier.read(upload)
        except ServiceError as error:
            return Problem(**describe(error))
        return NumberAnswer.model_validate(describe_number(digits, self._classifier.model))

"""Which versions there are, in which state, and what reads digits with each.

A version goes from idle (its folder is there) by way of loading to available or failed. What is
replaced is only let go of: requests that began with it end with it, and its threads with them.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.classifier import Classifier, ModelFacts
from app.errors import ModelError, NotReady, VersionNotFound
from app.versions import Fingerprint, find_versions, fingerprint

logger = logging.getLogger(__name__)

State = Literal["idle", "loading", "available", "failed"]
Sightings = dict[int, tuple[Path, Fingerprint]]

GONE = "Its folder is gone: it is served from memory, and would not be after a restart."


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """What is known of one version.

    Attributes:
        number: its folder's name.
        state: idle is on the disk and not loaded, because another one is wanted.
        reason: why it failed; for one that is available, what was refused in its place since, or
            that its folder is gone.
        facts: of what is loaded.
        is_served: whether it answers those who name no version.
    """

    number: int
    state: State
    reason: str | None
    facts: ModelFacts | None
    is_served: bool


@dataclass(slots=True)
class _Entry:
    state: State = "idle"
    reason: str | None = None
    classifier: Classifier | None = None
    tried: Fingerprint | None = None


class Policy:
    """Which versions are to be loaded: `latest`, `all`, or some by number as `1,3`.

    Attributes:
        is_latest: whether it is the highest alone.
        numbers: those that are named; None where none is.
    """

    def __init__(self, text: str) -> None:
        """Take what a setting says."""
        self.is_latest = text == "latest"
        self.numbers = None if text in {"latest", "all"} else {int(n) for n in text.split(",")}

    def wants(self, number: int) -> bool:
        """Whether a version is one of them."""
        return self.numbers is None or number in self.numbers


class Registry:
    """Keeps what is loaded in step with what lies in the folder; belongs to the event loop."""

    def __init__(
        self,
        models_dir: Path,
        policy: Policy,
        *,
        load: Callable[[Path], Classifier],
        on_load: Callable[[str], None] = lambda _outcome: None,
        on_serve: Callable[[ModelFacts], None] = lambda _facts: None,
    ) -> None:
        """Look nowhere yet; `refresh` does.

        Args:
            models_dir: holds `alexnet/<version>/`.
            policy: which of them are wanted.
            load: a version folder → what reads digits with it; runs in a thread, raises ModelError.
            on_load: told `available` or the error's code of each load.
            on_serve: told which version answers from now on.
        """
        self._models_dir = models_dir
        self._policy = policy
        self._load = load
        self._on_load = on_load
        self._on_serve = on_serve
        self._entries: dict[int, _Entry] = {}
        self._served: int | None = None
        self._announced: ModelFacts | None = None
        self._sighted: Sightings | None = None

    @property
    def served(self) -> ModelFacts | None:
        """Of the version that answers those who name none; None before there is one."""
        return None if self._served is None else self.classifier(self._served).model

    def classifier(self, number: int | None = None) -> Classifier:
        """What reads digits with one version.

        Args:
            number: of the version; the one that is served if None.

        Raises:
            NotReady: it is being loaded.
            VersionNotFound: there is no such version, or it is not loaded.
        """
        number = self._served if number is None else number
        if number is None:
            raise NotReady("The model is still being loaded.", retry_after_seconds=1)
        entry = self._entries.get(number)
        if entry is None:
            raise VersionNotFound(f"There is no version {number}.")
        if entry.classifier is not None:
            return entry.classifier
        if entry.state == "loading":
            raise NotReady(f"Version {number} is still being loaded.", retry_after_seconds=1)
        raise VersionNotFound(f"Version {number} is not loaded.")

    def versions(self) -> list[VersionStatus]:
        """Every version there is, highest first."""
        return [
            VersionStatus(
                number,
                entry.state,
                entry.reason,
                entry.classifier.model if entry.classifier else None,
                number == self._served,
            )
            for number, entry in sorted(self._entries.items(), reverse=True)
        ]

    def classifiers(self) -> Iterator[Classifier]:
        """Of every version that is loaded."""
        return (each.classifier for each in self._entries.values() if each.classifier)

    async def refresh(self) -> None:
        """Look what changed in the folder, load what is wanted, let go of what is not.

        A folder that changed is touched once it stands still from one look to the next, so that
        none is refused for being copied slowly; the first look takes all as it is.
        """
        sighted = await asyncio.to_thread(_look, self._models_dir)
        before = sighted if self._sighted is None else self._sighted
        self._sighted = sighted
        for number, (folder, now) in sighted.items():
            entry = self._entries.setdefault(number, _Entry())
            if self._is_satisfied(number):
                continue
            if entry.tried != now and before.get(number) == (folder, now):
                await self._try_to_load(number, folder, now)
        self._choose(sighted)

    def _is_satisfied(self, number: int) -> bool:
        """Whether nothing needs to be loaded for this version, whatever it looks like."""
        if not self._policy.wants(number):
            return True
        is_covered = any(each > number and self._is_available(each) for each in self._sighted or ())
        return self._policy.is_latest and is_covered

    def _is_available(self, number: int) -> bool:
        return self._entries[number].classifier is not None

    async def _try_to_load(self, number: int, folder: Path, now: Fingerprint) -> None:
        entry = self._entries[number]
        entry.tried = now
        if entry.classifier is None:
            entry.state = "loading"
        try:
            classifier = await asyncio.to_thread(self._load, folder)
        except Exception as error:  # an unforeseen one must not take the other versions with it
            known = error if isinstance(error, ModelError) else ModelError("Loading it failed.")
            entry.reason = str(known)
            entry.state = "available" if entry.classifier else "failed"
            logger.exception("version refused", extra={"version": number, "code": known.code})
            self._on_load(known.code)
        else:
            entry.classifier = classifier
            entry.state, entry.reason = "available", None
            logger.info("version loaded", extra={"version": number})
            self._on_load("available")

    def _choose(self, sighted: Sightings) -> None:
        """Serve the highest version that is there, and let go of what is not wanted any more.

        Where none is left that can be served, the one in memory serves on.
        """
        available = [number for number in sighted if self._is_available(number)]
        if available:
            self._serve(max(available))
        for number in list(self._entries):
            if number != self._served and number not in sighted:
                del self._entries[number]
            elif number != self._served and self._policy.is_latest and self._is_available(number):
                self._entries[number] = _Entry()
        if self._served is not None:
            self._note_whether_gone(self._served, is_gone=self._served not in sighted)

    def _note_whether_gone(self, number: int, *, is_gone: bool) -> None:
        entry = self._entries[number]
        if is_gone and entry.reason != GONE:
            entry.reason = GONE
            logger.warning("the folder of the served version is gone", extra={"version": number})
        elif not is_gone and entry.reason == GONE:
            entry.reason = None

    def _serve(self, number: int) -> None:
        facts = self.classifier(number).model
        self._served = number
        if facts != self._announced:
            self._announced = facts
            logger.info("version served", extra={"version": number, "engine": facts.engine})
            self._on_serve(facts)


def _look(models_dir: Path) -> Sightings:
    return {
        number: (folder, fingerprint(folder))
        for number, folder in find_versions(models_dir).items()
    }

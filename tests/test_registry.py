"""Which version is served: the highest that can be, whatever happens in the folder meanwhile."""

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from app.batching import Batcher
from app.classifier import Classifier, Limits, ModelFacts, Thresholds
from app.errors import ModelDamaged, NotReady, VersionNotFound
from app.metrics import Metrics
from app.registry import Policy, Registry

pytestmark = pytest.mark.anyio


def compute(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """An engine."""
    return np.zeros((len(images), 10), np.float32)


@dataclass
class Shelf:
    """A folder of versions whose content is one word each: `good`, or why it is bad."""

    home: Path
    loads: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    served: list[str] = field(default_factory=list)

    def put(self, number: int, word: str = "good") -> None:
        """Write a version, or another one in its place."""
        folder = self.home / "alexnet" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "word").write_text(word)

    def take(self, number: int) -> None:
        """Delete a version."""
        folder = self.home / "alexnet" / str(number)
        (folder / "word").unlink()
        folder.rmdir()

    def load(self, folder: Path) -> Classifier:
        """What reads with one of them."""
        self.loads.append(folder.name)
        word = (folder / "word").read_text()
        if word == "unforeseen":
            raise ZeroDivisionError
        if not word.startswith("good"):
            raise ModelDamaged(word)
        facts = ModelFacts("alexnet", folder.name, "litert", word, Thresholds(0, 0))
        batcher = Batcher(compute, max_batch_rows=1, max_queue_rows=1)
        metrics = Metrics(CollectorRegistry())
        return Classifier(batcher, facts, None, Limits(1, 1, 1), metrics)  # type: ignore[arg-type] # decodes nothing

    def registry(self, policy: str = "latest") -> Registry:
        """A registry of this folder."""
        return Registry(
            self.home,
            Policy(policy),
            load=self.load,
            on_load=self.outcomes.append,
            on_serve=lambda facts: self.served.append(facts.version),
        )


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """With one version on it."""
    shelf = Shelf(tmp_path)
    shelf.put(1)
    return shelf


async def settle(registry: Registry) -> None:
    """Look twice: what changed is touched once it stands still."""
    await registry.refresh()
    await registry.refresh()


def states(registry: Registry) -> dict[int, str]:
    """The state of each version."""
    return {each.number: each.state for each in registry.versions()}


def served(registry: Registry) -> str | None:
    """The version that answers."""
    return registry.served.version if registry.served else None


async def test_highest_that_can_be_is_served(shelf: Shelf) -> None:
    """Those above failed and say why, those below are not loaded."""
    shelf.put(2)
    shelf.put(10, "cut off")
    registry = shelf.registry()
    await registry.refresh()

    assert served(registry) == "2"
    assert states(registry) == {10: "failed", 2: "available", 1: "idle"}
    assert [each.reason for each in registry.versions()] == ["cut off", None, None]
    assert shelf.loads == ["10", "2"]
    assert shelf.outcomes == ["model_damaged", "available"]


async def test_new_version_is_swapped_in(shelf: Shelf) -> None:
    """It is touched once it stands still, then serves, and the old one is let go of."""
    registry = shelf.registry()
    await registry.refresh()
    old = registry.classifier()
    shelf.put(2)
    await registry.refresh()
    first_look = served(registry)
    await registry.refresh()

    assert (first_look, served(registry)) == ("1", "2")
    assert states(registry) == {2: "available", 1: "idle"}
    assert shelf.served == ["1", "2"]
    assert registry.classifier() is not old


async def test_requests_that_began_with_the_old_version_end_with_it(shelf: Shelf) -> None:
    """What was let go of still answers whoever holds it."""
    registry = shelf.registry()
    await registry.refresh()
    old = registry.classifier()
    shelf.put(2)
    await settle(registry)

    assert old.model.version == "1"
    assert not old.is_backlogged


async def test_old_version_serves_while_the_new_one_is_loaded(shelf: Shelf) -> None:
    """Its state says so, and whoever asks for it is told to come back."""
    seen: list[tuple[str | None, dict[int, str]]] = []

    def load(folder: Path) -> Classifier:
        seen.append((served(registry), states(registry)))
        with pytest.raises(NotReady):
            registry.classifier(int(folder.name))
        return shelf.load(folder)

    registry = Registry(shelf.home, Policy("latest"), load=load)
    await registry.refresh()
    shelf.put(2)
    await settle(registry)

    assert seen == [(None, {1: "loading"}), ("1", {2: "loading", 1: "available"})]
    assert served(registry) == "2"


@pytest.mark.parametrize("word", ["flipped byte", "unforeseen"])
async def test_bad_version_is_refused_while_the_old_one_serves(
    shelf: Shelf, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is refused once, in the log and in the metrics, and tried again when it changed."""
    registry = shelf.registry()
    await registry.refresh()
    shelf.put(2, word)
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            await registry.refresh()
    bad = states(registry)
    refusals = [record.message for record in caplog.records]
    shelf.put(2, "good again")
    await settle(registry)

    assert bad == {2: "failed", 1: "available"}
    assert refusals == ["version refused"]
    assert len(shelf.outcomes) == 3
    assert served(registry) == "2"


async def test_deleting_the_newest_rolls_back(shelf: Shelf) -> None:
    """The next lower one is loaded and serves; the deleted one is forgotten."""
    shelf.put(2)
    registry = shelf.registry()
    await registry.refresh()
    shelf.take(2)
    await registry.refresh()

    assert served(registry) == "1"
    assert states(registry) == {1: "available"}
    with pytest.raises(VersionNotFound):
        registry.classifier(2)


async def test_last_version_is_not_let_go_of(shelf: Shelf) -> None:
    """Where nothing else can be served, what is in memory serves on."""
    shelf.put(2)
    registry = shelf.registry()
    await registry.refresh()
    shelf.put(1, "damaged")
    shelf.take(2)
    await settle(registry)

    assert served(registry) == "2"
    assert states(registry) == {2: "available", 1: "failed"}


async def test_folder_that_is_gone_is_told(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    """Once, and no more when it is back: a restart would find nothing."""
    registry = shelf.registry()
    await settle(registry)
    shelf.take(1)
    for _ in range(3):
        await settle(registry)
    (gone,) = registry.versions()
    shelf.put(1)
    await settle(registry)
    (back,) = registry.versions()

    assert registry.served is not None
    assert (gone.state, back.state) == ("available", "available")
    assert "folder is gone" in (gone.reason or "")
    assert back.reason is None
    assert [each.getMessage() for each in caplog.records].count(
        "the folder of the served version is gone"
    ) == 1


async def test_served_version_that_is_damaged_on_disk_serves_on(shelf: Shelf) -> None:
    """What is in memory was verified; that its folder is bad now is told beside it."""
    registry = shelf.registry()
    await registry.refresh()
    shelf.put(1, "flipped byte")
    await settle(registry)
    (status,) = registry.versions()

    assert (status.state, status.reason, status.is_served) == ("available", "flipped byte", True)
    assert registry.served is not None
    assert registry.served.sha256 == "good"


async def test_version_that_was_replaced_is_loaded_anew(shelf: Shelf) -> None:
    """The same number with other content is another version."""
    registry = shelf.registry()
    await registry.refresh()
    shelf.put(1, "good, and better")
    await settle(registry)

    assert registry.served is not None
    assert registry.served.sha256 == "good, and better"
    assert shelf.served == ["1", "1"]


async def test_slow_copy_is_left_alone(shelf: Shelf) -> None:
    """A folder that grows from look to look is not refused meanwhile."""
    registry = shelf.registry()
    await registry.refresh()
    for size in range(1, 6):
        shelf.put(2, "good"[: min(size, 4)] + "x" * size)
        await registry.refresh()
    while_growing = list(shelf.loads)
    await registry.refresh()

    assert while_growing == ["1"]
    assert served(registry) == "2"


async def test_all_versions_can_be_loaded(shelf: Shelf) -> None:
    """Each answers by its number, the highest where none is named."""
    for number in (2, 3):
        shelf.put(number)
    registry = shelf.registry("all")
    await registry.refresh()

    assert states(registry) == {3: "available", 2: "available", 1: "available"}
    assert [registry.classifier(n).model.version for n in (1, 2, 3)] == ["1", "2", "3"]
    assert registry.classifier().model.version == "3"


async def test_some_versions_can_be_named(shelf: Shelf) -> None:
    """Others are there, and not loaded."""
    for number in (2, 3, 4):
        shelf.put(number)
    registry = shelf.registry("1,3")
    await registry.refresh()

    assert states(registry) == {4: "idle", 3: "available", 2: "idle", 1: "available"}
    assert served(registry) == "3"
    with pytest.raises(VersionNotFound):
        registry.classifier(4)


async def test_nothing_is_served_from_an_empty_folder(tmp_path: Path) -> None:
    """Nobody is told otherwise."""
    registry = Shelf(tmp_path).registry()
    await registry.refresh()

    assert registry.served is None
    assert registry.versions() == []
    with pytest.raises(NotReady):
        registry.classifier()


async def test_loading_does_not_block_the_loop(shelf: Shelf) -> None:
    """Others are answered while a version is loaded."""
    loop = asyncio.get_running_loop()
    is_answered = asyncio.Event()

    def load(folder: Path) -> Classifier:
        asyncio.run_coroutine_threadsafe(answer(), loop).result(30)
        return shelf.load(folder)

    async def answer() -> None:
        is_answered.set()

    registry = Registry(shelf.home, Policy("latest"), load=load)
    await registry.refresh()

    assert is_answered.is_set()
    assert served(registry) == "1"

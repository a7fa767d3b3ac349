"""Every knob of the service, read from the environment."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1 << 20


class Settings(BaseSettings):
    """Settings by environment variable, `HOST` for `host` and so on; fixed once read."""

    model_config = SettingsConfigDict(frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8000, ge=0, le=65535, description="TCP port to listen on; 0 takes a free one."
    )
    models_dir: Path = Field(
        default=Path("models"), description="Folder that holds alexnet/<version>/."
    )
    model_versions: str = Field(
        default="latest",
        pattern=r"^(latest|all|[1-9][0-9]{0,9}(,[1-9][0-9]{0,9})*)$",
        description="Which versions are loaded: latest, all, or some by number, as 1,3.",
    )
    version_labels: dict[str, int] = Field(
        default={},
        description='Names for versions, as {"stable": 1, "canary": 2}; both mean the one that is '
        "served where nothing is said.",
    )
    model_poll_seconds: float = Field(
        default=1.0, gt=0, description="How often the folder is looked at for new versions."
    )
    engine: Literal["auto", "litert", "tensorflow"] = Field(
        default="auto", description="What runs the model; auto prefers the compiled twin."
    )
    engine_threads: int = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)),
        ge=1,
        description="Threads one inference may use; the cores at hand if unset.",
    )
    max_upload_bytes: int = Field(
        default=20 * MEBIBYTE, ge=1, description="Largest single upload; more is answered 413."
    )
    max_batch_bytes: int = Field(
        default=64 * MEBIBYTE,
        ge=1,
        description="Largest body of /predict/batch; more is answered 413.",
    )
    max_batch_files: int = Field(
        default=256, ge=1, description="Most files in one /predict/batch; more is answered 413."
    )
    max_pixels: int = Field(
        default=50_000_000,
        ge=784,
        description="Most pixels of one image, by its header; more is 413.",
    )
    max_engine_rows: int = Field(
        default=64, ge=1, description="Most digits the engine takes at once."
    )
    max_queue_rows: int = Field(
        default=1024,
        ge=1,
        description="Most digits that wait for the engine; more is answered 503.",
    )
    decode_threads: int = Field(
        default=2, ge=1, description="Threads that decode the images too large for the event loop."
    )
    request_timeout_seconds: float = Field(
        default=30.0, gt=0, description="A digit not computed by then is dropped and answered 504."
    )
    drain_timeout_seconds: int = Field(
        default=20, ge=1, description="How long accepted requests may take to finish after SIGTERM."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="INFO logs one line a request, WARNING only what is wrong."
    )

"""Every knob of the service, read from the environment."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

KIBIBYTE = 1 << 10
MEBIBYTE = 1 << 20


class SettingWrong(ValueError):
    """A setting is none."""


class Settings(BaseSettings):
    """Settings by environment variable, `HOST` for `host` and so on; fixed once read."""

    model_config = SettingsConfigDict(frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8000, ge=0, le=65535, description="TCP port to listen on; 0 takes a free one."
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processes that serve; with two and more, one that dies is replaced.",
    )
    worker_timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        description="With two and more, one whose event loop hangs for so long is replaced.",
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
        default=1,
        ge=1,
        description="Threads one inference may use: more make many digits of one caller quicker, "
        "and many callers slower, whose requests want the other cores.",
    )
    max_upload_bytes: int = Field(
        default=20 * MEBIBYTE, ge=1, description="Largest single upload; more is answered 413."
    )
    max_batch_bytes: int = Field(
        default=64 * MEBIBYTE,
        ge=1,
        description="Largest body of many pictures, of /predict/batch, /v1 and /v2; more is "
        "answered 413.",
    )
    max_batch_files: int = Field(
        default=256, ge=1, description="Most pictures in one such body; more is answered 413."
    )
    max_tensor_rows: int = Field(
        default=1024, ge=1, description="Most digits in one tensor; more is answered 413."
    )
    max_form_parts: int = Field(
        default=16,
        ge=0,
        description="Most fields of a form that are not asked for; more is answered 413.",
    )
    max_pixels: int = Field(
        default=50_000_000,
        ge=784,
        description="Most pixels of one image, by its header; more is 413.",
    )
    max_engine_rows: int = Field(
        default=16, ge=1, description="Most digits the engine takes at once."
    )
    max_queue_rows: int = Field(
        default=256,
        ge=1,
        description="Most digits that wait for the engine; more is answered 503.",
    )
    decode_threads: int = Field(
        default=2, ge=1, description="Threads that decode the images too large for the event loop."
    )
    max_waiting_decodes: int = Field(
        default=64,
        ge=1,
        description="Most pieces of work that wait for those threads; more is answered 503.",
    )
    max_requests: int = Field(
        default=128,
        ge=1,
        description="Most requests that came whole and are not answered yet; more is answered 503.",
    )
    max_buffered_bytes: int = Field(
        default=256 * MEBIBYTE,
        ge=1,
        description="Most bytes of bodies in memory, of all requests; more is answered 503.",
    )
    max_connections: int = Field(
        default=800, ge=1, description="Most connections of one worker; more is answered 503."
    )
    max_header_bytes: int = Field(
        default=16 * KIBIBYTE,
        ge=256,
        description="Most bytes of a request before its body; more is answered 431.",
    )
    header_timeout_seconds: float = Field(
        default=10.0, gt=0, description="A request whose headers take longer is answered 408."
    )
    body_timeout_seconds: float = Field(
        default=10.0,
        gt=0,
        description="A body that takes longer is answered 408, unless it comes fast enough; "
        "so is one that pauses as long.",
    )
    min_body_bytes_per_second: int = Field(
        default=KIBIBYTE,
        ge=1,
        description="Every so many bytes of a body give it a second, up to that time from now.",
    )
    request_timeout_seconds: float = Field(
        default=10.0,
        gt=0,
        description="A request not answered so long after it came whole is dropped: 504.",
    )
    shutdown_delay_seconds: float = Field(
        default=2.0,
        ge=0,
        description="After SIGTERM, how long new work is taken while readiness says no already.",
    )
    drain_timeout_seconds: int = Field(
        default=20, ge=1, description="After that, how long accepted requests may take to finish."
    )
    api_keys_file: Path | None = Field(
        default=None,
        description="A line a key, its SHA-256 and a name; callers then need one of them.",
    )
    metrics_need_key: bool = Field(
        default=False, description="Whether /metrics needs a key too, if keys are needed."
    )
    cors_origins: str = Field(
        default="",
        pattern=r"^( *(\*|null|[a-z][a-z0-9+.-]*://[^/, ]+) *(,|$))*$",
        description="Origins whose pages may call, as https://example.org, separated by commas; "
        "none by default.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="INFO logs one line a request, WARNING only what is wrong."
    )


def read_settings(**chosen: Any) -> Settings:  # noqa: ANN401 # each has a type of its own
    """The environment's settings, but for those that are chosen, by their names.

    Raises:
        SettingWrong: one of them is none; it says which.
    """
    try:
        return Settings(**chosen)
    except (ValidationError, SettingsError) as error:
        raise SettingWrong(f"A setting is wrong: {error}") from error

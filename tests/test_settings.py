"""Settings come from the environment, are checked, and stay as they are."""

import pytest
from pydantic import ValidationError

from app.settings import Settings


def test_environment_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable by the name of a field is that field."""
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("ENGINE", "tensorflow")

    settings = Settings()

    assert (settings.port, settings.engine) == (8123, "tensorflow")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("ENGINE", "torch"),
        ("MAX_UPLOAD_BYTES", "0"),
        ("LOG_LEVEL", "loud"),
        ("CORS_ORIGINS", "example.org"),
        ("CORS_ORIGINS", "https://one.example, https://two.example/"),
    ],
)
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A setting that makes no sense is an error at start, not a surprise later."""
    monkeypatch.setenv(name, value)

    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


@pytest.mark.parametrize(
    "origins", ["", "*", "null", "http://localhost:3000", "https://a.example , https://b.example"]
)
def test_origins_are_taken(origins: str) -> None:
    """As a browser names them."""
    assert Settings(cors_origins=origins).cors_origins == origins


def test_fixed_once_read() -> None:
    """No code changes a setting under another's feet."""
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_every_setting_is_explained() -> None:
    """Each field has a sentence under it."""
    for name, field in Settings.model_fields.items():
        assert (field.description or "").endswith("."), name

"""The service: upload bytes → decode → 28×28 digit → micro-batch → engine → prediction as JSON."""

VERSION = "0.1.0"
"""That of pyproject.toml, which the container does not hold."""

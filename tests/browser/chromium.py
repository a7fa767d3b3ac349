"""The browser of the machine, started so that it talks to nobody but the service."""

import shutil

from playwright.sync_api import Browser, Playwright

EXECUTABLE = shutil.which("chromium") or "/usr/bin/chromium"

FLAGS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # A browser that looks for its maker's hosts would be mistaken for a page that does.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch(driver: Playwright) -> Browser:
    """Start it without a window."""
    return driver.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)

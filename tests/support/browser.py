"""Pages as headless Chromium shows them."""

import shutil
import subprocess
import tempfile
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
# Nothing but the page: a browser asks its maker's hosts for updates otherwise.
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *(
        "--hide-scrollbars",
        "--virtual-time-budget=30000",
        "--run-all-compositor-stages-before-draw",
    ),
)


def browse(address: str, *options: str) -> str:
    """What Chromium prints for the page at `address` with these options."""
    with tempfile.TemporaryDirectory() as profile:
        command = [CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", *options, address]
        return subprocess.run(command, capture_output=True, text=True, timeout=300).stdout


def page(address: str) -> str:
    """The page's elements once its scripts have run, as HTML."""
    return browse(address, "--dump-dom", "--window-size=1600,1000")


def screenshot(address: str, file: Path, width: int = 1600, height: int = 1000) -> None:
    """A picture of the page."""
    browse(address, f"--screenshot={file}", f"--window-size={width},{height}")

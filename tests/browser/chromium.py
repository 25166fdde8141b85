"""Where a Chromium is that can show pages: `python tests/browser/chromium.py` prints it, or ends with 1."""

from __future__ import annotations

import os
import shutil
import sys

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The machine's own, else the one that Playwright downloaded, else none."""
    installed = next(filter(None, map(shutil.which, NAMES)), None)
    if installed:
        return installed
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if os.access(own, os.X_OK) else None


if __name__ == "__main__":
    found = find()
    print(found or "no Chromium")  # noqa: T201 -- what it is for
    sys.exit(0 if found else 1)

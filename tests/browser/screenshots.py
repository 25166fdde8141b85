"""The README's pictures, of the sample class: `python -m tests.browser.screenshots` writes them into docs/.

Made anew when the pages have changed (`make screenshots`); their size is what a README can bear.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.conftest import ARGUMENTS

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
# The class from its map on, and s07, who never clears the gradients.
PAGES: Final = {"report": ("index.html", "#criteria"), "student": ("students/s07.html", "")}
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
WIDTH, HEIGHT, MOST = 1080, 940, 150_000  # pixels, pixels, bytes


def main() -> int:
    """Grade the sample class, draw each page in both themes."""
    found = chromium.find()
    if found is None:
        sys.exit("There is no browser: make browser.")
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [sys.executable, "-m", "grader", "grade", str(ROOT / "submissions"), "--output", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        written = [
            _draw(browser, (Path(folder) / page).as_uri() + place, DOCS / f"{name}-{theme}.png", theme)
            for name, (page, place) in PAGES.items()
            for theme in THEMES
        ]
        browser.close()
    large = [path.name for path in written if path.stat().st_size > MOST]
    return sys.exit(f"Too large: {', '.join(large)}.") if large else 0


def _draw(browser: Browser, address: str, picture: Path, theme: Literal["light", "dark"]) -> Path:
    window = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=theme)
    window.goto(address)
    window.screenshot(path=picture)
    window.close()
    return picture


if __name__ == "__main__":
    sys.exit(main())

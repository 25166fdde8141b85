"""The pictures that the README shows are there, in both themes, and small."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.screenshots import DOCS, MOST, PAGES, ROOT, THEMES


def test_the_readme_shows_a_picture_of_each_page_in_both_themes() -> None:
    shown = re.findall(r'src(?:set)?="(docs/[^"]+)"', (ROOT / "README.md").read_text(encoding="utf-8"))

    assert sorted(shown) == sorted(f"docs/{name}-{theme}.png" for name in PAGES for theme in THEMES)
    assert [path for path in shown if Path(ROOT / path).stat().st_size > MOST] == []
    assert sorted(path.name for path in DOCS.glob("*.png")) == sorted(Path(path).name for path in shown)

"""The pytest plugin: submissions as tests, and an exercise's records in a repository's own tests.

    pytest --grader-kit homework.kit submissions/

Without that option nothing of pytest changes but for the fixture `graded`. With it all paths are submissions,
which are untrusted: pytest imports nothing there, no `conftest.py` either, and collects nothing else.
Every pytest run loads this module, so it imports the rest of the grader only when it is needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from grader.pytest.grading import Answer

__all__ = ["exercise", "graded"]

_MARK: Final = "grader_exercise"


def exercise(name: str, *, kit: str | Path, submission: str | Path) -> pytest.MarkDecorator:
    """Mark a test as one of this exercise; its fixture `graded` has what a submission came to there.

    Paths are relative to pytest's rootdir. `submission` is a file, or a folder or zip of one student's files.
    """
    mark: pytest.MarkDecorator = getattr(pytest.mark, _MARK)
    return mark(name=name, kit=Path(kit), submission=Path(submission))


@pytest.fixture
def graded(request: pytest.FixtureRequest) -> Answer:
    """What the submission that `grader.pytest.exercise` names came to in that exercise."""
    mark = request.node.get_closest_marker(_MARK)
    if mark is None:
        pytest.fail(
            "graded: the test does not say of which exercise.\n"
            "  help: Put @grader.pytest.exercise(NAME, kit=FILE, submission=FILE) above it.",
            pytrace=False,
        )
    from grader.pytest.grading import answer  # noqa: PLC0415

    return answer(request.config, **mark.kwargs)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("grader", "torch-grader").addoption(
        "--grader-kit",
        metavar="FILE",  # a text, which pytest-xdist can send to its workers
        help="Grade with this kit: all paths are submissions, a test for each criterion of each exercise.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """A `conftest.py` beside submissions may be a student's: it would run with the rights of the grader."""
    if early_config.known_args_namespace.grader_kit is not None:
        early_config.known_args_namespace.noconftest = True


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{_MARK}(name, kit, submission): what the fixture `graded` is of")
    kit = config.getoption("grader_kit")
    if kit is not None:
        from grader.pytest.collecting import Submissions  # noqa: PLC0415

        config.pluginmanager.register(Submissions(config, Path(kit)), "grader-submissions")

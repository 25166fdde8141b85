"""`grader.check` in a session: what it gives, and what it says where nothing can be checked."""

from __future__ import annotations

import ast
import linecache
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import grader
from grader import notebook
from grader.kit import LoadedKit
from grader.notebook import Refused, Result
from grader.pipeline import grade
from grader.records import Submission
from grader.report.notebook import MOST, output
from grader.results import CriterionResult
from grader.run import Options, opened
from grader.sandbox import shell
from grader.sandbox.jobs import File
from grader.sandbox.loading import read
from grader.sandbox.sources import compiled
from tests.cli.running import ROOT
from tests.report import samples
from tests.report.reading import filled

NAME = "gradient_descent_torch_optimiser"
NORM = "gradient_descent_norm_torch_optimiser"
CALL = "result = grader.check({})"
BOTH = f"\n{NORM} = {NAME}\n"
NEVER_CLEARED = f"""
import torch
import grader

def {NAME}(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        (theta**2).sum().backward()
        optimiser.step()
    return theta.detach()
"""
RIGHT = NEVER_CLEARED.replace("        (theta", "        optimiser.zero_grad()\n        (theta")


def session(source: str) -> dict[str, Any]:
    """The names of a session in which a program has run, statement by statement as a notebook's cells."""
    names: dict[str, Any] = {"__name__": "__main__"}
    linecache.cache["hw.py"] = (len(source), None, source.splitlines(keepends=True), "hw.py")
    for statement in ast.parse(source).body:
        try:
            exec(compile(ast.Module([statement], []), "hw.py", "exec"), names)  # noqa: S102
        except Exception:  # noqa: BLE001, S112 -- as a notebook: the cells below run all the same
            continue
    return names


def checked(source: str, what: str) -> Result:
    return checked_in(session(source), what)


def checked_in(names: dict[str, Any], what: str) -> Result:
    names["grader"] = grader
    exec(CALL.format(what), names)  # noqa: S102
    result = names["result"]
    assert isinstance(result, Result)
    return result


@pytest.fixture(autouse=True)
def _beside_the_kit(week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(week)


# --- what it gives ------------------------------------------------------------------------------


def test_a_function_that_is_right_passes_an_assertion() -> None:
    result = checked(RIGHT, NAME)

    assert result
    assert (result.passed, result.score, result.max_score) == (True, 10.0, 10.0)


def test_a_function_that_is_wrong_is_told_as_on_the_command_line() -> None:
    result = checked(NEVER_CLEARED, NAME)

    assert not result
    assert (result.passed, result.score) == (False, 6.0)
    assert str(result).startswith(
        "this notebook                                                      6 / 10 points"
    )
    assert "Likely mistake: The gradients of all steps add up: they are never cleared" in str(result)
    assert "Where: hw.py, line 9\n         (theta**2).sum().backward()" in str(result)
    assert ".details shows every failing case, the steps" in str(result)
    assert result.details.startswith(str(result).partition("\n")[0])
    assert len(result.details) > len(str(result))


def test_all_functions_of_a_kit_are_checked_at_once_and_those_not_begun_are_told() -> None:
    result = checked(RIGHT, '"homework.kit"')

    assert not result
    assert (result.score, result.max_score) == (10.0, 20.0)
    assert "All 6 checks passed; 1 exercise not started." in str(result)
    assert f"{NORM}                       not started   0 / 10" in str(result)
    assert checked(RIGHT + BOTH, "").passed


def test_a_name_that_an_exercise_asks_for_may_be_bound_to_anything_that_can_be_called() -> None:
    """As where the file is graded: by the name."""
    as_lambda = f"{RIGHT}\nother = {NAME}\n{NAME} = lambda *given: other(*given)"
    as_partial = f"{RIGHT}\nimport functools\nother = {NAME}\n{NAME} = functools.partial(other)"
    as_method = (
        f"{RIGHT}\nother = {NAME}\nclass A:\n    def {NAME}(self, *given):\n        return other(*given)\n"
        f"{NAME} = A().{NAME}"
    )

    assert [checked(one, NAME).score for one in (as_lambda, as_partial, as_method)] == [10.0] * 3


def test_what_was_defined_last_counts_in_whatever_order_cells_ran() -> None:
    wrong_again = f"{RIGHT}\n{NEVER_CLEARED}"
    right_again = f"{NEVER_CLEARED}\n{RIGHT}"

    assert (checked(wrong_again, NAME).score, checked(right_again, NAME).score) == (6.0, 10.0)


def test_other_parameters_are_told_as_what_happened() -> None:
    result = checked(f"import torch\ndef {NAME}(theta):\n    return theta\n", NAME)

    assert result.score == 0.0
    assert f"{NAME}() takes 1 positional argument but 3 were given" in " ".join(str(result).split())


# --- where nothing can be checked -----------------------------------------------------------------

ASKED = f"{NAME}, {NORM}"
BIND = f"Bind it to the name that is asked for, and check it by that name: {NAME} = ..."


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (
            "lambda x: x",
            (
                "A lambda, which has no name of its own: the kit asks for no function of that name. It asks "
                f"for {ASKED}.\n  {BIND}"
            ),
        ),
        (
            "functools.partial(print)",
            (
                "An object of type functools.partial: the kit asks for no function of that name. It asks for "
                f"{ASKED}.\n  {BIND}"
            ),
        ),
        (
            "[].append",
            (
                "The builtin_function_or_method append: the kit asks for no function of that name. It asks "
                f"for {ASKED}.\n  {BIND}"
            ),
        ),
        (
            "3",
            (
                "An object of type int is no function.\n"
                f"  Pass the function itself, without calling it: grader.check({NAME})."
            ),
        ),
        (
            '"other.kit"',
            (
                "other.kit: cannot read the kit: No such file or directory.\n"
                f"  Use the kit that your course hands out for torch-grader {grader.__version__}."
            ),
        ),
        (
            '"homework.kit", kit="homework.kit"',
            'Two kits were named.\n  Say grader.check("homework.kit") for all functions.',
        ),
    ],
)
def test_what_cannot_be_checked_is_said_with_what_to_do(what: str, told: str) -> None:
    names = session("import functools, grader")

    with pytest.raises(Refused) as error:
        exec(CALL.format(what), names)  # noqa: S102

    assert str(error.value) == told
    assert error.value._render_traceback_() == [told]


def test_a_kit_of_another_version_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import msgspec

    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.kit").write_bytes(msgspec.msgpack.encode({"schema": "grader/kit/v1"}))

    with pytest.raises(Refused) as error:
        grader.check()

    assert str(error.value) == (
        f"{tmp_path}/old.kit: the kit has the format 'grader/kit/v1', this grader reads 'grader/kit/v4'.\n"
        f"  Use the kit that your course hands out for torch-grader {grader.__version__}."
    )


def test_without_a_kit_it_is_said_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("grader.nearby._upwards", lambda: (tmp_path,))

    with pytest.raises(Refused) as error:
        grader.check(print)

    assert str(error.value) == (
        f"There is no kit to check with. Looked for *.kit in {tmp_path}, the working folder, and in the "
        'folders above it.\n  Put the kit of your course beside the notebook, or name it: kit="homework.kit".'
        ' With the grader comes kit="builtin:gradient-descent".'
    )


def test_a_check_within_what_is_checked_ends_in_a_sentence() -> None:
    result = checked(f"import grader\ndef {NAME}(*given):\n    grader.check({NAME})\n", NAME)

    assert result.score == 0.0
    assert "grader.check was called by what is being checked." in " ".join(str(result).split())


def test_an_interruption_is_one_sentence() -> None:
    source = f"import signal\ndef {NAME}(*given):\n    signal.raise_signal(signal.SIGINT)\n"

    with pytest.raises(KeyboardInterrupt) as error:
        checked(source, NAME)

    told = "The check was interrupted and says nothing. The session is as it was before."
    assert (type(error.value), str(error.value)) == (notebook.Interrupted, told)


def test_of_a_compiled_function_what_was_compiled_is_called() -> None:
    result = checked(f"{RIGHT}\n{NAME} = torch.compile({NAME}, backend='eager')", NAME)

    assert result.score == 10.0
    assert (
        f"{NAME} is compiled by torch.compile. The function that was compiled is what was called: a compiler "
        "takes longer than a call may. This costs nothing." in " ".join(str(result).split())
    )


# --- the same marks as in a file --------------------------------------------------------------


@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.exhaustive)])
def test_a_session_and_a_file_get_the_same_marks(every: int, kit: LoadedKit) -> None:
    files = sorted((ROOT / "submissions").iterdir())[::every]
    with opened(kit, Options(device="cpu")) as (warm, _):
        graded = {path.name: grade(Submission(path.stem, str(path), (path,)), warm) for path in files}
    (Path("whole.kit")).write_bytes(grader_kit(kit))

    for path in files:
        if graded[path.name].result.status == "load_failed":  # no session comes of it
            continue
        found = checked_in(_session_of(path), '"whole.kit"').graded.result
        theirs = graded[path.name].result
        assert [_rows(one.criteria) for one in found.exercises] == [
            _rows(one.criteria) for one in theirs.exercises
        ], path.name
        assert found.score == theirs.score
    Path("whole.kit").unlink()


def grader_kit(kit: LoadedKit) -> bytes:
    from grader import kit as kits

    return kits.encode(kit.kit)


def _rows(rows: tuple[CriterionResult, ...]) -> list[tuple[object, ...]]:
    return [(row.id, row.device, row.outcome, row.failure, row.points, row.failed_cases) for row in rows]


def _session_of(path: Path) -> dict[str, Any]:
    """In which the file's statements, or the notebook's cells, were run from the top."""
    module = ModuleType("__main__")
    names = vars(module)
    names |= shell.names(module)
    for statement in read(File(path.name, path.read_bytes())).statements:
        try:
            exec(compiled(statement), names)  # noqa: S102
        except Exception:  # noqa: BLE001, S112 -- likewise
            continue
    return names


# --- what a notebook shows ------------------------------------------------------------------------


def test_the_output_is_small_stands_alone_and_needs_no_script() -> None:
    html = checked(NEVER_CLEARED + BOTH, '"homework.kit"')._repr_html_()

    assert len(html.encode()) <= MOST
    assert "<script" not in html
    assert "http" not in html
    assert html.count("<h3>Likely mistake: ") == 2
    assert "<svg" in html


def test_the_style_reaches_nothing_but_the_output() -> None:
    html = output(samples.RESULTS.submissions[1], samples.EVIDENCE, samples.HEAD, "torch-grader-x")

    (style,) = re.findall("<style>(.*?)</style>", html, re.DOTALL)
    assert [rule for rule in _outermost(style) if "#torch-grader-x" not in rule.split(",")[0]] == []
    assert all("#torch-grader-x" in one for rule in _outermost(style) for one in rule.split(","))


def _outermost(style: str) -> list[str]:
    """The selectors of the rules that stand in no other."""
    found, depth, text = [], 0, ""
    for sign in style:
        if sign == "{":
            if depth == 0:
                found.append(text.strip())
            depth += 1
        elif sign == "}":
            depth -= 1
            text = ""
        elif depth == 0:
            text += sign
    return found


def test_every_address_in_it_is_its_own() -> None:
    html = output(samples.RESULTS.submissions[1], samples.EVIDENCE, samples.HEAD, "torch-grader-x")

    ids = re.findall(r'\bid="([^"]*)"', html)
    named = {one for text in re.findall(r'aria-labelledby="([^"]*)"', html) for one in text.split()}
    assert all("torch-grader-x" in one for one in ids)
    assert len(ids) == len(set(ids))
    assert named <= set(ids)
    assert 'href="' not in html


def test_hostile_text_stays_text() -> None:
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)></style>"
    result = filled(samples.RESULTS.submissions[1], lambda text: attack + text)
    html = output(result, filled(samples.EVIDENCE, lambda text: attack + text), samples.HEAD, "x")

    assert "<script" not in html
    assert "<img" not in html
    assert html.count("</style>") == 1


def test_a_check_that_says_much_is_shortened_to_what_matters() -> None:
    long = filled(samples.EVIDENCE, lambda text: text + "<" * 5_000)
    result = filled(samples.RESULTS.submissions[1], lambda text: text + "&" * 5_000)

    html = output(result, long, samples.HEAD, "x")

    assert len(html.encode()) <= MOST
    assert ".details shows the rest." in html


# --- importing ------------------------------------------------------------------------------------


def test_importing_the_package_imports_nothing_else() -> None:
    program = "import sys, grader; print(sorted(m for m in sys.modules if m.startswith(('grader', 'torch'))))"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/"
    )

    assert done.stdout == "['grader']\n"
    with pytest.raises(AttributeError, match="module 'grader' has no attribute 'chekc'"):
        grader.chekc  # noqa: B018


def test_a_notebook_that_checks_itself_is_graded_as_any_other(kit: LoadedKit, tmp_path: Path) -> None:
    path = tmp_path / "s01.py"
    path.write_text(f"{RIGHT}{BOTH}\nassert grader.check({NAME})\nprint(grader.check().score)\n")

    with opened(kit, Options(device="cpu")) as (warm, _):
        graded = grade(Submission("s01", str(path), (path,)), warm)

    assert (graded.result.score, graded.result.notes) == (20.0, ())

"""Bars, plots and loggers that are not installed cost nobody a point. About five seconds."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path

import pytest

from grader.records import Execution, Note, Place
from grader.sandbox import standins
from grader.sandbox.pool import Pool
from tests.sandbox import small
from tests.sandbox.small import answers, first, notes, submission

RIGHT = ["Parameter"] * 5


def needs_missing(*names: str) -> None:
    for name in names:
        if util.find_spec(name) is not None:
            pytest.skip(f"{name} is installed here")


def said(package: str, line: int) -> str:
    text = (
        f"{package} is not installed here; a stand-in that does nothing took its place. This costs nothing."
    )
    return f"s01.py:{line}: {text}"


def run(pool: Pool, folder: Path, source: str) -> Execution:
    return pool.run(submission(folder, source))


BARS = """
from tqdm import trange
from tqdm.auto import tqdm
import tqdm.notebook, tqdm.std as std
print(list(std.tqdm([1, 2], desc="x")), list(trange(1, 3, leave=False)), list(tqdm.notebook.trange(2)))
with std.tqdm(total=3) as bar:
    for i in range(3):
        bar.update()
        bar.set_postfix(loss=0.5); bar.set_description(f"step {i}"); bar.refresh()
        std.tqdm.write(f"at {bar.n} of {bar.total}")
bar.reset(); bar.close()
print(bar.n, [i for i, _ in enumerate(std.tqdm(iter("ab")))], len(std.tqdm("abc")))
"""


def test_a_bar_goes_over_what_it_is_given_and_shows_nothing(pool: Pool, tmp_path: Path) -> None:
    needs_missing("tqdm")

    execution = run(pool, tmp_path, BARS)

    assert notes(execution) == [said("tqdm", 2)]
    assert execution.output.splitlines() == [
        "[1, 2] [1, 2] [0, 1]",
        "at 1 of 3",
        "at 2 of 3",
        "at 3 of 3",
        "0 [0, 1] 3",
    ]


def test_a_function_with_a_bar_of_its_own_is_right(pool: Pool, tmp_path: Path) -> None:
    needs_missing("tqdm")
    source = small.RIGHT.replace(
        "    for _ in range(number_steps):",
        "    from tqdm import trange\n    for _ in trange(number_steps):",
    )

    execution = run(pool, tmp_path, source)

    assert [answers(one) for one in execution.exercises] == [RIGHT, RIGHT]
    (note,) = execution.exercises[0].notes
    assert note.text.startswith("tqdm is not installed here; a stand-in that does nothing")


LOGGERS = """
import wandb, seaborn as sns
from seaborn import *
from torch.utils.tensorboard import SummaryWriter
from torch.utils import tensorboard
wandb.init(project="x", config={"lr": 0.1})
run = wandb.init(); run.log({"loss": 1.0}); wandb.config.lr = 0.1
sns.set_theme(); sns.lineplot(x=[1], y=[2]).set(title="loss")
with SummaryWriter() as writer:
    writer.add_scalar("loss", 0.5, 1)

@wandb.record
def f(x):
    return x

print(f(5))
"""


def test_loggers_and_plots_do_nothing(pool: Pool, tmp_path: Path) -> None:
    needs_missing("wandb", "seaborn", "tensorboard")

    execution = run(pool, tmp_path, LOGGERS + small.RIGHT)

    assert notes(execution) == [said("wandb", 2), said("seaborn", 2), said("tensorboard", 4)]
    assert execution.output.startswith("5\n")
    assert answers(execution.exercises[0]) == RIGHT


def test_a_file_of_the_students_own_comes_before_a_stand_in(pool: Pool, tmp_path: Path) -> None:
    needs_missing("tqdm")
    (tmp_path / "tqdm.py").write_text("tqdm = 'mine'\n", encoding="utf-8")
    given = submission(tmp_path, "from tqdm import tqdm\nprint(tqdm)\n" + small.RIGHT)

    execution = pool.run(type(given)(given.student, given.path, given.files, folder=tmp_path))

    assert notes(execution) == []
    assert execution.output.startswith("mine\n")


def test_a_library_that_asks_gets_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_missing("wandb")
    told: list[Note] = []
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    standins.install(told.append)

    with pytest.raises(ModuleNotFoundError):
        exec(compile("import wandb", "/usr/lib/library.py", "exec"), {})  # noqa: S102 -- a library's import
    exec(compile("import wandb", "s01.py", "exec"), {})  # noqa: S102 -- a student's
    del sys.modules["wandb"]

    assert [note.place for note in told] == [Place("s01.py", None, 1)]


def test_what_is_installed_is_the_real_one(pool: Pool, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")

    execution = run(pool, tmp_path, "import matplotlib.pyplot as plt\nprint(plt.__file__ is not None)\n")

    assert (notes(execution), execution.output) == ([], "True\n")


def test_a_package_that_computes_is_not_replaced(pool: Pool, tmp_path: Path) -> None:
    execution = run(pool, tmp_path, "import tqdm.contrib_of_mine\nimport nosuchpackage\n" + first("return 1"))

    raised = [one for one in notes(execution) if "ModuleNotFoundError" in one]
    assert raised[-1] == (
        "s01.py:2: This statement raised ModuleNotFoundError: No module named 'nosuchpackage'. "
        "What stands below it ran all the same."
    )


def test_axes_come_in_the_shape_that_is_unpacked() -> None:
    figure, axes = standins._subplots()
    _, (one, two) = standins._subplots(1, 2, figsize=(3, 4))
    _, [[a, b], [c, d]] = standins._subplots(2, 2)
    (line,) = axes.plot([1, 2], label="x")
    _, whole = standins._subplots(squeeze=False)

    assert {id(each) for each in (figure, axes, one, two, a, b, c, d, line)} == {id(standins.NOTHING)}
    assert whole.shape == (1, 1)


def test_nothing_takes_whatever_is_asked_of_it() -> None:
    nothing = standins.NOTHING
    nothing.x = 5
    nothing["a"] = 5
    with nothing.figure() as figure:
        assert figure[0].y(1)(2) is nothing
    with pytest.raises(AttributeError):
        nothing.__len__  # noqa: B018 -- it has no length, so that it counts as true

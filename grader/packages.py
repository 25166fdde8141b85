"""Which packages a submission asked for that are not installed here: the machine's lack, not the student's.

The names come from what a submission raised, so they are claims: each is looked up here. And they are names
that a student chose: a package of any name can be put where pip finds it, so only those that are well known
are ever told to be installed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from importlib import util
from typing import Final

from grader.records import Execution, Raised

MOST: Final = 10  # of one submission
_MISSING: Final = re.compile(r"No module named '([A-Za-z_]\w{0,99})[.\w]*'", re.ASCII)
_ERROR: Final = "ModuleNotFoundError"

DISTRIBUTIONS: Final = {
    **{name: name for name in (
        "autograd", "einops", "h5py", "ipywidgets", "jax", "keras", "lightning", "matplotlib", "mlflow",
        "networkx", "numba", "optuna", "pandas", "plotly", "requests", "scipy", "seaborn", "statsmodels",
        "sympy", "tabulate", "tensorboard", "tensorflow", "torchaudio", "torchinfo", "torchmetrics",
        "torchvision", "torchviz", "tqdm", "transformers", "wandb",
    )},
    "cv2": "opencv-python-headless",
    "mpl_toolkits": "matplotlib",
    "PIL": "pillow",
    "pytorch_lightning": "pytorch-lightning",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "tensorboardX": "tensorboardX",
    "yaml": "pyyaml",
}  # fmt: skip
"""What brings a module, of those that students use and everybody knows."""


def lacking(executions: Iterable[Execution]) -> tuple[str, ...]:
    """The modules that stopped a statement or a call because they are not here, sorted."""
    named = {name for one in executions for text in _told(one) for name in _MISSING.findall(text)}
    return tuple(sorted(name for name in named if not _is_here(name))[:MOST])


def _told(execution: Execution) -> Iterator[str]:
    yield from (note.text for note in execution.notes if f" {_ERROR}: " in note.text)
    for run in execution.exercises:
        for answer in run.answers.values():
            if isinstance(answer, Raised) and answer.type == _ERROR:
                yield answer.message


def _is_here(name: str) -> bool:
    """Found without importing it: a module at the top has no package around it that would be run."""
    try:
        return util.find_spec(name) is not None
    except (ImportError, ValueError):  # __main__ and the like
        return True


def sentence(module: str) -> str:
    """What a student is told of one."""
    if module in DISTRIBUTIONS:
        return f"{DISTRIBUTIONS[module]} is not installed where this was graded: that is no mistake of yours."
    return f"{module} is neither installed where this was graded nor a file that was handed in."


def what(module: str) -> str:
    """What an instructor is told of one."""
    package = DISTRIBUTIONS.get(module)
    if package is None:
        return "a file that was not handed in, or a package to look at before you install it"
    return "not installed" if package == module else f"not installed; it comes with {package}"


def install(modules: Iterable[str], command: str, students: Sequence[str]) -> str:
    """The line that installs what is known and grades these students again with the same options."""
    packages = sorted({DISTRIBUTIONS[one] for one in modules})
    again = " ".join(f"--student {shlex.quote(one)}" for one in students)
    return f"pip install {' '.join(packages)} && {command} {again}"

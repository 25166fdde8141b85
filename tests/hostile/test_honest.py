"""Honest code must not notice the walls: the same results at every level. About 15 seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import pytest

from grader.records import Execution, Returned, Submission
from grader.sandbox.jobs import Level
from tests.hostile.conftest import Pools
from tests.sandbox import small

PROGRAMS: Final = {
    "SGD": "optimiser = torch.optim.SGD([theta], lr=0.1, momentum=0.9)\nfit(optimiser)",
    "Adam": "fit(torch.optim.Adam([theta], lr=0.1))",
    "LBFGS": (
        "optimiser = torch.optim.LBFGS([theta])\n"
        "def closure():\n    optimiser.zero_grad(); loss = (theta * theta).sum(); loss.backward()\n"
        "    return loss\n"
        "optimiser.step(closure)"
    ),
    "a module": (
        "torch.manual_seed(0)\n"
        "net = torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))\n"
        "net(theta[:1]).sum().backward(); theta.data.copy_(net[0].weight.grad[:1, 0].repeat(len(theta)))"
    ),
    "einsum and linear algebra": (
        "m = torch.arange(9.0).reshape(3, 3) + torch.eye(3)\n"
        "theta.data.fill_(torch.einsum('ij,jk->ik', m, m).trace() + torch.linalg.svdvals(m)[0]\n"
        "    + torch.linalg.solve(m, torch.ones(3)).sum() + torch.fft.rfft(torch.ones(8)).real.sum())"
    ),
    "a convolution": (
        "image, kernel = torch.ones(1, 1, 8, 8), torch.ones(1, 1, 3, 3)\n"
        "theta.data.fill_(torch.nn.functional.conv2d(image, kernel).sum())"
    ),
    "dataclasses and lazy imports": (
        "import dataclasses, statistics, decimal, fractions, zoneinfo, sqlite3, xml.etree.ElementTree, ssl\n"
        "import asyncio, concurrent.futures, multiprocessing, unittest.mock, email.message, lzma, uuid\n"
        "@dataclasses.dataclass\nclass Point:\n    x: float\n"
        "theta.data.fill_(Point(statistics.mean([1, 2, 3])).x)"
    ),
    "threads and asyncio": (
        "import asyncio, concurrent.futures\n"
        "async def two(): await asyncio.sleep(0); return 2\n"
        "with concurrent.futures.ThreadPoolExecutor(2) as threads:\n"
        "    theta.data.fill_(asyncio.run(two()) + sum(threads.map(abs, [-1, -2])))"
    ),
    "numpy and random": (
        "import numpy, random\nrandom.seed(0); numpy.random.seed(0)\n"
        "theta.data.fill_(random.random() + float(numpy.linalg.norm(numpy.random.rand(50, 50))))"
    ),
    "prints and warnings": (
        "import warnings, logging\nwarnings.warn('slow')\nlogging.warning('x')\nprint(theta, flush=True)"
    ),
    "files of its own": (
        "import tempfile, pathlib, shutil, json\n"
        "pathlib.Path('out').mkdir(exist_ok=True)\n"
        "pathlib.Path('out', 'a.json').write_text(json.dumps([1]))\n"
        "shutil.copy2('out/a.json', 'out/b.json'); os.replace('out/b.json', 'out/c.json')\n"
        "with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as file:\n"
        "    file.write(b'x'); file.flush(); torch.save(theta.data, os.path.join(folder, 't.pt'))\n"
        "    theta.data.copy_(torch.load(os.path.join(folder, 't.pt')) * 0.5)\n"
        "theta.data.add_(len(os.listdir('out'))); shutil.rmtree('out')\n"
        "open(os.devnull, 'w').write('x')"
    ),
    "a fixed seed and a hash": (
        "torch.manual_seed(7)\ntheta.data.fill_(torch.rand(1).item() + hash('x') % 7)"
    ),
    "a signal of its own": (
        "import signal, time\nsignal.signal(signal.SIGUSR1, lambda *_: theta.data.fill_(5))\n"
        "os.kill(os.getpid(), signal.SIGUSR1); time.sleep(0.001)"
    ),
    "torch's settings": (
        "torch.set_num_threads(2)\ntheta.data.fill_(float((torch.ones(64, 64) @ torch.ones(64, 64)).sum()))"
    ),
}  # fmt: skip

AROUND: Final = """
import os, sys, torch


def {name}(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta)

    def fit(optimiser):
        for _ in range(5):
            optimiser.zero_grad()
            (theta * theta).sum().backward()
            optimiser.step()

{body}
    return theta
"""


def program(body: str) -> str:
    lines = "\n".join("    " + line for line in body.splitlines())
    return AROUND.format(name=small.NAMES[0], body=lines) + small.SECOND


def timeless(execution: Execution) -> Execution:
    return msgspec.structs.replace(execution, cpu_seconds=0.0)


def same_everywhere(pools: Pools, given: Submission, level: Level) -> Execution:
    with pools.roomy(level) as walls, pools.roomy("none") as none:
        walled, free = walls.run(given), none.run(given)

    assert timeless(walled) == timeless(free)
    assert walled.harness is None
    return walled


@pytest.mark.parametrize("level", ["strict", "standard"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_an_honest_program_gives_the_same_as_without_walls(
    pools: Pools, tmp_path: Path, name: str, level: Level
) -> None:
    execution = same_everywhere(pools, small.submission(tmp_path, program(PROGRAMS[name])), level)

    assert small.answers(execution.exercises[0]) == ["Parameter"]
    assert execution.notes == ()


@pytest.mark.parametrize("level", ["strict", "standard"])
def test_a_student_reads_and_imports_files_of_ones_own(pools: Pools, tmp_path: Path, level: Level) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "numbers.txt").write_text("3")
    (tmp_path / "helper.py").write_text("def half(x): return x / 2\n")
    body = "import helper\ntheta.data.fill_(helper.half(float(open('data/numbers.txt').read())))"
    given = small.submission(tmp_path, program(body))
    given = msgspec.structs.replace(given, folder=tmp_path)

    execution = same_everywhere(pools, given, level)

    assert execution.exercises[0].answers[0] == Returned("Parameter", small.tensor(1.5), "cpu")


@pytest.mark.parametrize("level", ["strict", "standard"])
def test_a_notebook_with_magics_gives_the_same(pools: Pools, tmp_path: Path, level: Level) -> None:
    text = small.notebook("%matplotlib inline\nx = 1\n!ls", program("fit(torch.optim.SGD([theta], lr=0.1))"))

    execution = same_everywhere(pools, small.submission(tmp_path, text, "s01.ipynb"), level)

    assert small.answers(execution.exercises[0]) == ["Parameter"]


@pytest.mark.parametrize("level", ["strict", "standard"])
def test_a_picture_is_drawn(pools: Pools, tmp_path: Path, level: Level) -> None:
    pytest.importorskip("matplotlib")
    body = (
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.savefig('x.png')\n"
        "theta.data.fill_(os.path.getsize('x.png'))"
    )

    execution = same_everywhere(pools, small.submission(tmp_path, program(body)), level)

    assert small.answers(execution.exercises[0]) == ["Parameter"]

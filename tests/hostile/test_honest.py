"""Honest code must not notice the walls: the same results at every level. About 25 seconds."""

from __future__ import annotations

import importlib.util
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
    "every optimiser and a schedule": (
        "for kind in ('Adagrad', 'Adadelta', 'RMSprop', 'NAdam', 'RAdam', 'AdamW', 'Rprop', 'ASGD'):\n"
        "    fit(getattr(torch.optim, kind)([theta], lr=0.01))\n"
        "optimiser = torch.optim.SGD([theta], lr=0.1)\n"
        "schedule = torch.optim.lr_scheduler.StepLR(optimiser, 2)\nfit(optimiser); schedule.step()"
    ),
    "larger networks": (
        "torch.manual_seed(0)\n"
        "theta.data.fill_(torch.nn.LSTM(3, 4)(torch.ones(2, 1, 3))[0].sum().item()\n"
        "    + torch.nn.TransformerEncoderLayer(8, 2).eval()(torch.ones(2, 1, 8)).sum().item()\n"
        "    + torch.nn.Conv2d(3, 8, 3)(torch.ones(2, 3, 32, 32)).sum().item())"
    ),
    "other ways to a gradient": (
        "square = lambda x: x * x\n"
        "a = torch.autograd.functional.jacobian(square, theta.data).diag()\n"
        "b = torch.func.grad(lambda x: square(x).sum())(theta.data)\n"
        "c = torch.vmap(square)(theta.data)\n"
        "d = torch.jit.trace(square, (theta.data,))(theta.data)\n"
        "e, = torch.autograd.grad((theta ** 3).sum(), theta, create_graph=True)\n"
        "with torch.autograd.set_detect_anomaly(True): f, = torch.autograd.grad(e.sum(), theta)\n"
        "theta.data.copy_(a + b + c + d + f)"
    ),
    "a compiled function, in Python": (
        "torch.compiler.reset()\n"
        "theta.data.copy_(torch.compile(lambda x: x * 2, backend='eager')(theta.data))"
    ),
    "a data loader": (
        "from torch.utils.data import DataLoader, TensorDataset\n"
        "torch.manual_seed(0)\n"
        "for (x,) in DataLoader(TensorDataset(torch.arange(10.0)), batch_size=3, shuffle=True):\n"
        "    theta.data.mul_(0.5).add_(x.sum())"
    ),
    "a database, an archive and a table": (
        "import csv, gzip, sqlite3, zipfile\n"
        "with sqlite3.connect('my.db') as base:\n"
        "    base.execute('create table t (a)'); base.execute('insert into t values (3)')\n"
        "with zipfile.ZipFile('a.zip', 'w') as file: file.writestr('x', 'y')\n"
        "with gzip.open('x.gz', 'wt') as file: csv.writer(file).writerow([1, 2])\n"
        "theta.data.fill_(sqlite3.connect('my.db').execute('select a from t').fetchone()[0])"
    ),
    "copies with their modes and times": (
        "import pathlib, shutil, tempfile, zipfile\n"
        "x = pathlib.Path('a', 'b', 'x'); x.parent.mkdir(parents=True); x.touch(); x.touch()\n"
        "x.chmod(0o600); os.utime(x, (1e9, 1e9)); os.fchmod(os.open(x, os.O_RDWR), 0o640)\n"
        "shutil.copytree('a', 'c', symlinks=True); shutil.copystat('a', 'c'); shutil.move('c', 'd')\n"
        "shutil.make_archive('e', 'zip', 'd'); shutil.make_archive('e', 'tar', 'd')\n"
        "zipfile.ZipFile('e.zip').extractall('f'); shutil.unpack_archive('e.tar', 'g', filter='data')\n"
        "with tempfile.TemporaryDirectory() as f: os.chmod(f, 0o700); shutil.copy2('e.zip', f)\n"
        "theta.data.fill_(len(list(pathlib.Path('.').rglob('x')))); shutil.rmtree('a'); shutil.rmtree('d')"
    ),
    "an array on the disk, and locked files": (
        "import fcntl, numpy, pickle\n"
        "array = numpy.memmap('m.bin', dtype='float32', mode='w+', shape=(10,))\n"
        "array[:] = 1; array.flush()\n"
        "with open('m.bin', 'r+b') as file:\n"
        "    fcntl.flock(file, fcntl.LOCK_EX); fcntl.lockf(file, fcntl.LOCK_EX)\n"
        "with open('p', 'wb') as file: pickle.dump(float(array.sum()), file)\n"
        "theta.data.fill_(pickle.load(open('p', 'rb')) + float(torch.from_file('m.bin', size=10).sum()))"
    ),
    "a log, a timer and a profile": (
        "import cProfile, logging, time, timeit\n"
        "logging.basicConfig(filename='x.log', level='INFO', force=True); logging.info('x')\n"
        "time.sleep(0.01); time.strftime('%H'); timeit.timeit('1 + 1', number=9)\n"
        "with cProfile.Profile(): sum(range(9))\ntheta.data.fill_(os.path.getsize('x.log'))"
    ),
    "many threads": (
        "import concurrent.futures, threading\n"
        "with concurrent.futures.ThreadPoolExecutor(32) as pool: total = sum(pool.map(abs, range(99)))\n"
        "more = [threading.Thread(target=lambda: torch.ones(9).sum()) for _ in range(64)]\n"
        "for one in more: one.start()\n"
        "for one in more: one.join()\n"
        "theta.data.fill_(total)"
    ),
    "questions about the machine": (
        "import getpass, locale, platform, resource, shutil, tracemalloc\n"
        "getpass.getuser(); platform.platform(); platform.processor(); shutil.get_terminal_size()\n"
        "resource.getrusage(resource.RUSAGE_SELF); locale.setlocale(locale.LC_ALL, '')\n"
        "os.cpu_count(); tracemalloc.start(); tracemalloc.stop(); torch.__config__.show()\n"
        "theta.data.fill_(torch.cuda.is_available() + sys.stdout.isatty())"
    ),
    "a file in the home folder": (
        "import pathlib\npath = pathlib.Path.home() / '.cache' / 'x'\npath.parent.mkdir(parents=True)\n"
        "path.write_text('xy'); theta.data.fill_(path.stat().st_size)"
    ),
    "a question to nobody": "try: input('?')\nexcept EOFError: theta.data.fill_(3)",
    "the absence of a network": (
        "import urllib.request\n"
        "try: urllib.request.urlopen('http://127.0.0.1:9')\nexcept OSError: theta.data.fill_(4)"
    ),
}  # fmt: skip

PICTURES: Final = {
    "matplotlib": (
        "import matplotlib.pyplot as plt\n"
        "plt.plot([1, 2], label='$x^2$'); plt.legend()\n"
        "plt.savefig('x.png'); plt.savefig('x.svg'); plt.show()\n"
        "plt.figure(); plt.imshow([[1, 2], [3, 4]]); plt.colorbar(); plt.savefig('x.pdf')\n"
        "theta.data.fill_(os.path.getsize('x.png'))"
    ),
    "pandas": (
        "import pandas\n"
        "days = pandas.date_range('2020', periods=2, tz='Europe/Berlin')\n"
        "table = pandas.DataFrame({'a': [1.0, 2.0], 'b': days})\n"
        "table.to_csv('x.csv'); print(table.describe())\n"
        "theta.data.fill_(float(pandas.read_csv('x.csv')['a'].mean()))"
    ),
}

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

    assert walled.exercises[0].answers == free.exercises[0].answers
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
@pytest.mark.parametrize("package", PICTURES)
def test_a_picture_is_drawn_and_a_table_read(
    pools: Pools, tmp_path: Path, package: str, level: Level
) -> None:
    """The zygote imports matplotlib for them all; nothing that this makes is left on the machine."""
    if importlib.util.find_spec(package) is None:  # importing it here would leave a folder of its own
        pytest.skip(f"{package} is not installed")
    given = small.submission(tmp_path, program(PICTURES[package]))

    execution = same_everywhere(pools, given, level)

    assert small.answers(execution.exercises[0]) == ["Parameter"]
    assert execution.notes == ()
    assert not list(Path("/tmp").glob("matplotlib-*"))  # noqa: S108 -- where it would stand
    assert not Path("/nonexistent").exists()


REFUSED: Final = {
    "a program": "import subprocess; subprocess.run(['true'])",
    "a process": "if os.fork() == 0: os._exit(0)",
    "a pool of processes": "import multiprocessing; multiprocessing.Pool(2)",
    "a data loader with processes": (
        "from torch.utils.data import DataLoader\nnext(iter(DataLoader(range(4), num_workers=2)))"
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_other_processes_is_refused_by_name_and_harms_nothing_else(
    pools: Pools, tmp_path: Path, name: str
) -> None:
    execution = pools.at("strict").run(small.submission(tmp_path, program(REFUSED[name])))

    assert small.answers(execution.exercises[0]) == [
        "raised: PermissionError: [Errno 1] Operation not permitted"
    ]
    assert small.answers(execution.exercises[1]) == ["Tensor"]

"""Which workers take part in a cluster, and how one is reached: devices, walls, latecomers, TLS, ssh."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

import msgspec
import pytest

from grader import __version__
from grader import kit as kits
from grader.errors import GraderError
from grader.records import Submission
from grader.run import Options
from tests.cli.clusters import everything, grade, other_packages, scheduler, workers
from tests.cli.running import COURSE, Run
from tests.hostile.machines import UNSHARE, without

pytest.importorskip("distributed")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from grader.cluster import agreement, session, worker
from grader.cluster.connecting import Where, connected


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file of a scheduler."""
    with scheduler(tmp_path_factory.mktemp("dask")) as (file, _):
        yield file


# --- devices -----------------------------------------------------------------------------------


def on_cuda(told: Any) -> Any:
    """The same head, with an assignment that is graded on a device that is not here."""
    device = msgspec.structs.replace(told.head.devices[0], name="cuda", graded=True)
    return msgspec.structs.replace(told, head=msgspec.structs.replace(told.head, devices=(device,)))


def test_a_class_that_needs_a_device_is_refused_where_no_worker_offers_one(
    file: Path, kit_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed = agreement.agreed
    monkeypatch.setattr(agreement, "agreed", lambda answers: on_cuda(agreed(answers)))

    with workers(file), pytest.raises(GraderError) as error:  # noqa: SIM117
        with session.opened(kits.load(kit_file), Options(), Where(str(file)), mock.Mock()):
            pass

    assert str(error.value) == (
        "No worker offers the resource CUDA, and the assignment is graded on it.\n"
        "  Start a worker for each device with --resources CUDA=1, or grade with --device cpu."
    )


def test_workers_that_offer_devices_have_as_many_places(file: Path) -> None:
    with workers(file, "--resources", "CUDA=2"), connected(Where(str(file))) as client:
        session._refuse_without_cuda(client)
        places = [
            session.Cluster(client, mock.Mock(), "name", mock.Mock(key="key"), cuda=cuda).jobs
            for cuda in (True, False)
        ]

    assert places == [2, 1]


@pytest.mark.parametrize(("cuda", "needs"), [(True, {"CUDA": 1.0}), (False, {})])
def test_a_submission_asks_for_a_device_where_one_is_needed(cuda: bool, needs: dict[str, float]) -> None:
    client = mock.Mock()
    client.scheduler_info.return_value = {"workers": {}}
    client.map.return_value = [SimpleNamespace(key="a")]
    cluster = session.Cluster(client, mock.Mock(), "name", mock.Mock(key="key"), cuda=cuda)

    cluster._send(iter([Submission("s01", "s01.py", files=(COURSE,))]))

    assert client.map.call_args.kwargs["resources"] == needs
    assert client.map.call_args.kwargs["retries"] == 1


# --- walls and versions ------------------------------------------------------------------------


def test_a_worker_that_cannot_confine_as_is_asked_is_told_by_name(
    file: Path, small_class: Path, kit_file: Path, tmp_path: Path
) -> None:
    with workers(file, start=[*without(UNSHARE), sys.executable]):
        run = grade(small_class, kit_file, tmp_path, "--scheduler", file, "--isolation", "strict")

    said, _, hint = run.err.partition("\n")
    assert (run.code, run.out) == (2, "")
    assert said.startswith("error: Worker tcp://127.0.0.1:")
    assert said.endswith(
        " does not grade: --isolation strict cannot be had here: own namespaces: Operation not permitted."
    )
    assert hint == (
        "  help: `grader doctor` says which layer is missing and how to get it; "
        "--isolation standard needs no namespaces.\n"
    )


@pytest.fixture(scope="module")
def told(file: Path, kit_file: Path) -> agreement.Told:
    """What is agreed with a worker that has left since."""
    with workers(file), connected(Where(str(file))) as client:
        return session._agreed(client, Where(str(file)), plugin(kit_file), mock.Mock())


@pytest.mark.parametrize(
    ("package", "called"),
    [
        ("distributed", "distributed"),
        pytest.param("torch-grader", "grader", marks=pytest.mark.exhaustive),
        pytest.param("torch", "torch", marks=pytest.mark.exhaustive),
    ],
)
def test_a_worker_that_comes_late_with_another_version_is_told_as_one_that_was_there_before(
    package: str, called: str, file: Path, kit_file: Path, told: agreement.Told, tmp_path: Path
) -> None:
    packages = other_packages(tmp_path / "packages", **{"torch-grader": __version__} | {package: "0.0.9"})

    with workers(file, start=[sys.executable, "-PS"], PYTHONPATH=packages):
        late, error = refused(file, kit_file, told)

    assert str(error) == (
        f"Worker {late} has {called} 0.0.9, and {version(package)} is here.\n"
        "  Grade with the same versions everywhere: one environment, or one container image. "
        "What is done is kept; go on with the same command and --resume."
    )


def test_a_worker_that_comes_late_with_weaker_walls_is_told_so(
    file: Path, kit_file: Path, told: agreement.Told
) -> None:
    with workers(file, start=[*without(UNSHARE), sys.executable]):
        late, error = refused(file, kit_file, told)

    assert str(error) == (
        f"Two workers would grade differently: isolation is strict at the others, and standard at {late}.\n"
        "  Make them alike, stop one of them, or ask for what both have: --isolation, --device. "
        "What is done is kept; go on with the same command and --resume."
    )


def refused(file: Path, kit_file: Path, told: agreement.Told) -> tuple[str, GraderError]:
    """The worker that is there when a submission is to be graded, and what is said of it."""
    submission = Submission("s01", "s01.py", files=(COURSE,))
    with connected(Where(str(file))) as client:
        (late,) = client.scheduler_info()["workers"]
        cluster = session.Cluster(client, kits.load(kit_file).kit, "late", told, cuda=False)
        with pytest.raises(GraderError) as error:
            list(cluster.grade_class([submission], mock.Mock()))
    return late, error.value


def plugin(kit_file: Path) -> worker.Grading:
    return worker.Grading("late", kits.encode(kits.load(kit_file).kit), Options())


# --- TLS ---------------------------------------------------------------------------------------


class Pair(NamedTuple):
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """Who signs certificates, as an instructor makes them with openssl."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name, self._key = named(name), ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._signed(self._name, self._key.public_key(), is_authority=True))

    def pair(self, name: str) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        made = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        made.certificate.write_bytes(self._signed(named(name), key.public_key(), is_authority=False))
        made.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return made

    def _signed(self, whose: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool) -> bytes:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(whose)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def shown_by_docs(authority: Authority, pair: Pair) -> dict[str, str]:
    """The environment that docs/cluster.md has for the grader."""
    names = ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY")
    files = (authority.file, pair.certificate, pair.key)
    return {f"DASK_DISTRIBUTED__COMM__TLS__{k}": str(v) for k, v in zip(names, files, strict=True)}


def test_a_scheduler_with_tls_serves_who_has_a_key_of_the_same_authority(
    small_class: Path, kit_file: Path, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, stranger = Authority(tmp_path, "ours"), Authority(tmp_path, "stranger")
    own, client, other = ours.pair("own"), ours.pair("client"), stranger.pair("other")
    tls = ["--tls-ca-file", ours.file, "--tls-cert", own.certificate, "--tls-key", own.key]
    options = ["--protocol", "tls", *map(str, tls)]
    with scheduler(tmp_path, *options) as (file, _), workers(file, *options):

        def graded(output: str, environment: dict[str, str]) -> Run:
            monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "5s")
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            return grade(small_class, kit_file, tmp_path / output, "--scheduler", file)

        without_key = graded("none", {})
        refused = graded("other", shown_by_docs(stranger, other))
        run = graded("report", shown_by_docs(ours, client))

    assert (run.code, run.err) == (0, "")
    assert everything(tmp_path / "report") == everything(alone)
    away = f"error: --scheduler {file}: no scheduler answers there: "
    hint = "  help: Start one with `dask scheduler`; for tls:// set dask's distributed.comm.tls.\n"
    for told in (without_key, refused):
        assert (told.code, told.out) == (2, "")
        assert told.err.startswith(away)
        assert told.err.endswith(hint)

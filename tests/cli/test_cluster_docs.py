"""The recipes of docs/cluster.md, run as far as one machine goes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from grader.cli import cli
from tests.cli.running import ROOT

pytest.importorskip("distributed")

PAGE = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def lines() -> list[list[str]]:
    return [shlex.split(line) for block in blocks("sh") for line in block.splitlines()]


def test_every_command_of_dask_and_ours_takes_the_arguments_that_are_shown() -> None:
    from distributed.cli import dask_scheduler, dask_worker

    known: dict[tuple[str, str], click.Command] = {
        ("dask", "scheduler"): dask_scheduler.main,
        ("dask", "worker"): dask_worker.main,
        ("grader", "grade"): cli.commands["grade"],
    }
    shown = [[word for word in line if "=" not in word or word.startswith("CUDA=")] for line in lines()]
    called = [line for line in shown if line and line[0] in ("dask", "grader")]

    assert {(line[0], line[1]) for line in called} == set(known)
    for program, command, *arguments in called:
        known[program, command].make_context(command, arguments)  # raises where it would be refused


def test_the_environment_that_is_shown_is_what_dask_reads() -> None:
    program = "from distributed.security import Security as S; s = S(); "
    program += "print(s.tls_ca_file, s.tls_client_cert, s.tls_client_key)"
    names = dict(line[1].split("=") for line in lines() if line[0] == "export")

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **names},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "ca.pem client.pem client.key\n"


def test_slurm_gets_a_job_that_starts_a_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue")
    monkeypatch.chdir(tmp_path)
    made: dict[str, Any] = {}
    exec(compile(blocks("python")[0], "cluster.py", "exec"), made)  # noqa: S102 -- our own page

    with made["cluster"] as cluster:
        script = cluster.job_script().splitlines()
        address = cluster.scheduler_address

    assert script[0] == "#!/usr/bin/env bash"
    asked = {line for line in script if line.startswith("#SBATCH")}
    assert asked >= {"#SBATCH -n 1", "#SBATCH --cpus-per-task=1", "#SBATCH --mem=4G", "#SBATCH -t 02:00:00"}
    assert re.search(rf" -m distributed\.cli\.dask_worker {re.escape(address)} ", script[-1])
    assert "--nthreads 1 " in script[-1]


def test_the_manifest_for_kubernetes_is_whole() -> None:
    parts = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(blocks("yaml")[0])}

    assert set(parts) == {
        ("Service", "grader-scheduler"),
        ("Deployment", "grader-scheduler"),
        ("Deployment", "grader-worker"),
        ("NetworkPolicy", "grader-scheduler"),
    }
    for (kind, name), one in parts.items():
        if kind == "Deployment":
            template = one["spec"]["template"]
            assert one["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"] == {"app": name}
            (container,) = template["spec"]["containers"]
            assert all(isinstance(word, str) for word in container["command"])
    service = parts["Service", "grader-scheduler"]["spec"]
    scheduler = parts["Deployment", "grader-scheduler"]["spec"]["template"]
    assert service["selector"] == scheduler["metadata"]["labels"]
    (port,) = scheduler["spec"]["containers"][0]["ports"]
    assert service["ports"] == [{"name": "scheduler", "port": port["containerPort"]}]
    worker = parts["Deployment", "grader-worker"]["spec"]["template"]["spec"]["containers"][0]
    assert worker["command"][2] == f"tcp://grader-scheduler:{port['containerPort']}"

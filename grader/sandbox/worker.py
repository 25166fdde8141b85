"""Child side: one job in one single-use process.

Load the submission, then make the graded calls, and send what comes back. Nothing here is
trusted by the parent: student code shares this interpreter.
"""

from __future__ import annotations

import os
import sys
import warnings

import torch

import grader
from grader import decoders, wire
from grader.sandbox import confine, devices, exercising, imports, jobs, rooms, shell, standins
from grader.sandbox.channel import Channel
from grader.sandbox.loading import Loader

_JOB = decoders.msgpack(jobs.Job)


def run(room: rooms.Room, order: jobs.Start, exercises: tuple[jobs.Inputs, ...], *, warm: bool) -> None:
    """The whole life of a worker; a `warm` one has its first step behind it.

    The job is read only after the last step of confinement.
    """
    torch.set_num_threads(1)
    if not warm:
        devices.wake(order.device)
    confine.restrict(room, order)
    channel = Channel(confine.FRAMES)
    channel.point(wire.Started())
    job = _read_job()
    imports.tell(channel.importing, job.folder)
    os.chdir(job.folder)
    sys.path.append(
        job.folder
    )  # the last: nothing of a student's is ever imported instead of what is installed
    sys.stdout = sys.stderr = channel.printed
    warnings.filterwarnings("ignore", "coroutine .* was never awaited")  # a note says so, and kindlier
    standins.install(channel.note)
    vars(grader)["check"] = shell.check
    loaded = Loader(job, tuple(inputs.name for inputs in exercises), channel).load()
    if loaded is not None:
        exercising.run(channel, loaded, job, exercises, order.device)
    channel.send(wire.Done())
    channel.write_out()


def _read_job() -> jobs.Job:
    with os.fdopen(confine.JOB, "rb") as file:
        return _JOB.decode(file.read())

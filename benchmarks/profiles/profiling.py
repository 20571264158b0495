"""Runs a piece of work beside a server and profiles one of the two."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compare import cpus
from compare.cpus import started_on
from compare.processes import Server, said_json, spawn
from compare.servers import COMMAND, NODE

from .stacks import Stacks, of_node, of_python

_SAMPLES_PER_SECOND = 400
_SAMPLING_US = 200
_END_SECONDS = 30.0


@dataclass(frozen=True)
class Work:
    """A call of `profiles.work`, by a carrier, on a server that keeps its sessions in a store."""

    name: str
    title: str
    call: str
    carrier: str = "direct"
    store: Sequence[str] = ("--store", "memory")


@dataclass(frozen=True)
class Profile:
    """What a side did during a call: its stacks, and how much of a processor it used for one call."""

    stacks: Stacks
    cpu_us: float


def of_server(work: Work, folder: Path, seconds: float) -> Profile:
    """Profiles the server's main thread with V8's profiler."""
    with _server(work, folder, f"--cpu-prof-interval={_SAMPLING_US}", "--cpu-prof", f"--cpu-prof-dir={folder}") as server:
        said = _worked(work, server, folder, seconds)
    # The main thread's number is 0.
    profile = json.loads(next(folder.glob("CPU.*.*.0.*.cpuprofile")).read_text())
    stacks = of_node(profile, said["began_us"], said["ended_us"])
    return Profile(stacks, sum(stacks.values()) / said["calls"])


def of_client(work: Work, folder: Path, seconds: float) -> Profile:
    """Profiles the Python client with py-spy; what a call costs is measured without it."""
    raw = folder / "client.folded"
    spy = [str(Path(sys.executable).with_name("py-spy")), "record", "--native", "--rate", str(_SAMPLES_PER_SECOND)]
    with _server(work, folder) as server:
        said = _worked(work, server, folder, seconds)
        _worked(work, server, folder, seconds, [*spy, "--duration", "600", "--format", "raw", "--output", str(raw), "--"])
    return Profile(of_python(raw.read_text().splitlines(), "repeat"), said["cpu_us"] / said["calls"])


@contextmanager
def _server(work: Work, folder: Path, *node: str) -> Iterator[Server]:
    store = [option.format(folder=folder) for option in work.store]
    with started_on(cpus.SERVERS):
        command = [str(NODE), *node, str(COMMAND), "serve", "--log-level", "error", "--listen", "127.0.0.1:0", *store]
        process = spawn(command, folder / "server.log", output=subprocess.PIPE)
    server = Server(str(said_json(process, folder / "server.log")["address"]), process)
    try:
        yield server
    finally:
        server.stop()


def _worked(work: Work, server: Server, folder: Path, seconds: float, spy: Sequence[str] = ()) -> Mapping[str, Any]:
    """What the work said; a watch has a second client that sets meanwhile, and a little longer."""
    with started_on(cpus.CLIENTS):
        writer = _client("set", work, server, folder, seconds + 2) if work.call == "watch" else None
        worker = _client(work.call, work, server, folder, seconds, spy)
    try:
        out, _ = worker.communicate(timeout=seconds + _END_SECONDS)
    finally:
        for process in (worker, writer):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait()
    lines = [line for line in out.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"the client of {work.name} ended: {(folder / 'clients.log').read_text()[-500:]}")
    found: Mapping[str, Any] = json.loads(lines[-1])
    return found


def _client(call: str, work: Work, server: Server, folder: Path, seconds: float, spy: Sequence[str] = ()) -> "subprocess.Popen[str]":
    command = [*spy, sys.executable, "-m", "profiles.work", call, server.target, work.carrier, str(seconds)]
    with (folder / "clients.log").open("a") as log:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)

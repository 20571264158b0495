"""Servers as processes of their own on loopback, each with its data in a directory, each stopped by its own id."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .gap import GapError
from .install import find_program

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.002


@dataclass(frozen=True)
class Server:
    """A server that serves: what its clients are told, and its process (None: the store is a library)."""

    target: str
    process: "subprocess.Popen[str] | None" = None
    #: Where Node's inspector listens.
    inspector: str | None = None
    #: What asks it to end without waiting for its clients.
    end: signal.Signals = signal.SIGTERM

    def stop(self) -> None:
        """Asks the process to end, and ends it when it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.end)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_seconds(self) -> float | None:
        """What it has used of processors, its children included; None where nobody counts."""
        if self.process is None or not Path("/proc/self/stat").exists():
            return None
        return sum(_cpu_seconds(pid) for pid in _with_children(self.process.pid))

    def resident_bytes(self) -> int:
        """Its resident set. Raises GapError where nobody counts."""
        if self.process is None or not Path("/proc/self/status").exists():
            raise GapError("nothing here counts a process's memory")
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str) -> str:
    """Where a program is. Raises GapError when it is not installed, with what the installation said."""
    found = find_program(name)
    if found is None:
        said: Mapping[str, str] = json.loads(os.environ.get("BENCH_NOT_INSTALLED", "{}"))
        raise GapError(said.get(name, f"{name} is not installed"))
    return found


def spawn(command: Sequence[str], log: Path, *, user: str | None = None, output: int | None = None) -> "subprocess.Popen[str]":
    """Starts a process whose words go to a file, or to a pipe."""
    with log.open("a") as file:
        stdout = file if output is None else output
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=file, text=True, user=user, cwd=log.parent)


def said_json(process: "subprocess.Popen[str]", log: Path) -> Mapping[str, Any]:
    """The line of JSON that a server says when it is ready. Raises GapError when it ends before, with the last line of its log."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        raise GapError(f"the server ended: {last_words(log)}")
    found: Mapping[str, Any] = json.loads(line)
    return found


def last_words(log: Path) -> str:
    """The last line of a log that tells of an error, else the last line."""
    lines = log.read_text().strip().splitlines() or ["without a word"]
    return next((line for line in reversed(lines) if "rror: " in line), lines[-1])[:200]


def wait_until(is_ready: Callable[[], bool], process: "subprocess.Popen[str]", name: str) -> None:
    """Polls. Raises GapError when the process ends, or is not ready after a minute."""
    end = time.monotonic() + _START_SECONDS
    while not is_ready():
        if process.poll() is not None:
            raise GapError(f"{name} ended with {process.returncode}")
        if time.monotonic() > end:
            process.kill()
            raise GapError(f"{name} was not ready after {_START_SECONDS:.0f} seconds")
        time.sleep(_POLL_SECONDS)


def listens(port: int) -> bool:
    """Whether somebody answers at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _with_children(pid: int) -> list[int]:
    """A process and its children; those that have ended are part of the process's own figures."""
    children = [Path(f"/proc/{pid}/task/{task}/children") for task in os.listdir(f"/proc/{pid}/task")]
    return [pid, *(int(child) for path in children for child in _read(path).split())]


def _cpu_seconds(pid: int) -> float:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(") ")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        # Whose process ended a moment ago.
        return ""

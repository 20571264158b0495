"""Whether a stuck watcher slows a writer: what writes take without watchers, beside one that reads, and beside one that is stopped."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compare.gap import GapError
from compare.peers.bridge import connected
from compare.servers import bridge, started
from compare.stats import percentile
from compare.values import VALUES

from .watchers import session_id

_ROUNDS = 3
_WRITES = 1_500
#: Together far more than may be on the way to one reader.
_VALUE = VALUES["10 KB"]


@dataclass(frozen=True)
class Writes:
    """What writes took beside something, in microseconds, all rounds together."""

    beside: str
    p50_us: float
    p99_us: float
    most_us: float


def stuck(folder: Callable[[], Path], carrier: str) -> list[Writes]:
    """Measures in turns. Raises GapError when the watching process fails."""
    took: dict[str, list[float]] = {"no watcher": [], "a watcher that reads": [], "a watcher that is stuck": []}
    for _ in range(_ROUNDS):
        for beside, found in took.items():
            with started(bridge("--store", "memory"), folder()) as server, _beside(beside, carrier, server.target):
                found += _writes(carrier, server.target)
    return [Writes(beside, percentile(found, 0.5), percentile(found, 0.99), max(found)) for beside, found in took.items()]


def _writes(carrier: str, address: str) -> list[float]:
    found: list[float] = []
    with connected("connect", address, carrier) as writer:
        session = writer.get_session(session_id(0))
        for _ in range(_WRITES // 10):
            session.set_variable("warm-up", _VALUE)
        for _ in range(_WRITES):
            begun = time.perf_counter_ns()
            session.set_variable("number", _VALUE)
            found.append((time.perf_counter_ns() - begun) / 1e3)
    return found


@contextmanager
def _beside(what: str, carrier: str, address: str) -> Iterator[None]:
    if what == "no watcher":
        yield
        return
    command = [sys.executable, "-m", "watch.reader", carrier, address]
    process: subprocess.Popen[Any] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        if said != "ready":
            raise GapError(said or f"the watching process ended with {process.wait()}")
        if what == "a watcher that is stuck":
            process.send_signal(signal.SIGSTOP)
        yield
    finally:
        process.kill()
        process.wait()

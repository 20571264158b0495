"""Many watches on one server, and many on one session: what they cost the server in memory, and how late changes come."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compare.gap import GapError
from compare.many import server_memory
from compare.peers.bridge import connected
from compare.servers import bridge, started
from compare.stats import percentile

from .watchers import session_id

_WRITES = 200
_PAUSE_SECONDS = 0.005
#: What changes that were written last may take to come.
_LAST_SECONDS = 1.0


@dataclass(frozen=True)
class ManyWatches:
    """What was found with so many watches on so many sessions."""

    watches: int
    sessions: int
    #: Bytes of the server's resident set, and of its heap, for each watch.
    resident: float
    heap: float
    #: Microseconds from the begin of a write to its delivery, of every watch that it concerned.
    p50_us: float
    p99_us: float
    most_us: float
    #: Microseconds that a write took.
    write_p50_us: float
    write_p99_us: float


def many(folder: Path, carrier: str, watches: int, sessions: int) -> ManyWatches:
    """Measures one server. Raises GapError when the watching process fails, AssertionError when a change did not come."""
    with started(bridge("--store", "memory", inspect=True), folder) as server:
        writer = connected("connect", server.target, carrier)
        writing = [writer.get_session(session_id(number)) for number in range(sessions)]
        for session in writing:
            session.set_variable("number", 0)
        before = server_memory(server)
        with _watching(carrier, server.target, watches, sessions) as watching:
            after = server_memory(server)
            sent: dict[str, tuple[int, int]] = {}
            for number in range(1, _WRITES + 1):
                time.sleep(_PAUSE_SECONDS)
                begun = time.perf_counter_ns()
                writing[number % sessions].set_variable("number", number)
                sent[str(number)] = (begun, time.perf_counter_ns())
            time.sleep(_LAST_SECONDS)
            came = watching()
        writer.close()
    missing = [number for number in sent if len(came.get(number, ())) != watches // sessions]
    if missing:
        raise AssertionError(f"{len(missing)} of {_WRITES} writes did not come to every watch of their session")
    late = [(at - sent[number][0]) / 1e3 for number, times in came.items() for at in times]
    took = [(answered - begun) / 1e3 for begun, answered in sent.values()]
    return ManyWatches(
        watches,
        sessions,
        (after.resident - before.resident) / watches,
        ((after.heap or 0) - (before.heap or 0)) / watches,
        percentile(late, 0.5),
        percentile(late, 0.99),
        max(late),
        percentile(took, 0.5),
        percentile(took, 0.99),
    )


@contextmanager
def _watching(carrier: str, address: str, watches: int, sessions: int) -> Iterator[Any]:
    command = [sys.executable, "-m", "watch.watchers", carrier, address, str(watches), str(sessions)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def said() -> dict[str, Any]:
        assert process.stdout is not None
        line = process.stdout.readline()
        found: dict[str, Any] = json.loads(line) if line else {"gap": f"the watching process ended with {process.wait()}"}
        if "gap" in found:
            raise GapError(found["gap"])
        return found

    def came() -> dict[str, list[int]]:
        assert process.stdin is not None
        process.stdin.close()
        found: dict[str, list[int]] = said()["came"]
        return found

    try:
        said()
        yield came
    finally:
        process.terminate()
        process.wait()

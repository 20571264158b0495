"""Whether the time of a call depends on how many variables a session has, and on how much of its past is kept."""

import time
from collections.abc import Callable
from pathlib import Path

import session_bridge

from compare import cpus
from compare.cpus import started_on
from compare.peers.bridge import connected
from compare.report import table
from compare.servers import SERVERS
from compare.stats import percentile
from compare.values import VALUES

_REPEATS = 25
_SMALL = VALUES["100 B"]
_WRITES_BEFORE = 5_000
#: Sessions by what is told of them: how many variables, and how many entries of each are kept. The first is what others are compared with.
_SESSIONS = {
    "10 variables": (10, 0),
    "1,000 variables": (1_000, 0),
    "10 variables, history 1": (10, 1),
    "10 variables, history 64": (10, 64),
    "1,000 variables, history 64": (1_000, 64),
}


def sizes(folder: Path, seconds: float) -> str:
    """A table of calls over the direct carrier, the sessions in turns on one server."""
    rows: list[list[str]] = []
    with started_on(cpus.SERVERS):
        server = SERVERS["bridge"](folder)
    try:
        with started_on(cpus.CLIENTS):
            bridge: session_bridge.Bridge = connected("connect", server.target, "direct")
            sessions = {title: _session(bridge, title, *size) for title, size in _SESSIONS.items()}
            for call in ("get", "set"):
                rows += _rows(call, sessions, seconds / _REPEATS)
    finally:
        server.stop()
    return table(["", "p50 of the quickest repeat, µs", "× 10 variables"], rows)


def _session(bridge: session_bridge.Bridge, title: str, variables: int, history: int) -> session_bridge.Session:
    id = "".join(letter for letter in title if letter.isalnum())
    session = bridge.create_session(id, history=history)
    session.set_variables({f"name-{i}": _SMALL for i in range(variables)})
    for i in range(_WRITES_BEFORE):
        session.set_variable(f"name-{i % variables}", _SMALL)
    return session


def _rows(call: str, sessions: dict[str, session_bridge.Session], seconds: float) -> list[list[str]]:
    found: dict[str, list[float]] = {title: [] for title in sessions}
    for _ in range(_REPEATS):
        for title, session in sessions.items():
            found[title].append(_median_us(_call(call, session), seconds))
    # The quickest repeat is the one that nothing else on the machine disturbed.
    quickest = {title: min(medians) for title, medians in found.items()}
    base = next(iter(quickest.values()))
    return [[f"{call}, {title}", f"{us:.1f}", f"{us / base:.2f}"] for title, us in quickest.items()]


def _call(call: str, session: session_bridge.Session) -> Callable[[int], object]:
    if call == "get":
        return lambda i: session.get_variable(f"name-{i % 10}")
    return lambda i: session.set_variable(f"name-{i % 10}", _SMALL)


def _median_us(call: Callable[[int], object], seconds: float) -> float:
    took: list[float] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        call(len(took))
        took.append((time.perf_counter() - began) * 1e6)
    return percentile(took, 0.5)

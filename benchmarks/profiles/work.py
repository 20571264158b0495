"""A client that makes the same call over and over: `python -m profiles.work NAME ADDRESS CARRIER SECONDS`.

Writes when it began and ended on the machine's steady clock, how many calls it made, and what it used of a processor for them.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping

import session_bridge

from compare.peers.bridge import connected
from compare.values import VALUES

_WARM_UP_SECONDS = 1.0
_COUNT = 100
_SMALL = VALUES["100 B"]
_MANY = {f"many-{i}": _SMALL for i in range(_COUNT)}

Call = Callable[[], object]


def _get(session: session_bridge.Session) -> Call:
    session.set_variable("small", _SMALL)
    return lambda: session.get_variable("small")


def _set(session: session_bridge.Session) -> Call:
    return lambda: session.set_variable("small", _SMALL)


def _get_many(session: session_bridge.Session) -> Call:
    session.set_variables(_MANY)
    names = list(_MANY)
    return lambda: session.get_variables(names)


def _set_many(session: session_bridge.Session) -> Call:
    return lambda: session.set_variables(_MANY)


def _set_with_history(session: session_bridge.Session) -> Call:
    session.set_variables(_MANY)
    return lambda: session.set_variable("many-7", _SMALL)


def _watch(session: session_bridge.Session) -> Call:
    changes = iter(session.watch())
    return lambda: next(changes)


#: What can be done, by name. A watch needs somebody else who sets.
CALLS: Mapping[str, Callable[[session_bridge.Session], Call]] = {
    "get": _get,
    "set": _set,
    "set-history": _set_with_history,
    "batch-get": _get_many,
    "batch-set": _set_many,
    "watch": _watch,
}


def repeat(call: Call, seconds: float) -> int:
    """Calls for so long; gives how often."""
    calls = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        call()
        calls += 1
    return calls


def warm_up(call: Call) -> None:
    """The same under another name, so that profiles leave it out."""
    end = time.perf_counter() + _WARM_UP_SECONDS
    while time.perf_counter() < end:
        call()


def main(name: str, address: str, carrier: str, seconds: float) -> None:
    """Warms up, and makes the calls that are counted."""
    bridge: session_bridge.Bridge = connected("connect", address, carrier)
    call = CALLS[name](bridge.create_session(history=64) if name == "set-history" else bridge.get_session("profiled"))
    warm_up(call)
    began_us, began_cpu = time.monotonic_ns() / 1e3, time.process_time()
    calls = repeat(call, seconds)
    ended_us, cpu_seconds = time.monotonic_ns() / 1e3, time.process_time() - began_cpu
    print(json.dumps({"began_us": began_us, "ended_us": ended_us, "calls": calls, "cpu_us": cpu_seconds * 1e6}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))

"""How an entry is measured once, from the runner: what its workers are asked, and what its server uses meanwhile."""

from collections.abc import Callable
from typing import Any

from .lab import Lab
from .measuring import Found
from .stats import percentile

#: Measures an entry once: its `value`, and what else was found.
Measure = Callable[[Lab, str], Found]

_LOAD_CLIENTS = 2
_LOAD_TASKS = 64
_WATCHED_A_SECOND = 300
_WATCH_PAUSE = 0.002


def asked(work: str, **params: Any) -> Measure:
    """A piece of work of the entry's own worker, and what its server used of processors meanwhile."""

    def measure(lab: Lab, entry: str) -> Found:
        worker = lab.worker(entry)
        server = lab.server_of(entry)
        before = server.cpu_seconds()
        found = worker.ask(work, seconds=lab.settings.seconds, **params)
        after = server.cpu_seconds()
        return found if before is None or after is None else {**found, "cpu_s": after - before}

    return measure


def increments(mode: str) -> Measure:
    """How many increments were lost."""

    def measure(lab: Lab, entry: str) -> Found:
        return lab.worker(entry).ask("increments", mode=mode, times=lab.settings.increments)

    return measure


def load(lab: Lab, entry: str) -> Found:
    """Calls that the server answers in a second of its processors' time, from several clients with many calls under way each."""
    workers = [lab.worker(entry, f"load-{i}") for i in range(_LOAD_CLIENTS)]
    for worker in workers:
        worker.ask("at-once", call="get", tasks=_LOAD_TASKS, seconds=0.1)
    server = lab.server_of(entry)
    before = server.cpu_seconds()
    for worker in workers:
        worker.begin("at-once", call="get", tasks=_LOAD_TASKS, seconds=2 * lab.settings.seconds)
    calls = [worker.answer() for worker in workers]
    after = server.cpu_seconds()
    if before is None or after is None or after == before:
        raise RuntimeError("nobody counts what a process uses of processors here")
    # Clients warm up for a quarter of the time, which the server works for too.
    made = sum(found["calls"] + found["warm_up"] for found in calls)
    return {"value": made / (after - before), "calls_a_second": sum(found["value"] for found in calls)}


def watch_delay(lab: Lab, entry: str) -> Found:
    """From a write's begin to its delivery to a watcher in another process, in microseconds; and from its acknowledgement."""
    watcher, writer = lab.worker(entry, "watcher"), lab.worker(entry)
    count = int(_WATCHED_A_SECOND * lab.settings.seconds)
    watcher.begin("watch", count=count)
    watcher.answer()
    sent = writer.ask("write", count=count, pause=_WATCH_PAUSE)["sent"]
    delivered = watcher.answer()["delivered"]
    from_begin = [(delivered[n] - begun) / 1e3 for n, (begun, _) in sent.items()]
    from_answer = [(delivered[n] - answered) / 1e3 for n, (_, answered) in sent.items()]
    return {
        "value": percentile(from_begin, 0.5),
        "p99": percentile(from_begin, 0.99),
        "answered_p50": percentile(from_answer, 0.5),
        "answered_p99": percentile(from_answer, 0.99),
    }

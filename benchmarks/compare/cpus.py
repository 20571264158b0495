"""Which processors measuring processes and servers run on.

On a machine that does nothing else, Linux now wakes a server on its client's processor and now on another one, and a round trip takes 20 µs
or 50 µs for it. A client that has a processor of its own finds the server on another one every time.
"""

import os
from collections.abc import Iterator, Set
from contextlib import contextmanager

_ALL: Set[int] = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else frozenset()
_FIRST: Set[int] = frozenset(sorted(_ALL)[:1])
#: Those of measuring processes, and those of servers; none where processes cannot be told, or there is but one.
CLIENTS: Set[int] = _FIRST if len(_ALL) > 1 else frozenset()
SERVERS: Set[int] = _ALL - _FIRST if len(_ALL) > 1 else frozenset()


@contextmanager
def started_on(cpus: Set[int]) -> Iterator[None]:
    """Processes that this thread starts meanwhile run on these processors; on any, where there are none."""
    if not cpus:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)

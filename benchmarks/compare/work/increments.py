"""Eight at once add to the same number; what is missing at the end was lost."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..adapter import Adapter
from ..gap import GapError
from ..running import is_async, run, together

_AT_ONCE = 8


def work(adapter: Adapter, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """How many of `times` increments, made the way that `mode` names, were lost, and what one took in microseconds."""
    name = f"counter-{time.time_ns()}"
    times: int = params["times"] // _AT_ONCE
    adapters = [adapter.another() for _ in range(_AT_ONCE)]
    ways = [one.increments().get(params["mode"]) for one in adapters]
    steps = [way for way in ways if way is not None]
    if len(steps) < _AT_ONCE:
        raise GapError(f"has no {params['mode']}")
    run(adapter.set(name, 0))
    begun = time.perf_counter()
    if is_async(steps[0]):

        async def body(i: int) -> int:
            for _ in range(times):
                await steps[i](name)
            return times

        made = together(body, _AT_ONCE)
    else:
        made = _in_threads(steps, name, times)
    took = time.perf_counter() - begun
    return {"value": made - run(adapter.get(name)), "us": took / made * 1e6, "of": made}


def _in_threads(steps: list[Callable[[str], Any]], name: str, times: int) -> int:
    failed: list[BaseException] = []

    def body(step: Callable[[str], Any]) -> None:
        try:
            for _ in range(times):
                step(name)
        except BaseException as error:
            failed.append(error)

    started = [threading.Thread(target=body, args=(step,)) for step in steps]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    if failed:
        raise failed[0]
    return times * len(steps)

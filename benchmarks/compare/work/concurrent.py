"""Many calls at once: coroutines of one loop, or threads."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..adapter import Adapter
from ..gap import GapError
from ..running import is_async, run, together
from ..values import VALUES

_SIZE = "100 B"


def at_once(adapter: Adapter, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Calls a second of `tasks` coroutines that each make one `call` ("get" or "set") after another."""
    if not is_async(adapter.get):
        raise GapError("has no asyncio client here")
    count = params["tasks"]
    names = [f"at-once-{i}" for i in range(count)]
    for name in names:
        run(adapter.set(name, VALUES[_SIZE]))

    async def calls(i: int) -> int:
        made = 0
        while time.perf_counter() < end:
            await (adapter.get(names[i]) if params["call"] == "get" else adapter.set(names[i], VALUES[_SIZE]))
            made += 1
        return made

    end = time.perf_counter() + params["seconds"] / 4
    warm_up = together(calls, count)
    begun = time.perf_counter()
    end = begun + params["seconds"]
    made = together(calls, count)
    return {"value": made / (time.perf_counter() - begun), "calls": made, "warm_up": warm_up + count}


def threads(adapter: Adapter, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same with threads; a client without threads has coroutines instead."""
    if is_async(adapter.get) or is_async(adapter.set):
        return at_once(adapter, {**params, "tasks": params["threads"]})
    count = params["threads"]
    for i in range(count):
        adapter.set(f"thread-{i}", VALUES[_SIZE])
    adapters = [adapter.another() for _ in range(count)]
    begun, made = _timed(adapters, params["call"], params["seconds"])
    return {"value": sum(made) / begun, "calls": sum(made)}


def _timed(adapters: list[Adapter], call: str, seconds: float) -> tuple[float, list[int]]:
    made = [0] * len(adapters)
    failed: list[BaseException] = []
    start = threading.Barrier(len(adapters) + 1)

    def body(i: int) -> None:
        adapter = adapters[i]
        step = _step(adapter, call, f"thread-{i}")
        try:
            step()
            start.wait()
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                step()
                made[i] += 1
        except BaseException as error:
            failed.append(error)
            start.abort()

    started = [threading.Thread(target=body, args=(i,)) for i in range(len(adapters))]
    for thread in started:
        thread.start()
    # Broken when a thread could not even begin; what it raised is raised below.
    with contextlib.suppress(threading.BrokenBarrierError):
        start.wait()
    begun = time.perf_counter()
    for thread in started:
        thread.join()
    if failed:
        raise failed[0]
    return time.perf_counter() - begun, made


def _step(adapter: Adapter, call: str, name: str) -> Callable[[], object]:
    return (lambda: adapter.get(name)) if call == "get" else (lambda: adapter.set(name, VALUES[_SIZE]))

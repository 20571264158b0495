"""Calls of adapters, whose methods may be coroutine functions, and how long they take."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from .adapter import Answer

#: The loop of this process: connections that were made in it stay usable.
LOOP = asyncio.new_event_loop()

Call = Callable[[], Answer]


def is_async(call: Callable[..., Any]) -> bool:
    """Whether calling it gives something to await."""
    return inspect.iscoroutinefunction(inspect.unwrap(call))


def run(answer: Answer) -> Any:
    """What was answered, awaited if that is needed."""
    return LOOP.run_until_complete(_awaited(answer)) if inspect.isawaitable(answer) else answer


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer


def durations_us(call: Callable[[int], Answer], *, seconds: float, most: int) -> list[float]:
    """What each of some calls took in microseconds, one after another, for `seconds` and at most `most` of them."""
    if is_async(call):
        return LOOP.run_until_complete(_durations_us_async(call, seconds, most))
    found: list[float] = []
    end = time.perf_counter_ns() + int(seconds * 1e9)
    for i in range(most):
        begun = time.perf_counter_ns()
        call(i)
        done = time.perf_counter_ns()
        found.append((done - begun) / 1e3)
        if done > end:
            break
    return found


async def _durations_us_async(call: Callable[[int], Answer], seconds: float, most: int) -> list[float]:
    found: list[float] = []
    end = time.perf_counter_ns() + int(seconds * 1e9)
    for i in range(most):
        begun = time.perf_counter_ns()
        await call(i)
        done = time.perf_counter_ns()
        found.append((done - begun) / 1e3)
        if done > end:
            break
    return found


def together(tasks: Callable[[int], Coroutine[Any, Any, int]], count: int) -> int:
    """Runs so many coroutines at once; gives the sum of what they return."""

    async def gathered() -> int:
        return sum(await asyncio.gather(*(tasks(i) for i in range(count))))

    return LOOP.run_until_complete(gathered())

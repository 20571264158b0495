"""The driver that carries out steps in a task of an event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, TypeVar

from ._errors import BridgeError
from ._steps import Pause, Send, Step, Steps, name_of
from ._telemetry import ObservedCall, observe, under_way
from ._transport import AsyncTransport
from ._wire import Identity, Request

A = TypeVar("A")
R = TypeVar("R")


def run_async(steps: Steps[R], transport: AsyncTransport) -> Awaitable[R]:
    """Carries out the steps, waiting in the task that awaits it; functions of the user's may be coroutine functions."""
    observed = observe(name_of(steps), transport)
    return _carry_out(steps, transport.call) if observed is None else _observed(observed, steps, transport)


async def _observed(observed: ObservedCall, steps: Steps[R], transport: AsyncTransport) -> R:
    async def call(request: Request[A], timeout: float, identity: Identity | None) -> A:
        with observed.asking(request):
            return await transport.call(request, timeout, identity)

    with under_way(observed):
        return await _carry_out(steps, call)


async def _carry_out(
    steps: Steps[R], ask_server: Callable[[Request[Any], float, Identity | None], Awaitable[Any]]
) -> R:
    advance: Callable[[Any], Step] = steps.send
    given: Any = None
    while True:
        try:
            step = advance(given)
        except StopIteration as done:
            result: R = done.value
            return result
        advance = steps.send
        if isinstance(step, Send):
            try:
                given = await ask_server(step.request, step.timeout, step.identity)
            except BridgeError as error:
                advance, given = steps.throw, error
        elif isinstance(step, Pause):
            given = await asyncio.sleep(step.seconds, None)
        else:
            given = step.function(step.argument)
            if isawaitable(given):
                given = await given

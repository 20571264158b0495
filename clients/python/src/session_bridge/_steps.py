"""What a call does, without doing it: a generator of `Send`, `Pause` and `Apply` steps.

Everything but the waiting lives in such generators. Two short drivers carry them out: `run` for threads, and that of
`_async_steps` for the tasks of an event loop.
"""

import math
import os
import random
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from ._errors import (
    BridgeClosedError,
    BridgeError,
    CancelledError,
    DeadlineExceededError,
    LimitExceededError,
    ServerUnavailableError,
)
from ._telemetry import observe, under_way
from ._transport import Server, Transport
from ._wire import Greet, Identity, Request

A = TypeVar("A")
R = TypeVar("R")


@dataclass(slots=True)
class Send:
    """Ask the server once, within so many seconds; the answer is sent, or the exception thrown, into the generator."""

    request: Request[Any]
    timeout: float
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Apply:
    """Call a function of the user's; what it gives is sent into the generator, what it raises ends the call."""

    function: Callable[[Any], Any]
    argument: Any


Step: TypeAlias = Send | Pause | Apply
Steps: TypeAlias = Generator[Step, Any, R]

_TOO_LITTLE_SECONDS: Final = 0.005
_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full jitter: anything between nothing and `first` seconds, doubled at each attempt up to `cap`."""

    first: float
    cap: float

    def wait(self, attempt: int, deadline: float, error: BridgeError) -> Generator[Pause, None, None]:
        """Waits after an attempt (0 is the first), at most half of the time left; raises the error when none is."""
        longest = min(self.cap, self.first * 2 ** min(attempt, 32))
        yield Pause(min(random.uniform(0, longest), max(0.0, deadline - time.monotonic()) / 2))
        if deadline - time.monotonic() < _TOO_LITTLE_SECONDS:
            raise error


RECONNECT: Final = Backoff(first=0.05, cap=0.5)


def ask(transport: Server, request: Request[A], *, deadline: float, retry: bool) -> Steps[A]:
    """One request, answered before the deadline (of time.monotonic).

    A server that was there before and is lost is asked again until the deadline; a change is then the same one, by its
    identity. A server that was never there is an error at once; so that this is certain about a change, the first
    request never is one.

    Raises:
        BridgeError: What the server answered, or why it did not.
    """
    identity, first_sent = None, 0.0
    if request.mutates:
        if not transport.contacted:
            yield from ask(transport, Greet(), deadline=deadline, retry=False)
        # Drawn in the process that calls, so that no two share one.
        identity, first_sent = Identity(os.urandom(_ID_BYTES)), time.monotonic()
    attempt, maybe_applied = 0, False
    while True:
        try:
            answer: A = yield Send(request, remaining(deadline), identity)
            return answer
        except BridgeError as error:
            if maybe_applied and _tells_only_of_this_try(error):
                error.outcome = "unknown"
            if not isinstance(error, ServerUnavailableError) or not retry or not transport.contacted:
                raise
            lost = error
        maybe_applied = lost.outcome == "unknown"
        yield from RECONNECT.wait(attempt, deadline, lost)
        attempt += 1
        if identity is not None:
            identity = Identity(identity.request_id, math.ceil((time.monotonic() - first_sent) * 1000))


def _tells_only_of_this_try(error: BridgeError) -> bool:
    """Whether an error leaves open what became of an earlier try; any other is the server's judgement of the change."""
    if isinstance(error, LimitExceededError):
        return error.reason == "OVERLOADED"
    return isinstance(error, (ServerUnavailableError, DeadlineExceededError, CancelledError, BridgeClosedError))


def wait_ready(transport: Server, *, deadline: float) -> Steps[None]:
    """Asks until a server answers, also one that was never there.

    Raises:
        ServerUnavailableError: Nobody was there before the deadline.
        DeadlineExceededError: Nothing there answered or refused.
    """
    attempt, greet = 0, Greet()
    while True:
        try:
            yield Send(greet, remaining(deadline))
            return
        except ServerUnavailableError as error:
            absent = error
        yield from RECONNECT.wait(attempt, deadline, absent)
        attempt += 1


def remaining(deadline: float) -> float:
    """Seconds until the deadline.

    Raises:
        DeadlineExceededError: There are none.
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise DeadlineExceededError("the deadline passed before the request was sent", outcome="not_applied")
    return seconds


def run(steps: Steps[R], transport: Transport) -> R:
    """Carries out the steps, waiting in this thread. Observers know the call by the name of the steps."""
    observed = observe(name_of(steps), transport)
    if observed is None:
        return _carry_out(steps, transport.call)

    def call(request: Request[A], timeout: float, identity: Identity | None) -> A:
        with observed.asking(request):
            return transport.call(request, timeout, identity)

    with under_way(observed):
        return _carry_out(steps, call)


def name_of(steps: Steps[Any]) -> str:
    """What observers call them."""
    return getattr(steps, "__name__", "call")


def _carry_out(steps: Steps[R], ask_server: Callable[[Request[Any], float, Identity | None], Any]) -> R:
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
                given = ask_server(step.request, step.timeout, step.identity)
            except BridgeError as error:
                advance, given = steps.throw, error
        elif isinstance(step, Pause):
            time.sleep(step.seconds)
            given = None
        else:
            given = step.function(step.argument)

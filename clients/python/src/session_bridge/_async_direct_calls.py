"""The calls of a connection in an event loop that have no answer yet."""

import asyncio
import math
import time
from collections.abc import Callable

from ._carrier import CallFailed


class _Waiting:
    """A call without an answer."""

    __slots__ = ("answer", "asked_at", "deadline")

    def __init__(self, answer: asyncio.Future[bytes], asked_at: float, deadline: float) -> None:
        self.answer = answer
        self.asked_at = asked_at
        self.deadline = deadline


class Calls:
    """By their numbers. One timer looks after all of their deadlines: few calls ever see theirs."""

    def __init__(self, loop: asyncio.AbstractEventLoop, late: Callable[[int, float], None]) -> None:
        """Has none; `late` is called with the number of each that got no answer in time, and when it was asked."""
        self._loop = loop
        self._late = late
        self._waiting: dict[int, _Waiting] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf

    def __len__(self) -> int:
        """How many there are."""
        return len(self._waiting)

    def __contains__(self, call: int) -> bool:
        """Whether there is one of this number."""
        return call in self._waiting

    def add(self, call: int, timeout: float) -> asyncio.Future[bytes]:
        """One that is asked now; gives what will be its answer, or a CallFailed."""
        now = time.monotonic()
        deadline = now + timeout
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._waiting[call] = _Waiting(answer, now, deadline)
        if deadline < self._timer_at:
            self._set_timer(deadline)
        return answer

    def answer(self, call: int, payload: bytes) -> None:
        """The answer has come; to one that nobody waits for any more, nothing happens."""
        waiting = self._waiting.pop(call, None)
        if waiting is not None and not waiting.answer.done():
            waiting.answer.set_result(payload)

    def fail(self, call: int, failure: CallFailed) -> None:
        """There will be no answer."""
        waiting = self._waiting.pop(call, None)
        if waiting is not None and not waiting.answer.done():
            waiting.answer.set_exception(failure)

    def drop(self, call: int) -> bool:
        """Nobody waits for it any more; says whether there was one."""
        return self._waiting.pop(call, None) is not None

    def end(self, failure: CallFailed) -> None:
        """There will be no more answers."""
        if self._timer is not None:
            self._timer.cancel()
        for call in [*self._waiting]:
            self.fail(call, failure)

    def _set_timer(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_later(max(0.0, at - time.monotonic()), self._look)

    def _look(self) -> None:
        self._timer, self._timer_at = None, math.inf
        now = time.monotonic()
        late = [(call, waiting.asked_at) for call, waiting in self._waiting.items() if waiting.deadline <= now]
        for call, _ in late:
            self.fail(call, CallFailed("DEADLINE_EXCEEDED"))
        if self._waiting:
            self._set_timer(min(waiting.deadline for waiting in self._waiting.values()))
        for call, asked_at in late:
            self._late(call, asked_at)

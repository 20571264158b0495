"""The calls of a connection in an event loop that have no answer yet."""

import asyncio
import math
import time
from collections.abc import Callable

from ._carrier import CallFailed


class Calls:
    """By their numbers. One timer looks after all of their deadlines: few calls ever see theirs."""

    def __init__(self, loop: asyncio.AbstractEventLoop, late: Callable[[int, float], None]) -> None:
        """Has none; `late` is called with the number of each that got no answer in time, and when it was asked."""
        self._loop = loop
        self._late = late
        self.waiting: dict[int, tuple[asyncio.Future[bytes], float, float]] = {}
        """What will be the answer, when it was asked for, and until when it is waited for, by the call's number."""
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf

    def add(self, call: int, timeout: float) -> asyncio.Future[bytes]:
        """One that is asked now; gives what will be its answer, or a CallFailed."""
        now = time.monotonic()
        deadline = now + timeout
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self.waiting[call] = answer, now, deadline
        if deadline < self._timer_at:
            self._set_timer(deadline)
        return answer

    def answer(self, call: int, payload: bytes) -> None:
        """The answer has come; to one that nobody waits for any more, nothing happens."""
        waiting = self.waiting.pop(call, None)
        if waiting is not None and not waiting[0].done():
            waiting[0].set_result(payload)

    def fail(self, call: int, failure: CallFailed) -> None:
        """There will be no answer."""
        waiting = self.waiting.pop(call, None)
        if waiting is not None and not waiting[0].done():
            waiting[0].set_exception(failure)

    def drop(self, call: int) -> bool:
        """Nobody waits for it any more; says whether there was one."""
        return self.waiting.pop(call, None) is not None

    def end(self, failure: CallFailed) -> None:
        """There will be no more answers."""
        if self._timer is not None:
            self._timer.cancel()
        for call in [*self.waiting]:
            self.fail(call, failure)

    def _set_timer(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_later(max(0.0, at - time.monotonic()), self._look)

    def _look(self) -> None:
        self._timer, self._timer_at = None, math.inf
        now = time.monotonic()
        late = [(call, asked_at) for call, (_, asked_at, deadline) in self.waiting.items() if deadline <= now]
        for call, _ in late:
            self.fail(call, CallFailed("DEADLINE_EXCEEDED"))
        if self.waiting:
            self._set_timer(min(deadline for _, _, deadline in self.waiting.values()))
        for call, asked_at in late:
            self._late(call, asked_at)

"""Ends what waits for a server that has fallen silent: a read of a stream has no timeout of its own.

One thread looks after all of a process, and is there only while something is looked after.
"""

import os
import threading
import time
from typing import Final, Protocol
from weakref import WeakSet

SILENCE_SECONDS: Final = 45.0
"""A server sends something every 15 seconds."""


class Waiting(Protocol):
    """What may wait for too long."""

    @property
    def waiting_since(self) -> float | None:
        """When it began to wait, in seconds of `time.monotonic`; None when it does not."""
        ...

    def lose(self) -> None:
        """Ends the waiting."""
        ...


class Watchdog:
    """Looks every few seconds whether something has waited for longer than `longest` seconds."""

    def __init__(self, longest: float = SILENCE_SECONDS) -> None:
        """Begins no thread yet."""
        self._longest = longest
        self.reset()

    def reset(self) -> None:
        """Forgets everything, as a forked process has to: its only thread is the one that forked."""
        self._changed = threading.Condition(threading.Lock())
        self._guarded: WeakSet[Waiting] = WeakSet()
        self._thread: threading.Thread | None = None

    def guard(self, waiting: Waiting) -> None:
        """Looks after it from now on, until it is let go or nobody has it any more."""
        with self._changed:
            self._guarded.add(waiting)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="session-bridge-watchdog", daemon=True)
                self._thread.start()

    def let_go(self, waiting: Waiting) -> None:
        """Looks after it no more."""
        with self._changed:
            self._guarded.discard(waiting)
            if not self._guarded:
                self._changed.notify_all()

    def _look(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._guarded, timeout=self._longest / 9)
                if not self._guarded:
                    self._thread = None
                    return
            self._lose_silent()

    def _lose_silent(self) -> None:
        with self._changed:
            guarded = [*self._guarded]
        now = time.monotonic()
        for waiting in guarded:
            since = waiting.waiting_since
            if since is not None and now - since > self._longest:
                waiting.lose()


WATCHDOG: Final = Watchdog()
"""The one of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WATCHDOG.reset)

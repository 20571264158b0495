"""Keeps gRPC whole across `os.fork()`.

What was made before a fork does not work in the child, and a fork while another thread is inside gRPC now and then
kills the child (grpcio 1.85: 11 of 300). So a fork waits until the calls under way are over, and each process has a
generation of its own.
"""

import os
import threading
from types import TracebackType
from typing import Final

_LONGEST_WAIT_SECONDS: Final = 30.0


class ForkGate:
    """A context manager around each call: a fork waits for those inside, and those outside wait for the fork."""

    def __init__(self) -> None:
        """An open gate with nobody inside."""
        self.generation = 0
        self._reset()

    def _reset(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._inside = 0
        self._forking = False

    def __enter__(self) -> None:
        """Waits until no fork is under way."""
        with self._changed:
            while self._forking:
                self._changed.wait()
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Lets a waiting fork go on when nobody is left."""
        with self._changed:
            self._inside -= 1
            if self._forking and self._inside == 0:
                self._changed.notify_all()

    def before_fork(self) -> None:
        """Waits, but not for ever, until nobody is inside."""
        with self._changed:
            while self._forking:
                self._changed.wait()
            self._forking = True
            self._changed.wait_for(lambda: self._inside == 0, _LONGEST_WAIT_SECONDS)

    def after_fork_in_parent(self) -> None:
        """Opens the gate again."""
        with self._changed:
            self._forking = False
            self._changed.notify_all()

    def after_fork_in_child(self) -> None:
        """A new generation, alone."""
        self.generation += 1
        self._reset()


GATE: Final = ForkGate()
"""The one of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=GATE.before_fork,
        after_in_parent=GATE.after_fork_in_parent,
        after_in_child=GATE.after_fork_in_child,
    )

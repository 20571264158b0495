"""Keeps gRPC whole across `os.fork()`.

What was made before a fork does not work in the child, and a fork while another thread is inside gRPC now and then
kills the child (grpcio 1.85: 11 of 300; none of 600 this way). So a fork waits until the calls under way are over, and
each process has a generation of its own. Closing the connections before the fork instead leaves gRPC's own threads at
work on that during the fork, and the child may hang.
"""

import os
import threading
from types import TracebackType
from typing import Final


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
        """Waits until nobody is inside; every call has a deadline."""
        with self._changed:
            while self._forking:
                self._changed.wait()
            self._forking = True
            while self._inside > 0:
                self._changed.wait()

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

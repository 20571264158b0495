"""Keeps gRPC whole across `os.fork()`.

What was made before a fork does not work in the child, and a fork while another thread is inside gRPC now and then
kills the child (grpcio 1.85: 11 of 300; none of 600 this way). So a fork waits until the calls under way are over, and
each process has a generation of its own. Streams would not be over for hours: a fork ends them, and in the parent those
who read them begin them again. Closing the connections before the fork instead leaves gRPC's own threads at work on
that during the fork, and the child may hang.
"""

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol
from weakref import WeakSet

_LONGEST_END_SECONDS: Final = 5.0


class Cancellable(Protocol):
    """A stream, as far as a fork is concerned."""

    def cancel(self) -> object:
        """Ends it soon."""
        ...


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
        self._streams: WeakSet[Cancellable] = WeakSet()
        self._open_streams = 0

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

    def stream(self, begun: Cancellable) -> Callable[[], None]:
        """Has a stream ended by the next fork; what is returned is to be called when it is over. To be used inside."""
        generation = self.generation
        with self._changed:
            self._streams.add(begun)
            self._open_streams += 1

        def over() -> None:
            if self.generation == generation:
                with self._changed:
                    self._open_streams -= 1
                    self._changed.notify_all()

        return over

    def before_fork(self) -> None:
        """Waits until nobody is inside, since every call has a deadline, and ends all streams."""
        with self._changed:
            while self._forking:
                self._changed.wait()
            self._forking = True
            while self._inside > 0:
                self._changed.wait()
            streams = [*self._streams]
        for stream in streams:
            stream.cancel()
        with self._changed:
            self._changed.wait_for(lambda: self._open_streams == 0, timeout=_LONGEST_END_SECONDS)

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

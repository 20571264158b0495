"""A watch, carried out in the threads that iterate over it."""

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from ._errors import BridgeClosedError, BridgeError
from ._fork import GATE
from ._steps import Pause
from ._told import HIDDEN, Show
from ._transport import Stream, Transport
from ._watching import Open, Receive, Told, Watched, watch

T = TypeVar("T")


class Watch(Iterator[T], Generic[T]):
    """What happens to a session, as it happens: an iterator, and a context manager that closes it.

    It asks the server at the first step. A lost connection or server is none of its reader's business: it goes on where
    it was, for as long as it takes. Any thread may close it; a reader that is waiting then ends. What is not read waits
    at the server, and no more than a few messages of it here.

    Steps raise ServerUnavailableError when the server was never there, LimitExceededError when there are too many
    watches, BridgeClosedError when its bridge is closed, and in a forked process, where one is to be begun anew.
    """

    __slots__ = ("__weakref__", "_closed", "_generation", "_one_reader", "_show", "_steps", "_stream", "_transport")

    def __init__(self, watched: Watched, transport: Transport, show: Show[T]) -> None:
        """Made by `Session.watch` and `Session.snapshots`."""
        self._steps = watch(watched)
        self._transport = transport
        self._show = show
        self._stream: Stream | None = None
        self._generation: int | None = None
        self._closed = threading.Event()
        self._one_reader = threading.Lock()

    def close(self) -> None:
        """Ends it: no step gives anything more, also that of a thread that is waiting."""
        self._closed.set()
        stream = self._stream
        if stream is not None:
            stream.cancel()

    def __enter__(self) -> Self:
        """The watch itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()

    def __iter__(self) -> Self:
        """The watch itself."""
        return self

    def __next__(self) -> T:
        """Waits for what is next; raises StopIteration when the watch is closed."""
        if self._generation not in (None, GATE.generation):
            raise BridgeClosedError("this watch was begun by the process that forked this one; begin another one here")
        with self._one_reader:
            self._generation = GATE.generation
            while True:
                shown = self._show(self._next_told())
                if shown is not HIDDEN:
                    return shown

    def _next_told(self) -> Told:
        try:
            return self._carry_on()
        except BaseException:
            # Also KeyboardInterrupt: nothing can go on after a step that ended in its middle.
            self.close()
            raise

    def _carry_on(self) -> Told:
        failure: BridgeError | None = None
        answer: object = None
        while not self._closed.is_set():
            step = self._steps.send(answer) if failure is None else self._steps.throw(failure)
            if isinstance(step, Told):
                return step
            answer = failure = None
            try:
                answer = self._carry_out(step)
            except BridgeError as error:
                failure = error
        raise StopIteration

    def _carry_out(self, step: Open | Receive | Pause) -> Any:  # noqa: ANN401
        if isinstance(step, Receive):
            assert self._stream is not None
            return self._stream.receive()
        if isinstance(step, Open):
            self._stream = self._transport.watch(step.request, step.timeout)
            if self._closed.is_set():
                self._stream.cancel()
            return None
        self._closed.wait(step.seconds)
        return None

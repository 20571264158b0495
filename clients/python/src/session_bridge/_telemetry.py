"""The door to OpenTelemetry: shut where its API is not installed, and idle until the program configures a provider.

Whether it is installed is decided once, at import. The codec and the transport find the call that they work for in a
context variable, so that nobody has to hand it to them.
"""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import wraps
from time import perf_counter
from typing import Any, Final, Literal, ParamSpec, Protocol, TypeAlias, TypeVar

from ._transport import Server
from ._wire import Request

P = ParamSpec("P")
R = TypeVar("R")

Direction: TypeAlias = Literal["encode", "decode"]
Headers: TypeAlias = tuple[tuple[str, str], ...]


class ObservedCall(Protocol):
    """One call of the public interface, with all that it asks. Whatever its observer does, the call is the same."""

    def asking(self, request: Request[Any]) -> AbstractContextManager[None]:
        """The time of one request, until it is answered or raises what it does; one that is asked again is the same."""
        ...

    def coded(self, direction: Direction, seconds: float, size_bytes: int) -> None:
        """The codec worked for so long, and read or made so many bytes."""
        ...

    def headers(self) -> Headers:
        """What the server is told of the trace."""
        ...

    def end(self, error: BaseException | None) -> None:
        """The call gave a result, or raised this."""
        ...


def _unobserved(operation: str, server: Server) -> ObservedCall | None:
    """Stands in where there is no OpenTelemetry."""
    return None


observe: Callable[[str, Server], ObservedCall | None]
"""Begins a call: what observes it, None when nobody wants to know."""
try:
    from ._opentelemetry import observe
except (
    Exception
):  # Also when it is installed and fails, as it does when the environment names a propagator that is not.
    observe = _unobserved

OBSERVABLE: Final = observe is not _unobserved
"""Whether calls of this process can ever be observed."""

_current: Final[ContextVar[ObservedCall | None]] = ContextVar("session_bridge_call", default=None)


@contextmanager
def under_way(call: ObservedCall) -> Generator[None]:
    """The time of a call, whose end is told."""
    token = _current.set(call)
    failure: BaseException | None = None
    try:
        yield
    except BaseException as error:
        failure = error
        raise
    finally:
        _current.reset(token)
        call.end(failure)


def trace_headers() -> Headers | None:
    """The metadata with which the server goes on with the trace of the call under way."""
    call = _current.get()
    return None if call is None else call.headers()


def timed(
    direction: Direction, size_of: Callable[[tuple[Any, ...], Any], int]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates a codec: the time it took and the bytes it read or made are told to the call under way.

    Args:
        direction: What the codec does.
        size_of: How many bytes those were, by its arguments and its result.
    """

    def decorated(codec: Callable[P, R]) -> Callable[P, R]:
        @wraps(codec)
        def measured(*args: P.args, **kwargs: P.kwargs) -> R:
            call = _current.get()
            if call is None:
                return codec(*args, **kwargs)
            begun = perf_counter()
            try:
                result = codec(*args, **kwargs)
            except BaseException:
                call.coded(direction, perf_counter() - begun, 0)
                raise
            call.coded(direction, perf_counter() - begun, size_of(args, result))
            return result

        return measured if OBSERVABLE else codec

    return decorated

"""The one door to a server: `Transport`, and `AsyncTransport` for an event loop.

A test needs nothing but a class with their members.
"""

from collections.abc import Awaitable
from typing import Protocol, TypeVar

from ._wire import Identity, Request, WatchAnswer, WatchVariables

A = TypeVar("A", covariant=True)


class Server(Protocol):
    """What is known of a server without asking it."""

    @property
    def address(self) -> str:
        """Where the server is, as the user wrote it."""
        ...

    @property
    def contacted(self) -> bool:
        """Whether the server has ever answered; until then no change can have reached it."""
        ...


class Transport(Server, Protocol):
    """The one door to a server; safe to use from many threads."""

    def call(self, request: Request[A], timeout: float, identity: Identity | None) -> A:
        """Asks once, within `timeout` seconds; a change has an identity.

        Raises:
            BridgeError: Whatever the server answered, or why there is no answer. Nothing else is raised.
        """
        ...

    def watch(self, request: WatchVariables, timeout: float | None) -> "Stream":
        """Begins a watch, which ends after `timeout` seconds if that is not None. Errors come when it is received from.

        Raises:
            BridgeClosedError: The connection was ended.
        """
        ...

    def close(self) -> None:
        """Ends the connection; calls from now on raise BridgeClosedError."""
        ...


class Stream(Protocol):
    """The answers of one watch."""

    def receive(self) -> WatchAnswer:
        """Waits for the next one.

        Raises:
            BridgeError: Why there will be none.
        """
        ...

    def cancel(self) -> None:
        """Ends it, also for a thread that is waiting for an answer."""
        ...


class AsyncTransport(Server, Protocol):
    """The one door to a server for the tasks of an event loop. Cancelling who waits gives the request up."""

    def call(self, request: Request[A], timeout: float, identity: Identity | None) -> Awaitable[A]:
        """As `Transport.call`, whose errors come when the answer is waited for."""
        ...

    def watch(self, request: WatchVariables, timeout: float | None) -> "AsyncStream":
        """As `Transport.watch`."""
        ...

    async def close(self) -> None:
        """Ends the connection; calls from now on, and those under way, raise BridgeClosedError."""
        ...


class AsyncStream(Protocol):
    """The answers of one watch. One that nobody has any more ends by itself."""

    async def receive(self) -> WatchAnswer:
        """As `Stream.receive`."""
        ...

    def cancel(self) -> None:
        """Ends it, also for a task that is waiting for an answer, which gets a BridgeError then."""
        ...

"""A connection to a server for programs that run in an event loop: the twin of `Bridge`."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Literal, NoReturn, Self, TypeVar

from . import _session_calls as calls
from ._arguments import OMITTED, Omitted, check_address, check_labels, check_prefix, check_seconds, check_session_id
from ._async_carriers import async_carrier_of
from ._async_rpc import AsyncRemoteTransport
from ._async_session import AsyncSession
from ._async_steps import run_async
from ._carriers import CarrierName
from ._link import Link
from ._models import SessionInfo, SessionTtl
from ._steps import Steps, wait_ready
from ._transport import AsyncTransport
from ._values import DEFAULT_CODECS, Codecs

R = TypeVar("R")


def connect_async(
    address: str | None = None,
    *,
    timeout: float = 5.0,
    retry: bool = True,
    codecs: Codecs = DEFAULT_CODECS,
    carrier: CarrierName = "auto",
) -> "AsyncBridge":
    """A bridge to a server for the tasks of an event loop. Not a coroutine: it connects at the first call, not here.

    Args:
        address: ``host:port``, or ``unix:/path`` on the same machine; left out, the environment's
            SESSION_BRIDGE_ADDRESS, else localhost:50051.
        timeout: Seconds that each call may take, retries included.
        retry: Whether a call is sent again when a server that was there is lost; see `connect`.
        codecs: Encoders of the application's own types, and encodings of its own.
        carrier: ``direct``, the faster one; ``grpc``; or ``auto``: direct, and gRPC where only that is answered, or
            where the environment names a proxy for the address.

    Raises:
        InvalidArgumentError: The address, the timeout or the carrier cannot be one.
    """
    where = check_address(address)
    transport = AsyncRemoteTransport(where, async_carrier_of(carrier, where))
    return AsyncBridge(Link(transport, check_seconds(timeout), retry, codecs))


class AsyncBridge:
    """A connection to a server that any number of tasks of one event loop may share: the twin of `Bridge`.

    It belongs to the event loop that uses it first. When that is closed, another one may use it; while both are there,
    the other one gets InvalidArgumentError and should have a bridge of its own.
    """

    __slots__ = ("_link",)

    def __init__(self, link: Link[AsyncTransport]) -> None:
        """Made by `connect_async`."""
        self._link = link

    @property
    def address(self) -> str:
        """Where the server is."""
        return self._link.transport.address

    def with_options(self, *, timeout: float | None = None, retry: bool | None = None) -> "AsyncBridge":
        """The same connection with another timeout (seconds) or retry rule. Closing either closes both."""
        return AsyncBridge(self._link.with_options(timeout, retry))

    async def wait_ready(self, timeout: float | None = None) -> None:
        """Waits until a server answers, also one that is still starting; see `Bridge.wait_ready`."""
        link = self._link.with_options(timeout, None)
        await self._run(wait_ready(link.transport, deadline=link.deadline()))

    def get_session(
        self,
        session_id: str | Literal[Omitted.OMITTED] = OMITTED,
        *,
        ttl: SessionTtl = None,
        labels: Mapping[str, str] | None = None,
        create: bool = True,
    ) -> AsyncSession:
        """A handle on a session, which need not exist yet: asks no server. See `Bridge.get_session`."""
        return AsyncSession(calls.handle_on(self._link, session_id, ttl, labels, create))

    async def create_session(
        self,
        session_id: str | Literal[Omitted.OMITTED] = OMITTED,
        *,
        ttl: SessionTtl = None,
        labels: Mapping[str, str] | None = None,
        max_life: float | timedelta | None = None,
        history: int | None = None,
    ) -> AsyncSession:
        """Makes a session that does not exist yet; SessionExistsError if it does. See `Bridge.create_session`."""
        steps = calls.create_session(self._link, session_id, ttl, labels, max_life, history)
        return AsyncSession(await self._run(steps))

    async def fork(
        self,
        session_id: str,
        new_id: str | Literal[Omitted.OMITTED] = OMITTED,
        *,
        ttl: SessionTtl = None,
        labels: Mapping[str, str] | None = None,
        at_revision: int | None = None,
    ) -> AsyncSession:
        """Copies a session as it is at this moment, and returns the copy; see `Session.fork`."""
        source = check_session_id(session_id)
        return AsyncSession(await self._run(calls.fork(self._link, source, new_id, ttl, labels, at_revision)))

    def list_sessions(self, *, prefix: str = "", labels: Mapping[str, str] | None = None) -> AsyncIterator[SessionInfo]:
        """The sessions that are alive, fetched page by page while they are walked over; see `Bridge.list_sessions`."""
        return self._list(check_prefix(prefix, "INVALID_SESSION_ID"), check_labels(labels))

    async def delete_session(self, session_id: str) -> bool:
        """Deletes a session with all of its variables; says whether there was one."""
        return await self._run(calls.delete_session(self._link, check_session_id(session_id)))

    async def close(self) -> None:
        """Ends the connection; its sessions raise BridgeClosedError from now on. Touches no other bridge."""
        await self._link.transport.close()

    async def __aenter__(self) -> Self:
        """The bridge itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes it."""
        await self.close()

    def __repr__(self) -> str:
        """The server's address."""
        return f"AsyncBridge({self.address!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuses pickling and copying."""
        raise TypeError("an AsyncBridge cannot be pickled or copied; send session.id and call connect_async there")

    async def _list(self, prefix: str, labels: Mapping[str, str]) -> AsyncIterator[SessionInfo]:
        token = ""
        while True:
            page, token = await self._run(calls.list_sessions(self._link, prefix, labels, token))
            for info in page:
                yield info
            if not token:
                return

    async def _run(self, steps: Steps[R]) -> R:
        return await run_async(steps, self._link.transport)

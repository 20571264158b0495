"""A connection to a server, from which sessions are had."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Literal, NoReturn, Self, TypeVar

from . import _session_calls as calls
from ._arguments import (
    OMITTED,
    Omitted,
    check_address,
    check_labels,
    check_prefix,
    check_seconds,
    check_session_id,
)
from ._carriers import CarrierName, carrier_of
from ._link import Link
from ._models import SessionInfo, SessionTtl
from ._rpc import RemoteTransport
from ._session import Session
from ._steps import Steps, run, wait_ready
from ._transport import Transport
from ._values import DEFAULT_CODECS, Codecs

R = TypeVar("R")


def connect(
    address: str | None = None,
    *,
    timeout: float = 5.0,
    retry: bool = True,
    codecs: Codecs = DEFAULT_CODECS,
    carrier: CarrierName = "auto",
) -> "Bridge":
    """A bridge to a server. Connects at the first call, not here.

    Args:
        address: ``host:port``, or ``unix:/path`` on the same machine; left out, the environment's
            SESSION_BRIDGE_ADDRESS, else localhost:50051.
        timeout: Seconds that each call may take, retries included.
        retry: Whether a call is sent again, within the timeout, when a server that was there is lost; a change is then
            applied once all the same.
        codecs: Encoders of the application's own types, and encodings of its own.
        carrier: ``direct``, the faster one; ``grpc``; or ``auto``: direct, and gRPC where only that is answered, or
            where the environment names a proxy for the address.

    Raises:
        InvalidArgumentError: The address, the timeout or the carrier cannot be one.
    """
    where = check_address(address)
    return Bridge(Link(RemoteTransport(where, carrier_of(carrier, where)), check_seconds(timeout), retry, codecs))


class Bridge:
    """A connection to a server; any number of threads may share it, and it goes on working in a forked process.

    A server that was never there is an error at once; one that was there and is lost is waited for within the timeout,
    and a change that is sent again is applied once. Use it in a ``with`` statement, or close it.
    """

    __slots__ = ("_link",)

    def __init__(self, link: Link[Transport]) -> None:
        """Made by `connect`."""
        self._link = link

    @property
    def address(self) -> str:
        """Where the server is."""
        return self._link.transport.address

    def with_options(self, *, timeout: float | None = None, retry: bool | None = None) -> "Bridge":
        """The same connection with another timeout (seconds) or retry rule. Closing either closes both."""
        return Bridge(self._link.with_options(timeout, retry))

    def wait_ready(self, timeout: float | None = None) -> None:
        """Waits until a server answers, also one that is still starting.

        Raises:
            ServerUnavailableError: None answered within `timeout` seconds (left out: the bridge's).
        """
        link = self._link.with_options(timeout, None)
        self._run(wait_ready(link.transport, deadline=link.deadline()))

    def get_session(
        self,
        session_id: str | Literal[Omitted.OMITTED] = OMITTED,
        *,
        ttl: SessionTtl = None,
        labels: Mapping[str, str] | None = None,
        create: bool = True,
    ) -> Session:
        """A handle on a session, which need not exist yet: the first write creates it. Asks no server.

        Args:
            session_id: 1 to 128 bytes; left out, 128 random bits are made into one.
            ttl: Seconds that the session lives unused, if a write through this handle creates it.
            labels: Its labels, if a write through this handle creates it.
            create: When False, a write to a missing session raises SessionNotFoundError instead of creating it.

        Raises:
            InvalidArgumentError: The id is None or cannot be one, or the ttl or a label cannot be one.
        """
        return Session(calls.handle_on(self._link, session_id, ttl, labels, create))

    def create_session(
        self,
        session_id: str | Literal[Omitted.OMITTED] = OMITTED,
        *,
        ttl: SessionTtl = None,
        labels: Mapping[str, str] | None = None,
        max_life: float | timedelta | None = None,
        history: int | None = None,
    ) -> Session:
        """Makes a session that does not exist yet.

        Args:
            session_id: 1 to 128 bytes; left out, the server makes one.
            ttl: Seconds that it lives unused; left out, the server's default.
            labels: At most 16, by which `list_sessions` can filter.
            max_life: Seconds after which it expires however much it is used.
            history: How many earlier states of each variable are kept, up to 64; left out, as many as the server says.

        Raises:
            SessionExistsError: There is one with this id.
        """
        steps = calls.create_session(self._link, session_id, ttl, labels, max_life, history)
        return Session(self._run(steps))

    def fork(
        self,
        session_id: str,
        new_id: str | Literal[Omitted.OMITTED] = OMITTED,
        *,
        ttl: SessionTtl = None,
        labels: Mapping[str, str] | None = None,
        at_revision: int | None = None,
    ) -> Session:
        """Copies a session as it is at this moment, and returns the copy; see `Session.fork`.

        Raises:
            SessionNotFoundError: There is nothing to copy.
            SessionExistsError: There is a session with the new id.
        """
        source = check_session_id(session_id)
        return Session(self._run(calls.fork(self._link, source, new_id, ttl, labels, at_revision)))

    def list_sessions(self, *, prefix: str = "", labels: Mapping[str, str] | None = None) -> Iterator[SessionInfo]:
        """The sessions that are alive, in byte order of their ids, fetched page by page while they are walked over.

        Args:
            prefix: Only ids that begin with this.
            labels: Only sessions that have every one of these labels, with these values.
        """
        return self._list(check_prefix(prefix, "INVALID_SESSION_ID"), check_labels(labels))

    def delete_session(self, session_id: str) -> bool:
        """Deletes a session with all of its variables; says whether there was one."""
        return self._run(calls.delete_session(self._link, check_session_id(session_id)))

    def close(self) -> None:
        """Ends the connection; its sessions raise BridgeClosedError from now on. Touches no other bridge."""
        self._link.transport.close()

    def __enter__(self) -> Self:
        """The bridge itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()

    def __repr__(self) -> str:
        """The server's address."""
        return f"Bridge({self.address!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuses pickling and copying."""
        raise TypeError("a Bridge cannot be pickled or copied; send session.id and call connect there")

    def _list(self, prefix: str, labels: Mapping[str, str]) -> Iterator[SessionInfo]:
        token = ""
        while True:
            page, token = self._run(calls.list_sessions(self._link, prefix, labels, token))
            yield from page
            if not token:
                return

    def _run(self, steps: Steps[R]) -> R:
        return run(steps, self._link.transport)

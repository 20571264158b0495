"""The transport over any carrier: requests to messages, answers and failures back."""

from typing import Any, Final, TypeVar, cast

from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped] # pyright: ignore[reportMissingTypeStubs]

from ._carrier import MAX_MESSAGE_BYTES, CallFailed, CarriedStream, Carrier, ServerSilent
from ._errors import (
    BridgeClosedError,
    BridgeError,
    CancelledError,
    DeadlineExceededError,
    InternalServerError,
    LimitExceededError,
    Outcome,
    ServerUnavailableError,
    error_from,
)
from ._fork import GATE
from ._rpc_messages import METHODS
from ._telemetry import trace_headers
from ._wire import Identity, Request, WatchAnswer, WatchVariables

A = TypeVar("A")

RESEND_BYTES: Final = 11
"""What saying that a request is sent again may add to it: a tag and the longest varint."""
_DOMAIN: Final = "session-bridge"


class Remote:
    """What is known of a server and what its answers mean, however they come and whoever waits for them."""

    def __init__(self, address: str) -> None:
        """Asks nobody yet."""
        self._address = address
        self._contacted_in: int | None = None
        self.closed = False

    @property
    def address(self) -> str:
        """Where the server is, as the user wrote it."""
        return self._address

    @property
    def contacted(self) -> bool:
        """Whether the server has ever answered this process."""
        return self._contacted_in == GATE.generation

    def refuse_if_closed(self) -> None:
        """Raises BridgeClosedError after the end."""
        if self.closed:
            raise BridgeClosedError("the bridge is closed", outcome="not_applied")

    def heard(self) -> None:
        """The server has said something."""
        self._contacted_in = GATE.generation

    def answer(self, request: Request[A], data: bytes) -> A:
        """What the server's response says.

        Raises:
            InternalServerError: It does not decode.
        """
        self._contacted_in = GATE.generation
        method = METHODS[type(request)]
        try:
            answer: A = method.from_message(method.read(data))
            return answer
        except DecodeError as error:
            text = "the server's answer does not decode"
            raise InternalServerError(text, outcome=_outcome(request.mutates)) from error

    def told(self, request: WatchVariables, message: bytes | None) -> WatchAnswer:
        """What a watch has brought; None is its end.

        Raises:
            BridgeError: It ended, or its answer does not decode.
        """
        if message is None:
            raise ServerUnavailableError("the server ended the watch")
        return self.answer(request, message)

    def meaning(self, failure: CallFailed, request: Request[Any]) -> BridgeError:
        """The exception of a call that failed."""
        if failure.code == "CANCELLED" and self.closed:
            return BridgeClosedError("the bridge was closed during the call", outcome=_outcome(request.mutates))
        error, from_server = error_of(failure, mutates=request.mutates)
        if from_server:
            self.heard()
        elif type(error) in (ServerUnavailableError, CancelledError):
            # Whoever cancels knows: what else is cancelled was torn down with its connection, or for a fork.
            return ServerUnavailableError(self._unreachable(), outcome=error.outcome)
        elif type(error) is DeadlineExceededError:
            return DeadlineExceededError(f"no answer from {self._address} in time", outcome=error.outcome)
        return error

    def meaning_for_stream(self, failure: CallFailed, request: Request[Any]) -> BridgeError:
        """The exception of a stream that failed."""
        if isinstance(failure, ServerSilent):
            return ServerUnavailableError(failure.text)
        error = self.meaning(failure, request)
        if type(error) is InternalServerError and error.incident_id is None:
            # Not said by a server of ours: it is how gRPC tells of connections that break in the middle of a message.
            return ServerUnavailableError(str(error))
        return error

    def _unreachable(self) -> str:
        if self.contacted:
            return f"the connection to the session-bridge server at {self._address} was lost"
        return (
            f"no session-bridge server answers at {self._address}; start one with: npx @session-bridge/server serve "
            "(another address: connect(address), or SESSION_BRIDGE_ADDRESS)"
        )


class RemoteTransport(Remote):
    """A `Transport` over a carrier."""

    def __init__(self, address: str, carrier: Carrier) -> None:
        """Connects to nothing yet."""
        super().__init__(address)
        self._carrier = carrier

    def call(self, request: Request[A], timeout: float, identity: Identity | None = None) -> A:
        """Asks once, within `timeout` seconds; a change has an identity.

        Raises:
            BridgeError: Whatever the server answered, or why there is no answer.
        """
        self.refuse_if_closed()
        payload = payload_of(request, identity)
        try:
            answer = self._carrier.call(request.method, payload, timeout, trace_headers())
        except CallFailed as failure:
            raise self.meaning(failure, request) from None
        return self.answer(request, answer)

    def watch(self, request: WatchVariables, timeout: float | None) -> "RemoteStream":
        """Begins a watch, which ends after `timeout` seconds if that is not None.

        Raises:
            BridgeClosedError: The connection was ended.
        """
        self.refuse_if_closed()
        try:
            carried = self._carrier.watch(request.method, payload_of(request, None), timeout)
        except CallFailed as failure:
            raise self.meaning(failure, request) from None
        return RemoteStream(self, request, carried)

    def close(self) -> None:
        """Ends the connection; calls from now on, and those under way, raise BridgeClosedError."""
        self.closed = True
        self._carrier.close()


class RemoteStream:
    """A `Stream` over a carrier's."""

    def __init__(self, remote: Remote, request: WatchVariables, carried: CarriedStream) -> None:
        """Begun by the transport."""
        self._remote = remote
        self._request = request
        self._carried = carried
        self._generation = GATE.generation

    def receive(self) -> WatchAnswer:
        """Waits for the next answer.

        Raises:
            BridgeError: Why there will be none.
        """
        if self._generation != GATE.generation:
            raise BridgeClosedError("this watch was begun by the process that forked this one")
        try:
            message = self._carried.receive()
        except CallFailed as failure:
            raise self._remote.meaning_for_stream(failure, self._request) from None
        return self._remote.told(self._request, message)

    def cancel(self) -> None:
        """Ends the stream; does nothing in a forked process."""
        self._carried.cancel()


def error_of(failure: CallFailed, *, mutates: bool) -> tuple[BridgeError, bool]:
    """The exception that a failed call means, and whether a server of ours says so, not a proxy or the carrier."""
    info = _error_info(failure.status)
    if info is not None:
        return error_from(failure.code, info.reason, failure.text, info.metadata), True
    return error_from(failure.code, None, failure.text, {}, outcome_unless_said=_outcome(mutates)), False


def _outcome(mutates: bool) -> Outcome:
    """Of a call of which no server of ours has said it."""
    return "unknown" if mutates else "not_applied"


def payload_of(request: Request[Any], identity: Identity | None) -> bytes:
    """The bytes of a request; one that would be too large when sent again is refused before it is sent at all."""
    message: Any = METHODS[type(request)].to_message(request)
    if identity is None:
        payload: bytes = message.SerializeToString()
        if len(payload) > MAX_MESSAGE_BYTES:
            raise _too_large(len(payload))
        return payload
    message.request_id = identity.request_id
    payload = message.SerializeToString()
    if len(payload) > MAX_MESSAGE_BYTES - RESEND_BYTES:
        raise _too_large(len(payload) + RESEND_BYTES)
    if identity.resent_after_ms is None:
        return payload
    message.resent_after_ms = identity.resent_after_ms
    return cast("bytes", message.SerializeToString())


def _too_large(size: int) -> LimitExceededError:
    return LimitExceededError(
        f"a request of {size} bytes is larger than a message may be ({MAX_MESSAGE_BYTES} bytes)",
        reason="MESSAGE_TOO_LARGE",
        limit="messageBytes",
        limit_value=MAX_MESSAGE_BYTES,
        actual=size,
    )


def _error_info(status: bytes | None) -> error_details_pb2.ErrorInfo | None:
    """The ErrorInfo of our domain in the status; None for what a proxy or the carrier itself says."""
    if status is None:
        return None
    try:
        for detail in status_pb2.Status.FromString(status).details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info) and info.domain == _DOMAIN:
                return info
    except DecodeError:
        return None
    return None

"""The transport over gRPC. Only this module, `_rpc_streams` and `_rpc_messages` know grpc and the generated stubs."""

import threading
from typing import Any, Final, TypeVar, cast

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped] # pyright: ignore[reportMissingTypeStubs]

from ._errors import (
    BridgeClosedError,
    BridgeError,
    CancelledError,
    DeadlineExceededError,
    LimitExceededError,
    ServerUnavailableError,
    error_from,
)
from ._fork import GATE
from ._rpc_messages import METHODS, Stubs
from ._rpc_streams import GrpcStream, Peer, Streams
from ._telemetry import trace_headers
from ._wire import Identity, Request, WatchVariables

A = TypeVar("A")

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
RESEND_BYTES: Final = 11
"""What saying that a request is sent again may add to it: a tag and the longest varint."""
_DOMAIN: Final = "session-bridge"
_CHANNEL_OPTIONS: Final = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 500),
    # A bridge has its own connection, so that none inherits another's back-off or is touched by its end.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
)
_LOOPBACK: Final = ("localhost:", "127.", "[::1]:")


class _Connection:
    """The channel of one process: objects made before a fork do not work after it."""

    def __init__(self, address: str) -> None:
        self.generation = GATE.generation
        self.contacted = False
        self.channel = _channel(address)
        stubs = Stubs(self.channel)
        self.calls = {kind: method.bound(stubs) for kind, method in METHODS.items()}
        self.streams = Streams(self.channel, lambda: _channel(address))

    def answered(self) -> None:
        self.contacted = True

    def close(self) -> None:
        self.channel.close()
        self.streams.close()


def _channel(address: str) -> grpc.Channel:
    loopback = (("grpc.enable_http_proxy", 0),) if address.startswith(_LOOPBACK) else ()
    return grpc.insecure_channel(address, options=(*_CHANNEL_OPTIONS, *loopback))


# Of parent processes: kept unused, for ending them here could touch what is the parent's.
_abandoned: list[_Connection] = []


class GrpcTransport:
    """A `Transport` over one channel, which is made at the first call and made anew in a forked process."""

    def __init__(self, address: str) -> None:
        """Connects to nothing yet."""
        self._address = address
        self._lock = threading.Lock()
        self._closed = False
        self._connection: _Connection | None = None

    @property
    def address(self) -> str:
        """Where the server is, as the user wrote it."""
        return self._address

    @property
    def contacted(self) -> bool:
        """Whether the server has ever answered this process."""
        connection = self._connection
        return connection is not None and connection.contacted and connection.generation == GATE.generation

    def call(self, request: Request[A], timeout: float, identity: Identity | None = None) -> A:
        """Asks once, within `timeout` seconds; a change has an identity.

        Raises:
            BridgeError: Whatever the server answered, or why there is no answer.
        """
        method = METHODS[type(request)]
        message = message_of(request, identity)
        headers = trace_headers()
        with GATE:
            connection = self._connected()
            try:
                answer = connection.calls[type(request)](message, timeout=timeout, metadata=headers)
            except grpc.RpcError as error:
                raise self._error(cast("grpc.Call", error), request, connection) from None
            except ValueError:  # how grpcio says that the channel is closed
                if self._closed:
                    raise _closed(request) from None
                raise
        connection.contacted = True
        return cast("A", method.from_message(answer))

    def watch(self, request: WatchVariables, timeout: float | None) -> GrpcStream:
        """Begins a watch, which ends after `timeout` seconds if that is not None.

        Raises:
            BridgeClosedError: The connection was ended.
        """
        with GATE:
            connection = self._connected()
            peer = Peer(connection.answered, lambda call: self._error(call, request, connection))
            try:
                return connection.streams.open(request, timeout, peer)
            except ValueError:  # how grpcio says that the channel is closed
                if self._closed:
                    raise _closed(request) from None
                raise

    def close(self) -> None:
        """Ends the connection; calls from now on, and those under way, raise BridgeClosedError."""
        self._closed = True
        with GATE, self._lock:
            connection = self._connection
            if connection is not None and connection.generation == GATE.generation:
                connection.close()

    def _connected(self) -> _Connection:
        """The connection of this process."""
        connection = self._connection
        if connection is not None and connection.generation == GATE.generation and not self._closed:
            return connection
        with self._lock:
            if self._closed:
                raise BridgeClosedError("the bridge is closed", outcome="not_applied")
            connection = self._connection
            if connection is None or connection.generation != GATE.generation:
                if connection is not None:
                    _abandoned.append(connection)
                connection = self._connection = _Connection(self._address)
            return connection

    def _error(self, call: grpc.Call, request: Request[Any], connection: _Connection) -> BridgeError:
        if call.code() is grpc.StatusCode.CANCELLED and self._closed:
            return _closed(request)
        error, from_server = error_of(call, mutates=request.mutates)
        if from_server:
            connection.contacted = True
        elif type(error) in (ServerUnavailableError, CancelledError):
            # Whoever cancels knows: what else is cancelled was torn down with its connection, or for a fork.
            return ServerUnavailableError(self._unreachable(connection), outcome=error.outcome)
        elif type(error) is DeadlineExceededError:
            return DeadlineExceededError(f"no answer from {self._address} in time", outcome=error.outcome)
        return error

    def _unreachable(self, connection: _Connection) -> str:
        if connection.contacted:
            return f"the connection to the session-bridge server at {self._address} was lost"
        return (
            f"no session-bridge server answers at {self._address}; start one with: npx @session-bridge/server serve "
            "(another address: connect(address), or SESSION_BRIDGE_ADDRESS)"
        )


def error_of(call: grpc.Call, *, mutates: bool) -> tuple[BridgeError, bool]:
    """The exception that a failed call means, and whether a server of ours says so, not a proxy or gRPC itself."""
    code, text, info = call.code().name, call.details() or "", _error_info(call)
    if info is not None:
        return error_from(code, info.reason, text, info.metadata), True
    return error_from(code, None, text, {}, outcome_unless_said="unknown" if mutates else "not_applied"), False


def message_of(request: Request[Any], identity: Identity | None) -> Message:
    """The message of a request; one that would be too large when sent again is refused before it is sent at all."""
    message: Any = METHODS[type(request)].to_message(request)
    if identity is None:
        _check_size(message.ByteSize())
    else:
        message.request_id = identity.request_id
        _check_size(message.ByteSize() + RESEND_BYTES)
        if identity.resent_after_ms is not None:
            message.resent_after_ms = identity.resent_after_ms
    return cast("Message", message)


def _check_size(size: int) -> None:
    if size > MAX_MESSAGE_BYTES:
        raise LimitExceededError(
            f"a request of {size} bytes is larger than a message may be ({MAX_MESSAGE_BYTES} bytes)",
            reason="MESSAGE_TOO_LARGE",
            limit="messageBytes",
            limit_value=MAX_MESSAGE_BYTES,
            actual=size,
        )


def _closed(request: Request[Any]) -> BridgeClosedError:
    return BridgeClosedError(
        "the bridge was closed during the call", outcome="unknown" if request.mutates else "not_applied"
    )


def _error_info(call: grpc.Call) -> error_details_pb2.ErrorInfo | None:
    """The ErrorInfo of our domain in the status details; None for what a proxy or gRPC itself says."""
    for key, value in call.trailing_metadata() or ():
        if key != "grpc-status-details-bin" or not isinstance(value, bytes):
            continue
        try:
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info) and info.domain == _DOMAIN:
                    return info
        except DecodeError:
            return None
    return None

"""The carrier over gRPC. Only this module, `_grpc_streams` and their twin for event loops know grpc."""

import threading
from typing import Any, Final, cast

import grpc

from ._carrier import MAX_MESSAGE_BYTES, CallFailed
from ._fork import GATE
from ._grpc_streams import GrpcStream, Streams, failure_of
from ._proxy import LOOPBACK
from ._telemetry import Headers

_CHANNEL_OPTIONS: Final = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 500),
    # A bridge has its own connection, so that none inherits another's back-off or is touched by its end.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
)


class _Connection:
    """The channel of one process: objects made before a fork do not work after it."""

    def __init__(self, address: str) -> None:
        self.generation = GATE.generation
        self.channel = _channel(address)
        self.streams = Streams(self.channel, lambda: _channel(address))
        self._calls: dict[str, grpc.UnaryUnaryMultiCallable[Any, Any]] = {}

    def call(self, method: str) -> "grpc.UnaryUnaryMultiCallable[Any, Any]":
        """The call of a method, which takes and gives bytes."""
        found = self._calls.get(method)
        if found is None:
            found = self._calls[method] = self.channel.unary_unary(f"/{method}")
        return found

    def close(self) -> None:
        self.channel.close()
        self.streams.close()


def channel_options(address: str) -> tuple[tuple[str, int], ...]:
    """How channels to an address behave."""
    loopback = (("grpc.enable_http_proxy", 0),) if address.startswith(LOOPBACK) else ()
    return (*_CHANNEL_OPTIONS, *loopback)


def _channel(address: str) -> grpc.Channel:
    return grpc.insecure_channel(address, options=channel_options(address))


# Of parent processes: kept unused, for ending them here could touch what is the parent's.
_abandoned: list[_Connection] = []


class GrpcCarrier:
    """A `Carrier` over one channel, which is made at the first call and made anew in a forked process."""

    def __init__(self, address: str) -> None:
        """Connects to nothing yet."""
        self._address = address
        self._lock = threading.Lock()
        self._closed = False
        self._connection: _Connection | None = None

    def call(self, method: str, payload: bytes, timeout: float, headers: Headers | None) -> bytes:
        """As `Carrier.call`."""
        with GATE:
            call = self._connected().call(method)
            try:
                return cast("bytes", call(payload, timeout=timeout, metadata=headers))
            except grpc.RpcError as error:
                raise failure_of(cast("grpc.Call", error)) from None
            except ValueError:  # how grpcio says that the channel is closed
                if self._closed:
                    raise CallFailed("CANCELLED") from None
                raise

    def watch(self, method: str, payload: bytes, timeout: float | None) -> GrpcStream:
        """As `Carrier.watch`."""
        with GATE:
            connection = self._connected()
            try:
                return connection.streams.open(method, payload, timeout)
            except ValueError:  # how grpcio says that the channel is closed
                if self._closed:
                    raise CallFailed("CANCELLED") from None
                raise

    def close(self) -> None:
        """As `Carrier.close`."""
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
                raise CallFailed("CANCELLED")
            connection = self._connection
            if connection is None or connection.generation != GATE.generation:
                if connection is not None:
                    _abandoned.append(connection)
                connection = self._connection = _Connection(self._address)
            return connection

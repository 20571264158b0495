"""Which carrier a bridge has: the one that was asked for, or the direct one where the server speaks it."""

import threading
import time
from collections.abc import Callable
from typing import Final, Literal, TypeAlias, get_args

from ._carrier import CallFailed, CarriedStream, Carrier
from ._direct_carrier import DirectCarrier
from ._direct_line import HungUp, NotDirect
from ._errors import InvalidArgumentError
from ._fork import GATE
from ._proxy import goes_through_proxy
from ._telemetry import Headers

CarrierName: TypeAlias = Literal["auto", "direct", "grpc"]
_NAMES: Final = get_args(CarrierName)
_NOBODY: Final = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")


def check_carrier(name: CarrierName) -> CarrierName:
    """The name of a carrier."""
    if name not in _NAMES:
        raise InvalidArgumentError(f"carrier is one of {', '.join(map(repr, _NAMES))}, not {name!r}")
    return name


def carrier_of(name: CarrierName, address: str) -> Carrier:
    """The carrier of that name.

    Raises:
        InvalidArgumentError: There is none.
    """
    match check_carrier(name):
        case "auto" if goes_through_proxy(address):
            return grpc_carrier(address)
        case "auto":
            return AutoCarrier(address)
        case "direct":
            return DirectCarrier(address)
        case "grpc":
            return grpc_carrier(address)


def grpc_carrier(address: str) -> Carrier:
    """The carrier over gRPC, whose library takes a while to import and is not always needed."""
    from ._grpc_carrier import GrpcCarrier

    return GrpcCarrier(address)


class AutoCarrier:
    """The direct carrier; gRPC from the first answer on that only gRPC brings, as from behind a proxy of HTTP/2."""

    def __init__(self, address: str) -> None:
        """Connects to nothing yet."""
        self._address = address
        self._lock = threading.Lock()
        self._closed = False
        self._direct = DirectCarrier(address)
        self._grpc: Carrier | None = None
        self._prefers_grpc = False

    def call(self, method: str, payload: bytes, timeout: float, headers: Headers | None) -> bytes:
        """As `Carrier.call`."""
        if self._prefers_grpc:
            return self._over_grpc().call(method, payload, timeout, headers)
        begun = time.monotonic()
        try:
            return self._direct.call(method, payload, timeout, headers)
        except (NotDirect, HungUp):
            left = begun + timeout - time.monotonic()  # Nothing but a hello was sent.
        try:
            answer = self._over_grpc().call(method, payload, left, headers)
        except CallFailed as failure:
            self._prefers_grpc = is_said_by_somebody(failure)
            raise
        self._prefers_grpc = True
        return answer

    def watch(self, method: str, payload: bytes, timeout: float | None) -> CarriedStream:
        """As `Carrier.watch`."""
        if self._prefers_grpc:
            return self._over_grpc().watch(method, payload, timeout)
        begun = time.monotonic()

        def over_grpc() -> CarriedStream:
            left = None if timeout is None else max(0.0, begun + timeout - time.monotonic())
            return self._over_grpc().watch(method, payload, left)

        return _AutoStream(self._direct.watch(method, payload, timeout), over_grpc, self._answered_over_grpc)

    def close(self) -> None:
        """As `Carrier.close`."""
        with GATE, self._lock:
            self._closed = True
        self._direct.close()
        if self._grpc is not None:
            self._grpc.close()

    def _over_grpc(self) -> Carrier:
        if self._grpc is not None:
            return self._grpc
        with GATE, self._lock:  # No fork comes in between and leaves its child a lock that nobody gives back.
            if self._grpc is None:
                self._grpc = grpc_carrier(self._address)
        if self._closed:
            self._grpc.close()
        return self._grpc

    def _answered_over_grpc(self) -> None:
        self._prefers_grpc = True


class _AutoStream:
    """A stream that becomes another one if there is nobody to carry it."""

    def __init__(
        self, direct: CarriedStream, fall_back: Callable[[], CarriedStream], fallen: Callable[[], None]
    ) -> None:
        self._stream = direct
        self._fall_back = fall_back
        self._fallen = fallen
        self._cancelled = False

    def receive(self) -> bytes | None:
        try:
            return self._stream.receive()
        except (NotDirect, HungUp):
            self._stream = self._fall_back()
        if self._cancelled:
            self._stream.cancel()
        message = self._stream.receive()
        self._fallen()
        return message

    def cancel(self) -> None:
        self._cancelled = True
        self._stream.cancel()


def is_said_by_somebody(failure: CallFailed) -> bool:
    """Whether a call that failed has found a server."""
    return failure.status is not None or failure.code not in _NOBODY

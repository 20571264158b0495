"""Which carrier a bridge of an event loop has: what `_carriers` is for threads."""

import time

from ._async_carrier import AsyncCarriedStream, AsyncCarrier
from ._async_direct_carrier import AsyncDirectCarrier
from ._carrier import CallFailed
from ._carriers import CarrierName, check_carrier, is_said_by_somebody
from ._direct_line import HungUp, NotDirect
from ._proxy import goes_through_proxy
from ._telemetry import Headers


def async_carrier_of(name: CarrierName, address: str) -> AsyncCarrier:
    """The carrier of that name.

    Raises:
        InvalidArgumentError: There is none.
    """
    match check_carrier(name):
        case "auto" if goes_through_proxy(address):
            return async_grpc_carrier(address)
        case "auto":
            return AsyncAutoCarrier(address)
        case "direct":
            return AsyncDirectCarrier(address)
        case "grpc":
            return async_grpc_carrier(address)


def async_grpc_carrier(address: str) -> AsyncCarrier:
    """The carrier over gRPC, whose library takes a while to import and is not always needed."""
    from ._async_grpc_carrier import AsyncGrpcCarrier

    return AsyncGrpcCarrier(address)


class AsyncAutoCarrier:
    """As `AutoCarrier`: the direct carrier, and gRPC from the first answer on that only gRPC brings."""

    def __init__(self, address: str) -> None:
        """Connects to nothing yet."""
        self._address = address
        self._closed = False
        self._direct = AsyncDirectCarrier(address)
        self._grpc: AsyncCarrier | None = None
        self._prefers_grpc = False

    async def call(self, method: str, payload: bytes, timeout: float, headers: Headers | None) -> bytes:
        """As `AsyncCarrier.call`."""
        if self._prefers_grpc:
            return await self._over_grpc().call(method, payload, timeout, headers)
        begun = time.monotonic()
        try:
            return await self._direct.call(method, payload, timeout, headers)
        except (NotDirect, HungUp):
            left = begun + timeout - time.monotonic()  # Nothing but a hello was sent.
        try:
            answer = await self._over_grpc().call(method, payload, left, headers)
        except CallFailed as failure:
            self._prefers_grpc = is_said_by_somebody(failure)
            raise
        self._prefers_grpc = True
        return answer

    def watch(self, method: str, payload: bytes, timeout: float | None) -> AsyncCarriedStream:
        """As `AsyncCarrier.watch`."""
        if self._prefers_grpc:
            return self._over_grpc().watch(method, payload, timeout)
        return _AutoStream(self, self._direct.watch(method, payload, timeout), (method, payload), timeout)

    async def close(self) -> None:
        """As `AsyncCarrier.close`."""
        self._closed = True
        await self._direct.close()
        if self._grpc is not None:
            await self._grpc.close()

    def over_grpc(self, method: str, payload: bytes, timeout: float | None) -> AsyncCarriedStream:
        """A watch for which there is nobody who speaks the direct protocol."""
        return self._over_grpc().watch(method, payload, timeout)

    def answered_over_grpc(self) -> None:
        """From now on, gRPC is what is tried first."""
        self._prefers_grpc = True

    def _over_grpc(self) -> AsyncCarrier:
        if self._closed:
            raise CallFailed("CANCELLED")
        if self._grpc is None:
            self._grpc = async_grpc_carrier(self._address)
        return self._grpc


class _AutoStream:
    """A stream that becomes another one if there is nobody to carry it."""

    def __init__(
        self, carrier: AsyncAutoCarrier, direct: AsyncCarriedStream, asked: tuple[str, bytes], timeout: float | None
    ) -> None:
        self._carrier = carrier
        self._stream = direct
        self._asked = asked
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._cancelled = False
        self._has_fallen = False

    async def receive(self) -> bytes | None:
        try:
            message = await self._stream.receive()
        except (NotDirect, HungUp):
            self._fall_back()
            message = await self._stream.receive()
        if self._has_fallen:
            self._carrier.answered_over_grpc()
        return message

    def cancel(self) -> None:
        self._cancelled = True
        self._stream.cancel()

    def _fall_back(self) -> None:
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        self._stream = self._carrier.over_grpc(*self._asked, left)
        self._has_fallen = True
        if self._cancelled:
            self._stream.cancel()

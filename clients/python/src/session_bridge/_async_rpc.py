"""The transport over any carrier for event loops: what `_rpc` is for threads."""

from typing import TypeVar

from ._async_carrier import AsyncCarriedStream, AsyncCarrier
from ._carrier import CallFailed
from ._rpc import Remote, payload_of
from ._telemetry import trace_headers
from ._wire import Identity, Request, WatchAnswer, WatchVariables

A = TypeVar("A")


class AsyncRemoteTransport(Remote):
    """An `AsyncTransport` over a carrier."""

    def __init__(self, address: str, carrier: AsyncCarrier) -> None:
        """Connects to nothing yet."""
        super().__init__(address)
        self._carrier = carrier

    async def call(self, request: Request[A], timeout: float, identity: Identity | None = None) -> A:
        """As `RemoteTransport.call`."""
        self.refuse_if_closed()
        payload = payload_of(request, identity)
        try:
            answer = await self._carrier.call(request.method, payload, timeout, trace_headers())
        except CallFailed as failure:
            raise self.meaning(failure, request) from None
        return self.answer(request, answer)

    def watch(self, request: WatchVariables, timeout: float | None) -> "AsyncRemoteStream":
        """As `RemoteTransport.watch`."""
        self.refuse_if_closed()
        try:
            carried = self._carrier.watch(request.method, payload_of(request, None), timeout)
        except CallFailed as failure:
            raise self.meaning(failure, request) from None
        return AsyncRemoteStream(self, request, carried)

    async def close(self) -> None:
        """As `RemoteTransport.close`."""
        self.closed = True
        await self._carrier.close()


class AsyncRemoteStream:
    """An `AsyncStream` over a carrier's."""

    def __init__(self, remote: Remote, request: WatchVariables, carried: AsyncCarriedStream) -> None:
        """Begun by the transport."""
        self._remote = remote
        self._request = request
        self._carried = carried

    async def receive(self) -> WatchAnswer:
        """As `RemoteStream.receive`."""
        try:
            message = await self._carried.receive()
        except CallFailed as failure:
            raise self._remote.meaning_for_stream(failure, self._request) from None
        return self._remote.told(self._request, message)

    def cancel(self) -> None:
        """Ends the stream."""
        self._carried.cancel()

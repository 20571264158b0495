"""Floors: bytes sent and the same bytes received by a unary call of gRPC, by a Node server (grpc-js) that does nothing else."""

from typing import Any

import grpc
import grpc.aio
import msgpack

from ..adapter import Adapter
from ..values import VALUES

_METHOD = "/bench.Echo/Echo"
_AROUND_BYTES = 64
_OPTIONS = [("grpc.max_receive_message_length", 1 << 22)]


def _payloads() -> dict[int, bytes]:
    return {id(value): msgpack.packb(value) + bytes(_AROUND_BYTES) for value in VALUES.values()}


class GrpcEcho(Adapter):
    """A blocking call. What is read or written has the size that the name was last written with."""

    def open(self, target: str) -> None:
        """Makes a channel to a port of this machine."""
        self._names, self._payloads = dict[str, bytes](), _payloads()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{target}", options=_OPTIONS)
        self._call: Any = self._channel.unary_unary(_METHOD)

    def get(self, name: str) -> object:
        """There and back."""
        return self._call(self._names[name], timeout=30)

    def set(self, name: str, value: Any) -> None:
        """There and back."""
        self._names[name] = self._payloads[id(value)]
        self.get(name)


class AsyncGrpcEcho(Adapter):
    """The same with grpc.aio."""

    async def open(self, target: str) -> None:
        """Makes a channel to a port of this machine."""
        self._names, self._payloads = dict[str, bytes](), _payloads()
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{target}", options=_OPTIONS)
        self._call: Any = self._channel.unary_unary(_METHOD)

    async def get(self, name: str) -> object:
        """There and back."""
        return await self._call(self._names[name], timeout=30)

    async def set(self, name: str, value: Any) -> None:
        """There and back."""
        self._names[name] = self._payloads[id(value)]
        await self.get(name)

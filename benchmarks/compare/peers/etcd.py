"""etcd, values as JSON."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ..adapter import Adapter, Deliver


class Etcd(Adapter):
    """aetcd, which is for asyncio; etcd's older Python clients are not maintained."""

    async def open(self, target: str) -> None:
        """Connects to a port of this machine."""
        import aetcd

        self._etcd = aetcd.Client(host="127.0.0.1", port=int(target))
        await self._etcd.connect()
        await self._etcd.status()

    async def get(self, name: str) -> object:
        """Get and json."""
        return json.loads((await self._etcd.get(name.encode())).value)

    async def set(self, name: str, value: Any) -> None:
        """Put and json."""
        await self._etcd.put(name.encode(), json.dumps(value).encode())

    def increments(self) -> Mapping[str, Callable[[str], Any]]:
        """Get, then put."""

        async def naive(name: str) -> None:
            await self.set(name, json.loads((await self._etcd.get(name.encode())).value) + 1)

        return {"get, then set": naive}

    async def watch(self, name: str, ready: Callable[[], None], deliver: Deliver, count: int) -> None:
        """Watch, ready when the server has said that it watches."""
        watch = await self._etcd.watch(name.encode())
        ready()
        async for event in watch:
            number = json.loads(event.kv.value)
            deliver(number)
            if number >= count:
                break
        await watch.cancel()

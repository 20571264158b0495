"""NATS JetStream's key-value bucket, values as JSON."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ..adapter import Adapter, Deliver

_BUCKET = "bench"


class Nats(Adapter):
    """nats-py, which is for asyncio."""

    def __init__(self, *, storage: str = "memory") -> None:
        """With the bucket in "memory" or in a "file"."""
        self._storage = storage

    async def open(self, target: str) -> None:
        """Connects to a port of this machine, and makes the bucket."""
        import nats
        from nats.js.api import StorageType
        from nats.js.errors import BadRequestError

        stream = (await nats.connect(f"nats://127.0.0.1:{target}")).jetstream()
        storage = StorageType.MEMORY if self._storage == "memory" else StorageType.FILE
        bucket = f"{_BUCKET}-{self._storage}"
        try:
            self._bucket = await stream.create_key_value(bucket=bucket, storage=storage)
        except BadRequestError:
            # Another process is making it at this moment.
            self._bucket = await stream.key_value(bucket)

    async def get(self, name: str) -> object:
        """Get and json."""
        return json.loads((await self._bucket.get(name)).value)

    async def set(self, name: str, value: Any) -> None:
        """Put and json."""
        await self._bucket.put(name, json.dumps(value).encode())

    def increments(self) -> Mapping[str, Callable[[str], Any]]:
        """Get, then put."""

        async def naive(name: str) -> None:
            await self.set(name, json.loads((await self._bucket.get(name)).value) + 1)

        return {"get, then set": naive}

    async def watch(self, name: str, ready: Callable[[], None], deliver: Deliver, count: int) -> None:
        """Watch, ready when the values that are there have come."""
        watcher = await self._bucket.watch(name)
        is_new = False
        async for entry in watcher:
            if entry is None:
                is_new = True
                ready()
            if not is_new or entry is None:
                continue
            number = json.loads(entry.value)
            deliver(number)
            if number >= count:
                break
        await watcher.stop()

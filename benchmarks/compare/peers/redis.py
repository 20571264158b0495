"""Redis as its quick start does it: a hash for each session, values as JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..adapter import Adapter

_KEY = "session:bench"
_FILL_AT_ONCE = 1_000
_SCAN_COUNT = 1_000


class Redis(Adapter):
    """redis-py, one client that all threads share."""

    def open(self, target: str) -> None:
        """Connects to a port of this machine."""
        import redis

        self._redis = redis.Redis(host="127.0.0.1", port=int(target))
        self._redis.ping()

    def get(self, name: str) -> object:
        """HGET and json."""
        return json.loads(self._redis.hget(_KEY, name))

    def set(self, name: str, value: Any) -> None:
        """HSET and json."""
        self._redis.hset(_KEY, name, json.dumps(value))

    def get_many(self, names: Sequence[str]) -> Mapping[str, Any]:
        """HMGET and json."""
        found = self._redis.hmget(_KEY, names)
        return {name: json.loads(value) for name, value in zip(names, found, strict=True) if value is not None}

    def set_many(self, values: Mapping[str, Any]) -> None:
        """HSET of a mapping and json."""
        self._redis.hset(_KEY, mapping={name: json.dumps(value) for name, value in values.items()})

    def increments(self) -> Mapping[str, Callable[[str], Any]]:
        """HINCRBY, and what a program does with values that are not numbers."""
        return {
            "increment": lambda name: self._redis.hincrby(_KEY, name, 1),
            "get, then set": lambda name: self.set(name, json.loads(self._redis.hget(_KEY, name)) + 1),
        }

    def list_ids(self) -> int:
        """SCAN."""
        return sum(1 for _ in self._redis.scan_iter("session-*", count=_SCAN_COUNT))

    def fill(self, sessions: Sequence[str], values: Mapping[str, Any]) -> None:
        """Pipelines of HSET, a thousand at a time."""
        mapping = {name: json.dumps(value) for name, value in values.items()}
        for first in range(0, len(sessions), _FILL_AT_ONCE):
            pipeline = self._redis.pipeline(transaction=False)
            for id in sessions[first : first + _FILL_AT_ONCE]:
                pipeline.hset(id, mapping=mapping)
            pipeline.execute()


class AsyncRedis(Adapter):
    """redis.asyncio, one client; its pool opens a connection for each call that is under way."""

    async def open(self, target: str) -> None:
        """Connects to a port of this machine."""
        import redis.asyncio

        self._redis = redis.asyncio.Redis(host="127.0.0.1", port=int(target))
        await self._redis.ping()

    async def get(self, name: str) -> object:
        """HGET and json."""
        return json.loads(await self._redis.hget(_KEY, name))

    async def set(self, name: str, value: Any) -> None:
        """HSET and json."""
        await self._redis.hset(_KEY, name, json.dumps(value))

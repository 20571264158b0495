"""OpenAI Agents' SQLiteSession, which keeps a conversation: a write adds an item, a read takes the last."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..adapter import Adapter


class Agents(Adapter):
    """The session, which is for asyncio."""

    async def open(self, target: str) -> None:
        """Opens a file in a directory."""
        from agents import SQLiteSession

        self._session = SQLiteSession("bench", str(Path(target) / "agents.db"))

    async def get(self, name: str) -> object:
        """The last item, whatever its name."""
        (item,) = await self._session.get_items(limit=1)
        return json.loads(item["content"])

    async def set(self, name: str, value: Any) -> None:
        """One item more."""
        await self._session.add_items([{"role": "user", "content": json.dumps(value)}])

    async def get_many(self, names: Sequence[str]) -> Mapping[str, Any]:
        """The last items."""
        items = await self._session.get_items(limit=len(names))
        return {name: json.loads(item["content"]) for name, item in zip(names, items, strict=True)}

    async def set_many(self, values: Mapping[str, Any]) -> None:
        """So many items more."""
        await self._session.add_items([{"role": "user", "content": json.dumps(value)} for value in values.values()])

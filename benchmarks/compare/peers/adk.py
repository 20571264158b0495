"""Google ADK's DatabaseSessionService on SQLite: state is written by events, and read with its session."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..adapter import Adapter

_KEY = {"app_name": "bench", "user_id": "bench", "session_id": "bench"}


class Adk(Adapter):
    """The service, which is for asyncio."""

    async def open(self, target: str) -> None:
        """Opens a file in a directory."""
        from google.adk.events import Event, EventActions
        from google.adk.sessions import DatabaseSessionService
        from google.adk.sessions.base_session_service import GetSessionConfig

        self._event, self._actions = Event, EventActions
        # What came before is asked for no more than needed: the events themselves would be read too.
        self._config = GetSessionConfig(num_recent_events=1)
        self._service = DatabaseSessionService(f"sqlite+aiosqlite:///{Path(target) / 'adk.db'}")
        self._session = await self._service.create_session(**_KEY)

    async def get(self, name: str) -> object:
        """The session, and one name of its state."""
        return (await self._service.get_session(**_KEY, config=self._config)).state[name]

    async def set(self, name: str, value: Any) -> None:
        """An event with a delta of the state."""
        await self.set_many({name: value})

    async def get_many(self, names: Sequence[str]) -> Mapping[str, Any]:
        """The session, and several names of its state."""
        state = (await self._service.get_session(**_KEY, config=self._config)).state
        return {name: state[name] for name in names}

    async def set_many(self, values: Mapping[str, Any]) -> None:
        """One event."""
        await self._service.append_event(self._session, self._event(author="bench", actions=self._actions(state_delta=dict(values))))

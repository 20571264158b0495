"""session-bridge through its Python client, by either carrier."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import session_bridge

from ..adapter import Adapter, Deliver

_TIMEOUT_SECONDS = 30.0


def connected(function: str, target: str, carrier: str) -> Any:
    """A bridge from `connect` or `connect_async`, by a carrier."""
    return getattr(session_bridge, function)(target, timeout=_TIMEOUT_SECONDS, carrier=carrier)


class BridgeClient(Adapter):
    """The synchronous client: one bridge, which all threads share."""

    def __init__(self, *, carrier: str) -> None:
        """Of the carrier "grpc" or "direct"."""
        self._carrier = carrier

    def open(self, target: str) -> None:
        """Connects before anything is measured."""
        self._bridge: session_bridge.Bridge = connected("connect", target, self._carrier)
        self._session = self._bridge.get_session("bench")
        self._session.has_variable("none")

    def get(self, name: str) -> object:
        """`get_variable`."""
        return self._session.get_variable(name)

    def set(self, name: str, value: Any) -> None:
        """`set_variable`."""
        self._session.set_variable(name, value)

    def get_many(self, names: Sequence[str]) -> Mapping[str, Any]:
        """`get_variables`."""
        found: Mapping[str, Any] = self._session.get_variables(names)
        return found

    def set_many(self, values: Mapping[str, Any]) -> None:
        """`set_variables`."""
        self._session.set_variables(values)

    def increments(self) -> Mapping[str, Callable[[str], Any]]:
        """What the README shows, and what it does not."""
        session = self._session

        def transact(name: str) -> None:
            def add(t: session_bridge.Transaction) -> None:
                t[name] += 1

            session.transact(add)

        def conditional(name: str) -> None:
            while True:
                try:
                    with session.transaction() as t:
                        t[name] += 1
                    return
                except session_bridge.RevisionMismatchError:
                    continue

        def edit(name: str) -> None:
            while True:
                try:
                    # A number cannot be edited in place: the value that is edited holds it.
                    with session.edit(f"{name}-edited", {"number": 0}) as edited:
                        edited["number"] += 1
                        number = edited["number"]
                except session_bridge.RevisionMismatchError:
                    continue
                break
            session.update_variable(name, lambda value: max(value, number))

        return {
            "increment": session.increment,
            "update_variable": lambda name: session.update_variable(name, lambda value: value + 1),
            "transact": transact,
            "transaction, again on conflict": conditional,
            "edit, again on conflict": edit,
            "get, then set": lambda name: session.set_variable(name, session.get_variable(name) + 1),
        }

    def watch(self, name: str, ready: Callable[[], None], deliver: Deliver, count: int) -> None:
        """`watch`, ready when it has caught up."""
        is_new = False
        with self._session.watch(names=[name]) as changes:
            for change in changes:
                if change.kind == "caught_up":
                    is_new = True
                    ready()
                elif is_new and change.kind == "set":
                    deliver(change.value)
                    if change.value >= count:
                        return

    def list_ids(self) -> int:
        """`list_sessions`."""
        return sum(1 for _ in self._bridge.list_sessions())

    def fill(self, sessions: Sequence[str], values: Mapping[str, Any]) -> None:
        """One update a session."""
        for id in sessions:
            self._bridge.get_session(id).set_variables(values)


class AsyncBridgeClient(Adapter):
    """The asyncio client."""

    def __init__(self, *, carrier: str) -> None:
        """Of the carrier "grpc" or "direct"."""
        self._carrier = carrier

    async def open(self, target: str) -> None:
        """Connects, as the synchronous one does."""
        self._bridge = connected("connect_async", target, self._carrier)
        self._session = self._bridge.get_session("bench")
        await self._session.has_variable("none")

    async def get(self, name: str) -> object:
        """`get_variable`."""
        return await self._session.get_variable(name)

    async def set(self, name: str, value: Any) -> None:
        """`set_variable`."""
        await self._session.set_variable(name, value)

    async def get_many(self, names: Sequence[str]) -> Mapping[str, Any]:
        """`get_variables`."""
        found: Mapping[str, Any] = await self._session.get_variables(names)
        return found

    async def set_many(self, values: Mapping[str, Any]) -> None:
        """`set_variables`."""
        await self._session.set_variables(values)

    async def watch(self, name: str, ready: Callable[[], None], deliver: Deliver, count: int) -> None:
        """`watch`, ready when it has caught up."""
        is_new = False
        async with self._session.watch(names=[name]) as changes:
            async for change in changes:
                if change.kind == "caught_up":
                    is_new = True
                    ready()
                elif is_new and change.kind == "set":
                    deliver(change.value)
                    if change.value >= count:
                        return

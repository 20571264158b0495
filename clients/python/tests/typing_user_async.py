"""A user's own file with the asynchronous client, as mypy and pyright see it: nothing here runs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, assert_type

import session_bridge
from session_bridge import (
    AsyncBridge,
    AsyncSession,
    AsyncTransaction,
    AsyncWatch,
    Change,
    CheckpointInfo,
    Entry,
    HistoryEntry,
    SessionInfo,
    VariableInfo,
)


@dataclass
class Config:
    temperature: float


class Options(TypedDict):
    top_p: float


async def connecting() -> None:
    async with session_bridge.connect_async("localhost:50051", timeout=2.0) as bridge:
        assert_type(bridge, AsyncBridge)
        assert_type(bridge.get_session("a", ttl="never", labels={"a": "b"}), AsyncSession)
        assert_type(await bridge.create_session(), AsyncSession)
        assert_type(bridge.list_sessions(prefix="a"), AsyncIterator[SessionInfo])
        assert_type([info async for info in bridge.list_sessions()], list[SessionInfo])
        assert_type(await bridge.delete_session("a"), bool)
        await bridge.wait_ready(2)


async def reading(session: AsyncSession) -> None:
    assert_type(await session.get_variable("x"), Any)
    assert_type(await session.get_variable("x", 0.7), Any)
    assert_type(await session.get_variable("x", type=int), int | None)
    assert_type(await session.get_variable("x", 0, type=int), int)
    assert_type(await session.get_variable("x", default=0, type=int), int)
    assert_type(await session.get_variable("x", type=Config), Config | None)
    assert_type(await session.get_variable("x", type=Options), Options | None)
    assert_type(await session.get_variable("x", type=list[Config]), list[Config] | None)
    assert_type(await session.get_variable("x", "", type=int | str), int | str)
    assert_type(await session.get_variable("x", type=Literal["a", "b"]), Literal["a", "b"] | None)
    assert_type(await session.get_entry("x"), Entry[Any] | None)
    entry = await session.get_entry("x", type=Config)
    assert_type(entry, Entry[Config] | None)
    if entry is not None:
        assert_type(entry.value.temperature, float)
        await session.set_variable("x", Config(1), if_revision=entry.revision, ttl=60)
    assert_type(await session.to_dict(), dict[str, Any])
    assert_type(await session.get_variables("a", "b"), dict[str, Any])
    assert_type(session.list_variables(), AsyncIterator[VariableInfo])
    assert_type([name async for name in session], list[str])
    assert_type(await session.keys(), list[str])
    assert_type(await session.items(), list[tuple[str, Any]])


async def doubled(number: int) -> int:
    return 2 * number


async def either(number: int | None) -> str:
    return str(number)


async def writing(session: AsyncSession) -> None:
    assert_type(await session.set_variable("x", 1, ttl="keep", if_revision=0), int)
    assert_type(await session.increment("n", 0.5), int | float)
    assert_type(await session.append("log", ["x"], keep_last=100), int)
    assert_type(await session.merge("config", {"top_p": 0.9}, path=["a"], remove=["b"]), int)
    assert_type(await session.update_variable("x", lambda value: [value], 0), list[Any])
    assert_type(await session.update_variable("x", lambda n: n + 1, 0, type=int), int)
    assert_type(await session.update_variable("x", doubled, 0), int)
    assert_type(await session.update_variable("x", doubled, 0, type=int), int)
    assert_type(await session.update_variable("x", either, type=int), str)
    assert_type(await session.delete_variable("x"), bool)
    await session.update({"a": 1}, b=2)
    assert_type(await session.pop("x"), Any)
    assert_type(await session.popitem(), tuple[str, Any])
    assert_type(await session.destroy(), bool)


async def together(session: AsyncSession) -> None:
    async with session.edit("config") as config:
        assert_type(config, Any)
    async with session.edit("log", default=[]) as log:
        log.append("x")
    async with session.transaction() as t:
        assert_type(t, AsyncTransaction)
        assert_type(await t.get_variable("x"), Any)
        assert_type(await t.get_variable("x", type=int), int | None)
        assert_type(await t.get_variable("x", 0, type=int), int)
        assert_type(await t.get_variables("a", "b"), dict[str, Any])
        assert_type(await t.has_variable("x"), bool)
        t.increment("n")
        t.set_variable("y", Config(1), ttl=60)
        t.delete_variable("x")

    async def move(t: AsyncTransaction) -> int:
        left = await t.get_variable("a", 0, type=int) - 1
        t.set_variable("a", left)
        t.increment("b")
        return left

    assert_type(await session.transact(move), int)
    assert_type(await session.transact(lambda t: t.has_variable("a"), attempts=3), bool)


async def watching(session: AsyncSession) -> None:
    async with session.watch("run/", since=5) as watch:
        assert_type(watch, AsyncWatch[Change])
        async for change in watch:
            assert_type(change, Change)
            assert_type(change.revision, int)
        await watch.close()
    async for state in session.snapshots():
        assert_type(state, dict[str, Any])
    assert_type(await session.wait_for("x", lambda value: value == 1, 2.5, default=0), Any)


async def going_back(bridge: AsyncBridge, session: AsyncSession) -> None:
    assert_type(await bridge.create_session("a", history=3), AsyncSession)
    assert_type(session.history("x"), AsyncIterator[HistoryEntry[Any]])
    async for entry in session.history("x", limit=3, type=Config):
        assert_type(entry, HistoryEntry[Config])
        assert_type(entry.value, Config | None)
        assert_type(await session.restore("x", entry.revision, if_revision=0), int)
    assert_type(await session.checkpoint("before"), int)
    assert_type(await session.list_checkpoints(), list[CheckpointInfo])
    assert_type(await session.rollback("before"), int)
    assert_type(await session.delete_checkpoint("before"), bool)
    assert_type(await session.fork("b", ttl=60, labels={}, at_revision=1), AsyncSession)
    assert_type(await bridge.fork("a"), AsyncSession)
    assert_type(await session.expire_variable("x", "never"), int)


async def declaring(session: AsyncSession) -> None:
    assert_type(await session.declare("x", {"type": "integer"}), int)
    for revision in (
        await session.declare("x", Config),
        await session.declare("x", Options),
        await session.declare("x", list[int | None]),
        await session.declare("x", Literal["a", "b"]),
    ):
        assert_type(revision, int)
    assert_type(await session.undeclare("x"), bool)
    assert_type(await session.declarations(), dict[str, Any])

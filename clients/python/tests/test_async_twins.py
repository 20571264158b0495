"""`AsyncBridge` and all that comes from it is method for method the twin of the sync one."""

import inspect
import typing
from collections.abc import Callable
from typing import Any

import pytest

import session_bridge
from session_bridge import AsyncBridge, AsyncSession, AsyncTransaction, AsyncWatch, Bridge, Session, Transaction, Watch

TWINS = [(Bridge, AsyncBridge), (Session, AsyncSession), (Transaction, AsyncTransaction), (Watch, AsyncWatch)]
PLAIN = {
    # These ask no server …
    *("Bridge.with_options", "Bridge.get_session", "Session.with_options", "Session.watch", "Session.snapshots"),
    *(f"Transaction.{name}" for name in ("set_variable", "set_variables", "delete_variable")),
    *(f"Transaction.{name}" for name in ("increment", "append", "merge")),
    # … and these before the first step of what they give.
    *("Bridge.list_sessions", "Session.list_variables", "Session.history", "Session.edit", "Session.transaction"),
}
RETURNS = {
    "Session.list_variables": "list[VariableInfo] -> Iterator[VariableInfo]",
    "Session.keys": "SessionKeys -> list[str]",
    "Session.values": "SessionValues -> list[Any]",
    "Session.items": "SessionItems -> list[tuple[str, Any]]",
}
"""What is not given alike, since a twin can neither wait while it is walked over nor have operators."""


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


METHODS = [
    (f"{sync.__name__}.{name}", getattr(sync, name), getattr(twin, name))
    for sync, twin in TWINS
    for name in sorted(public(sync))
    if inspect.isfunction(getattr(sync, name))
]


@pytest.mark.parametrize(("sync", "twin"), TWINS, ids=[sync.__name__ for sync, _ in TWINS])
def test_both_have_the_same_public_names(sync: type, twin: type) -> None:
    assert public(sync) == public(twin)
    properties = {name for name in public(sync) if isinstance(getattr(sync, name), property)}
    assert properties == {name for name in public(twin) if isinstance(getattr(twin, name), property)}


@pytest.mark.parametrize(("name", "sync", "twin"), METHODS, ids=[name for name, _, _ in METHODS])
def test_both_take_the_same_and_give_the_same(name: str, sync: Callable[..., Any], twin: Callable[..., Any]) -> None:
    assert parameters(sync) == parameters(twin)
    expected, given = signatures(sync), signatures(twin)
    if name in RETURNS:
        before, after = RETURNS[name].split(" -> ")
        expected = {signature.replace(f"return: {before}", f"return: {after}") for signature in expected}
    assert given == expected


@pytest.mark.parametrize(("name", "sync", "twin"), METHODS, ids=[name for name, _, _ in METHODS])
def test_what_asks_a_server_is_a_coroutine(name: str, sync: Callable[..., Any], twin: Callable[..., Any]) -> None:
    assert not inspect.iscoroutinefunction(sync)
    assert inspect.iscoroutinefunction(twin) != (name in PLAIN)


def test_connecting_takes_the_same_and_waits_for_nothing() -> None:
    assert parameters(session_bridge.connect) == parameters(session_bridge.connect_async)
    assert signatures(session_bridge.connect) == signatures(session_bridge.connect_async)
    assert not inspect.iscoroutinefunction(session_bridge.connect_async)


def test_blocks_and_walks_have_their_asynchronous_forms() -> None:
    for sync, twin in TWINS:
        own = {name for kind in (sync, twin) for name in vars(kind)}
        assert ("__enter__" in own, "__exit__" in own) == ("__aenter__" in own, "__aexit__" in own)
        assert hasattr(twin, "__aiter__") == hasattr(sync, "__iter__")
        assert not hasattr(twin, "__enter__")
        assert not hasattr(twin, "__iter__")


@pytest.mark.parametrize("operator", ["__getitem__", "__setitem__", "__delitem__", "__contains__", "__len__"])
def test_there_are_no_operators_that_nobody_could_wait_for(operator: str) -> None:
    for sync in (Session, Transaction):
        assert hasattr(sync, operator) or (sync, operator) == (Transaction, "__len__")
    for twin in (AsyncSession, AsyncTransaction):
        assert not hasattr(twin, operator)


def parameters(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    of = inspect.signature(function).parameters.values()
    return [(parameter.name, parameter.kind, parameter.default) for parameter in of]


def signatures(function: Callable[..., Any]) -> set[str]:
    """The types of a function and of its overloads, without what makes them asynchronous."""
    bare = inspect.unwrap(function)
    return {_types(overload) for overload in (bare, *typing.get_overloads(bare))}


def _types(function: Callable[..., Any]) -> str:
    hints = typing.get_type_hints(function)
    return ", ".join(f"{name}: {_without_waiting(inspect.formatannotation(hint))}" for name, hint in hints.items())


def _without_waiting(hint: str) -> str:
    for module in ("session_bridge._", "collections.abc.", "typing."):
        while module in hint:
            before, _, after = hint.partition(module)
            hint = before + (after.partition(".")[2] if module == "session_bridge._" else after)
    before, awaitable, after = hint.partition("Awaitable[")
    hint = before + (after.replace("]", "", 1) if awaitable else after)
    return hint.replace("Async", "")

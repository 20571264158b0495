"""Transactions: one state to read, all or nothing to write, and no update that gets lost."""
# ruff: noqa: PT012  The block of a transaction is what is expected to raise, at its end.

import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_bridge import (
    Bridge,
    BridgeError,
    DataLossError,
    DeadlineExceededError,
    IntegerOverflowError,
    InvalidArgumentError,
    LimitExceededError,
    RevisionMismatchError,
    SerializationError,
    Session,
    SessionNotFoundError,
    Transaction,
    TypeMismatchError,
    VariableNotFoundError,
    connect,
)
from session_bridge._update_wire import Delete, Operation, Set, UpdateVariables, UpdateVariablesAnswer
from session_bridge._wire import Encoded, GetVariable, GetVariableAnswer, InfoAnswer

from .fake_server import FakeTransport, session_over
from .servers import Server
from .values.notation import same

WRITTEN = UpdateVariablesAnswer([], 9)


def answer(value: bytes, revision: int, session_revision: int) -> GetVariableAnswer:
    return GetVariableAnswer(Encoded(value), InfoAnswer("x", "integer", 1, revision, 0, 0, None), session_revision)


def update_of(transport: FakeTransport) -> UpdateVariables:
    (update,) = (request for request in transport.asked if isinstance(request, UpdateVariables))
    return update


def test_what_was_read_is_a_precondition_of_what_is_written() -> None:
    """With the first write of its name, and bare where the name is not written."""
    transport = FakeTransport(answer(b"\x01", 5, 7), GetVariableAnswer(None, None, 7), answer(b"\x02", 6, 7), WRITTEN)
    with session_over(transport).transaction() as t:
        assert (t["a"], t.get_variable("b", "none"), t["c"]) == (1, "none", 2)
        t["a"] = 3
        t["d"] = 4
    assert list(update_of(transport).operations) == [
        Operation("b", None, 0),
        Operation("c", None, 6),
        Operation("a", Set(Encoded(b"\x03")), 5),
        Operation("d", Set(Encoded(b"\x04")), None),
    ]


def test_without_check_reads_nothing_is_a_precondition() -> None:
    transport = FakeTransport(answer(b"\x01", 5, 7), WRITTEN)
    with session_over(transport).transaction(check_reads=False) as t:
        t["b"] = t["a"]
    assert list(update_of(transport).operations) == [Operation("b", Set(Encoded(b"\x01")), None)]


def test_a_name_is_read_once() -> None:
    transport = FakeTransport(answer(b"\x91\x01", 5, 7))
    with session_over(transport).transaction() as t:
        t["a"].append("only a copy")
        assert t["a"] == t.get_variable("a", type=list[int]) == [1]
        assert "a" in t
        assert 1 not in t
    assert len(transport.asked) == 1


def test_what_only_reads_or_does_nothing_commits_nothing() -> None:
    transport = FakeTransport(answer(b"\x01", 5, 7))
    with session_over(transport).transaction():
        pass
    assert transport.asked == []
    with session_over(transport).transaction() as t:
        t["a"]
    assert [type(request) for request in transport.asked] == [GetVariable]


def test_a_value_set_again_or_deleted_is_not_sent() -> None:
    transport = FakeTransport(WRITTEN)
    with session_over(transport).transaction() as t:
        for n in range(1000):
            t["a"] = n
        t["b"] = 1
        del t["b"]
        t.set_variable("c", 1, ttl=60)
        t.set_variable("c", 2, ttl="keep")
        t.delete_variable("d")
        t["d"] = 1
        t.set_variable("e", 1, if_revision=3)
        t["e"] = 2
    written = list(update_of(transport).operations)
    assert [(one.name, type(one.change), one.if_revision) for one in written] == [
        ("a", Set, None),
        ("b", Delete, None),
        *[("c", Set, None)] * 2,
        ("d", Delete, None),
        ("d", Set, None),
        ("e", Set, 3),
        ("e", Set, None),
    ]


def test_an_exception_inside_writes_nothing() -> None:
    transport = FakeTransport(WRITTEN)
    with pytest.raises(ZeroDivisionError), session_over(transport).transaction() as t:
        t["a"] = 1
        raise ZeroDivisionError
    assert transport.asked == []


def test_after_its_end_a_transaction_is_of_no_use(session: Session) -> None:
    kept: list[Transaction] = []
    with session.transaction() as t:
        kept.append(t)
    session.transact(kept.append)
    with pytest.raises(ZeroDivisionError), session.transaction() as t:
        kept.append(t)
        raise ZeroDivisionError
    uses: list[Callable[[Transaction], object]] = [
        lambda t: t["a"],
        lambda t: "a" in t,
        lambda t: t.get_variables("a"),
        lambda t: t.set_variable("a", 1),
        lambda t: t.increment("a"),
    ]
    for t in kept:
        for use in uses:
            with pytest.raises(InvalidArgumentError, match="over"):
                use(t)
    assert session.to_dict() == {}


def test_reads_see_one_revision(session: Session) -> None:
    """What has been written since the first read, or may have been deleted since, is the conflict, at once."""
    session.update(a=1, b=2, c=3)
    with pytest.raises(RevisionMismatchError) as newer, session.transaction() as t:
        assert t["a"] == 1
        session.set_variable("b", 20)
        assert t["c"] == 3
        t["b"]
    assert (newer.value.name, newer.value.current_revision) == ("b", session.info().revision)
    with pytest.raises(RevisionMismatchError) as gone, session.transaction() as t:
        assert t["a"] == 1
        del session["b"]
        t.get_variables("b", "c")
    assert (gone.value.name, gone.value.current_revision) == ("b", 0)
    with session.transaction() as t:
        assert t["a"] == 1
        session["c"] = 30
        session.set_variable("new", 1)
        assert t["a"] == 1


def test_a_conflict_names_what_was_written_in_between_and_changes_nothing(session: Session) -> None:
    session.update(a=1, b=2)
    with pytest.raises(RevisionMismatchError) as caught, session.transaction() as t:
        t["sum"] = t["a"] + t["b"]
        session.set_variable("a", 10)
    assert (caught.value.name, caught.value.current_revision) == ("a", session.info().revision)
    assert caught.value.outcome == "not_applied"
    assert session.to_dict() == {"a": 10, "b": 2}
    with pytest.raises(RevisionMismatchError), session.transaction() as t:
        assert "new" not in t
        t["b"] = 3
        session["new"] = 1


def test_a_conflict_that_is_swallowed_is_one_all_the_same(session: Session) -> None:
    session.update(a=1, b=2)
    with pytest.raises(RevisionMismatchError), session.transaction() as t:
        t["a"] = t["a"] + 1
        session["b"] = 3
        with pytest.raises(RevisionMismatchError):
            t["b"]
    assert session["a"] == 1


def test_all_is_one_commit(session: Session) -> None:
    session.update(a=1, b=[1])
    with session.transaction() as t:
        t["a"] = 2
        t.append("b", [2])
        t.increment("n", 5)
        t.merge("m", {"x": 1}, path=["deep"])
        t.set_variable("brief", 1, ttl=60)
        del t["a"]
    assert session.to_dict() == {"b": [1, 2], "brief": 1, "m": {"deep": {"x": 1}}, "n": 5}
    assert len({info.revision for info in session.list_variables()}) == 1
    brief = session.get_entry("brief")
    assert brief is not None
    assert brief.expires_at is not None


def test_blind_writes_collide_with_nobody(session: Session) -> None:
    with session.transaction() as t:
        t.increment("n")
        session.increment("n", 10)
        t.increment("n")
    assert session["n"] == 12


def test_a_missing_variable_is_no_item(session: Session) -> None:
    with pytest.raises(VariableNotFoundError), session.transaction() as t:
        t["absent"]
    with pytest.raises(VariableNotFoundError), session.transaction() as t:
        del t["absent"]


def test_what_cannot_be_said_is_refused(session: Session) -> None:
    refused: dict[str, tuple[type[BridgeError], Callable[[Transaction], object]]] = {
        "no names": (InvalidArgumentError, lambda t: t.get_variables()),
        "a name": (InvalidArgumentError, lambda t: t.get_variable("")),
        "a value": (SerializationError, lambda t: t.set_variable("a", object())),
        "one of many": (SerializationError, lambda t: t.set_variables({"a": 1, "b": object()})),
        "a ttl": (InvalidArgumentError, lambda t: t.set_variable("a", 1, ttl=-1)),
        "an item": (TypeMismatchError, lambda t: t.append("a", 1)),  # type: ignore[arg-type] # pyright: ignore
        "a bool": (TypeMismatchError, lambda t: t.increment("a", True)),
    }
    with session.transaction() as t:
        for kind, use in refused.values():
            with pytest.raises(kind):
                use(t)
    assert session.to_dict() == {}
    with pytest.raises(InvalidArgumentError, match="attempts"):
        session.transact(lambda t: t["a"], attempts=0)


def test_a_handle_that_creates_nothing_does_not_in_a_transaction(bridge: Bridge) -> None:
    session = bridge.get_session(f"absent-{uuid4().hex}", create=False)
    with pytest.raises(SessionNotFoundError), session.transaction() as t:
        t["a"] = 1


def test_an_update_too_large_for_a_message_is_refused_whole(session: Session) -> None:
    with pytest.raises(LimitExceededError) as caught, session.transaction() as t:
        for n in range(5):
            t[f"v{n}"] = b"x" * 1_000_000
    assert caught.value.reason == "MESSAGE_TOO_LARGE"
    assert session.to_dict() == {}


def test_one_unreadable_value_does_not_cost_the_others() -> None:
    transport = FakeTransport(answer(b"\xc1", 5, 7), answer(b"\x02", 5, 7))
    with session_over(transport).transaction() as t:
        with pytest.raises(DataLossError):
            t["a"]
        t["b"]
        with pytest.raises(DataLossError) as caught:
            t.get_variables("a", "b")
    assert caught.value.readable == {"b": 2}


def test_transact_gives_what_the_function_returned_of_the_attempt_that_held(session: Session) -> None:
    session["n"] = 0
    seen: list[int] = []

    def bump(t: Transaction) -> str:
        seen.append(t["n"])
        if len(seen) < 3:
            session.increment("n", 10)
        t["n"] = seen[-1] + 1
        return f"from {seen[-1]}"

    assert session.transact(bump) == "from 20"
    assert (seen, session["n"]) == ([0, 10, 20], 21)


def test_transact_ends_with_its_attempts_or_its_timeout(session: Session) -> None:
    session["n"] = 0

    def unlucky(t: Transaction) -> None:
        t["m"] = t["n"]
        session.increment("n")

    with pytest.raises(RevisionMismatchError):
        session.transact(unlucky, attempts=3)
    assert session["n"] == 3
    with pytest.raises(DeadlineExceededError):
        session.with_options(timeout=0.3).transact(unlucky)
    assert session.get_variable("m") is None


def test_transact_tries_again_for_its_own_conflicts_only(session: Session) -> None:
    calls: list[int] = []

    def elsewhere(t: Transaction) -> None:
        calls.append(1)
        session.set_variable("other", 1, if_revision=7)

    with pytest.raises(RevisionMismatchError):
        session.transact(elsewhere)
    assert calls == [1]


def test_transact_takes_no_coroutine_function(session: Session) -> None:
    async def forgotten(t: Transaction) -> None:
        t["a"] = 1

    with pytest.raises(InvalidArgumentError, match="coroutine"):
        session.transact(cast("Any", forgotten))


def test_no_update_is_lost_between_threads(session: Session) -> None:
    """Eight threads move amounts between three variables; the sum stays."""
    session.set_variables({"a": 100, "b": 100, "c": 100})

    def work(seed: int) -> None:
        chance, own = random.Random(seed), session.with_options(timeout=60)
        for _ in range(40):
            source, target = chance.sample("abc", 2)
            amount = chance.randint(1, 9)

            def move(t: Transaction, source: str = source, target: str = target, amount: int = amount) -> None:
                t[source] -= amount
                t[target] += amount
                t.increment("moves")

            own.transact(move)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, seed) for seed in range(8)]:
            done.result()
    assert session.pop("moves") == 8 * 40
    assert sum(session.values()) == 300


def test_no_update_is_lost_between_fifty_clients(server: Server, session: Session) -> None:
    """Each with a connection of its own, all over the same three variables, and none gives up.

    `TRANSACTIONS=200` in the environment makes it ten times as long.
    """
    session.set_variables({"a": 100, "b": 100, "c": 100})
    each = int(os.environ.get("TRANSACTIONS", "20"))

    def client(seed: int) -> None:
        chance = random.Random(seed)

        def move(t: Transaction) -> None:
            source, target = chance.sample("abc", 2)
            amounts = t.get_variables(source, target)
            t[source] = amounts[source] - 1
            t[target] = amounts[target] + 1

        with connect(server.address, timeout=60) as bridge:
            own = bridge.get_session(session.id)
            for _ in range(each):
                own.transact(move)
            own.increment("clients")

    with ThreadPoolExecutor(50) as pool:
        for done in [pool.submit(client, seed) for seed in range(50)]:
            done.result()
    assert session.pop("clients") == 50
    assert sum(session.values()) == 300


numbers = st.one_of(
    st.integers(-3, 3), st.sampled_from([2**63, 2**64 - 1, -(2**63), 2**64, 0.5, -0.0, 1e308, float("inf")])
)
maps = st.dictionaries(st.sampled_from("xyz"), st.one_of(st.integers(0, 3), st.just({"x": 1})), max_size=3)
kinds: dict[str, st.SearchStrategy[Any]] = {
    "number": numbers,
    "list": st.lists(st.integers(0, 9), max_size=4),
    "text": st.text("aé😀", max_size=4),
    "bytes": st.binary(max_size=4),
    "map": maps,
}
nothing: dict[str, Any] = {}
options: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "set_variable": st.sampled_from([nothing, {"ttl": "keep"}]),
    "append": st.fixed_dictionaries(nothing, optional={"keep_last": st.integers(1, 5)}),
    "merge": st.fixed_dictionaries(
        nothing,
        optional={
            "path": st.lists(st.sampled_from("xy"), max_size=2),
            "remove": st.lists(st.sampled_from("xz"), max_size=1),
        },
    ),
}


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, str, tuple[Any, ...], dict[str, Any]]:
    """A method of a transaction, a variable named after its kind, what mostly fits it, and options."""
    name = draw(st.sampled_from(sorted(kinds)))
    edit = {"number": "increment", "map": "merge"}.get(name, "append")
    method = draw(st.sampled_from([edit, edit, edit, "set_variable", "delete_variable"]))
    if method == "delete_variable":
        return method, name, (), nothing
    if draw(st.integers(0, 9)) == 0:
        return "append", name, (draw(kinds["list"]),), nothing
    return method, name, (draw(kinds[name]),), draw(options.get(method, st.just(nothing)))


EDITS = (TypeMismatchError, IntegerOverflowError, InvalidArgumentError)
against_a_server = settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@against_a_server
@given(st.fixed_dictionaries(nothing, optional=kinds), st.lists(changes(), min_size=1, max_size=6))
def test_what_a_transaction_reads_of_its_own_writes_is_what_the_server_makes_of_them(
    bridge: Bridge, before: dict[str, Any], made: list[tuple[str, str, tuple[Any, ...], dict[str, Any]]]
) -> None:
    session = bridge.get_session(f"own-{uuid4().hex}")
    session.set_variables(before)
    refused: type[BridgeError] | None = None
    refused_at_last: type[BridgeError] | None = None
    seen: dict[str, Any] = {}
    try:
        with session.transaction() as t:
            for method, name, arguments, options in made:
                getattr(t, method)(name, *arguments, **options)
            try:
                seen = t.get_variables(kinds)
            except EDITS as error:
                refused = type(error)
    except EDITS as error:
        refused_at_last = type(error)
    assert refused_at_last is refused
    assert same(session.to_dict(), dict(sorted(before.items())) if refused else seen)
    session.destroy()


names = st.sampled_from("abc")
steps = st.lists(
    st.one_of(
        st.tuples(st.just("read"), names, st.just(0)),
        st.tuples(st.just("write"), names, st.integers(0, 9)),
        st.tuples(st.just("others write"), names, st.integers(0, 9)),
        st.tuples(st.just("others delete"), names, st.just(0)),
    ),
    max_size=8,
)


@against_a_server
@given(steps, st.booleans())
def test_a_transaction_happens_at_one_moment_or_not_at_all(
    bridge: Bridge, made: list[tuple[str, str, int]], check_reads: bool
) -> None:
    """Against a model that counts the writes of others: every read is of the moment of the first, as is the commit."""
    session = bridge.get_session(f"moment-{uuid4().hex}")
    session.set_variables({"a": 100, "b": 200})
    state: dict[str, int] = {"a": 100, "b": 200}
    moves = 0
    moved: dict[str, int] = dict.fromkeys("abc", 0)
    first: tuple[int, dict[str, int]] | None = None
    own: dict[str, int] = {}
    read: set[str] = set()
    conflict = False
    try:
        with session.transaction(check_reads=check_reads) as t:
            for step, name, value in made:
                if step == "write":
                    own[name] = value
                    t[name] = value
                elif step == "others write" or (step == "others delete" and name in state):
                    moves += 1
                    moved[name] = moves
                    if step == "others write":
                        state[name] = value
                        session[name] = value
                    else:
                        del state[name], session[name]
                elif step == "read" and name not in own:
                    first = first or (moves, dict(state))
                    if name not in read:
                        conflict = moved[name] > first[0] if name in state else moves > first[0]
                    if conflict:
                        t.get_variable(name)
                    read.add(name)
                    assert t.get_variable(name) == first[1].get(name)
            if check_reads and own and first is not None:
                # What was missing and is missing again is as it was read.
                conflict = any(moved[name] > first[0] and name in first[1].keys() | state for name in read)
    except RevisionMismatchError:
        assert conflict
        assert session.to_dict() == dict(sorted(state.items()))
    else:
        assert not conflict
        assert session.to_dict() == dict(sorted((state | own).items()))
    session.destroy()

"""A session behaves as a dict does, but for its order: names come in byte order."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

import session_bridge
from session_bridge import Bridge, Session

from .servers import Server

NAMES = st.sampled_from(["a", "b", "Z", "aa", "é", "\U0001f600", "\uffee"])
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.binary(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
MISSING = object()


class SessionAgainstDict(RuleBasedStateMachine):
    """The same steps on a session and on a dict give the same answers and leave the same things."""

    bridge: Bridge

    @initialize()
    def begin(self) -> None:
        self.session = self.bridge.get_session()
        self.model: dict[str, Any] = {}

    @rule(name=NAMES, value=VALUES)
    def set_item(self, name: str, value: Any) -> None:
        self.session[name] = value
        self.model[name] = value

    @rule(name=NAMES)
    def get_item(self, name: str) -> None:
        assert outcome(lambda: self.session[name]) == outcome(lambda: self.model[name])
        assert self.session.get(name, 7) == self.model.get(name, 7)
        assert (name in self.session) == (name in self.model)

    @rule(name=NAMES)
    def delete_item(self, name: str) -> None:
        assert outcome(lambda: self.session.__delitem__(name)) == outcome(lambda: self.model.__delitem__(name))

    @rule(name=NAMES, default=st.just(MISSING) | SCALARS)
    def pop(self, name: str, default: Any) -> None:
        defaults = () if default is MISSING else (default,)
        assert outcome(lambda: self.session.pop(name, *defaults)) == outcome(lambda: self.model.pop(name, *defaults))

    @rule()
    def pop_item(self) -> None:
        if self.model:
            last = max(self.model, key=str.encode)
            assert self.session.popitem() == (last, self.model.pop(last))
        else:
            assert outcome(self.session.popitem) is KeyError

    @rule(name=NAMES, value=VALUES)
    def set_default(self, name: str, value: Any) -> None:
        assert self.session.setdefault(name, value) == self.model.setdefault(name, value)

    @rule(values=st.dictionaries(NAMES, VALUES, max_size=4), keywords=st.dictionaries(st.just("b"), SCALARS))
    def update(self, values: dict[str, Any], keywords: dict[str, Any]) -> None:
        self.session.update(values, **keywords)
        self.model.update(values, **keywords)

    @rule(values=st.lists(st.tuples(NAMES, VALUES), max_size=3))
    def update_from_pairs(self, values: list[tuple[str, Any]]) -> None:
        self.session.update(values)
        self.model.update(values)

    @rule()
    def clear(self) -> None:
        self.session.clear()
        self.model.clear()

    @invariant()
    def same(self) -> None:
        ordered = {name: self.model[name] for name in sorted(self.model, key=str.encode)}
        assert [*self.session.items()] == [*ordered.items()]
        assert [*self.session] == [*ordered]
        assert [*self.session.keys()] == [*ordered]
        assert [*self.session.values()] == [*ordered.values()]
        assert len(self.session) == len(self.session.items()) == len(ordered)

    def teardown(self) -> None:
        self.session.destroy()


def outcome(call: Any) -> Any:
    """What the call gives; KeyError itself when that is raised."""
    try:
        return call()
    except KeyError:
        return KeyError


def test_a_session_behaves_as_a_dict(bridge: Bridge) -> None:
    machine = type("Machine", (SessionAgainstDict,), {"bridge": bridge})
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=20))


@pytest.fixture
def filled(server: Server) -> Iterator[Session]:
    with session_bridge.connect(server.address) as bridge:
        session = bridge.get_session()
        session.update(a=1, b=[2], c=None)
        yield session
        session.destroy()


def test_a_session_is_a_mapping(filled: Session) -> None:
    assert isinstance(filled, Mapping)
    assert isinstance(filled, MutableMapping)
    assert dict(filled) == {**filled} == filled.to_dict() == {"a": 1, "b": [2], "c": None}


def test_views_are_those_of_a_mapping(filled: Session) -> None:
    keys, items, values = filled.keys(), filled.items(), filled.values()
    assert keys & {"a", "z"} == {"a"}
    assert keys | {"z"} == {"a", "b", "c", "z"}
    assert "a" in keys
    assert ("b", [2]) in items
    assert ("b", [3]) not in items
    assert None in values
    assert 9 not in values
    filled["d"] = 4
    assert (len(keys), len(items), len(values)) == (4, 4, 4)


def test_what_is_not_a_str_is_never_a_name(filled: Session) -> None:
    strangers: list[Any] = [3, None, b"a", ("a",)]
    assert [name for name in strangers if name in filled] == []


def test_a_value_read_is_a_copy(filled: Session) -> None:
    filled["b"].append(3)
    assert filled["b"] == [2]

"""What is refused before anything is sent."""

import math
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import session_bridge
from session_bridge import InvalidArgumentError, ServerUnavailableError, Session, TypeMismatchError
from session_bridge._arguments import check_address, check_each_name, check_if_revision, check_name, check_ttl

from .fake_server import FakeTransport, bridge_over, session_over

NOBODY = ServerUnavailableError("asked")


@pytest.mark.parametrize("revision", [None, True, False, -1, 1.0, "1", 2**63])
def test_only_a_revision_is_a_condition(revision: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="if_revision"):
        check_if_revision(revision)


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_a_revision_is_a_condition(revision: int) -> None:
    assert check_if_revision(revision) == revision


@given(st.lists(st.one_of(st.text(max_size=3), st.sampled_from(["\ud800", "name", b"name", None]))))
def test_names_together_are_refused_as_the_first_bad_one_is_alone(names: list[Any]) -> None:
    assert refusal(lambda: check_each_name(names)) == refusal(lambda: [check_name(name) for name in names])


def refusal(check: Callable[[], object]) -> str | None:
    try:
        check()
    except InvalidArgumentError as error:
        return f"{error.reason}: {error}"
    return None


@pytest.mark.parametrize("ttl", [True, False, 0, -1, math.nan, math.inf, timedelta(0), "forever", "", b"1", 1e16, [1]])
def test_only_a_time_above_zero_is_a_ttl(ttl: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="ttl") as caught:
        check_ttl(ttl, may_keep=True)
    assert caught.value.reason == "INVALID_TTL"


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_a_ttl_is_milliseconds_and_never_zero(seconds: float) -> None:
    milliseconds = check_ttl(seconds, may_keep=False)
    assert isinstance(milliseconds, int)
    assert milliseconds >= 1
    assert abs(milliseconds - seconds * 1000) <= 1
    assert check_ttl(timedelta(seconds=seconds) or timedelta(microseconds=1), may_keep=False)


def test_a_session_cannot_keep_a_deadline() -> None:
    with pytest.raises(InvalidArgumentError):
        bridge_over(FakeTransport(NOBODY)).get_session("a", ttl="keep")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "address", ["", "localhost", "http://localhost:1", "a:b", "a:0", "a:65536", ":50051", "a:1/x", "::1:5"]
)
def test_an_address_is_host_and_port(address: str) -> None:
    with pytest.raises(InvalidArgumentError, match="host:port"):
        check_address(address or " ")


def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_BRIDGE_ADDRESS", "[::1]:7")
    assert session_bridge.connect().address == "[::1]:7"
    assert session_bridge.connect("db.example:9").address == "db.example:9"
    monkeypatch.delenv("SESSION_BRIDGE_ADDRESS")
    assert session_bridge.connect().address == "localhost:50051"


@pytest.mark.parametrize("timeout", [0, -1, math.inf, math.nan, True, "5"])
def test_every_call_has_a_deadline(timeout: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="timeout"):
        session_bridge.connect("a:1", timeout=timeout)
    with pytest.raises(InvalidArgumentError, match="timeout"):
        session_over(FakeTransport(NOBODY)).with_options(timeout=timeout)


@pytest.mark.parametrize("session_id", [None, "", 3, b"a", "\ud800"])
def test_an_id_is_a_str_with_something_in_it(session_id: Any) -> None:
    transport = FakeTransport(NOBODY)
    for make in (bridge_over(transport).get_session, bridge_over(transport).create_session):
        with pytest.raises(InvalidArgumentError) as caught:
            make(session_id)
        assert caught.value.reason == "INVALID_SESSION_ID"
    assert transport.asked == []


def test_an_omitted_id_is_a_new_one_each_time() -> None:
    bridge = bridge_over(FakeTransport(NOBODY))
    ids = {bridge.get_session().id for _ in range(100)}
    assert len(ids) == 100
    assert {len(made) for made in ids} == {22}


REFUSED: dict[str, Callable[[Session], object]] = {
    "get_variable": lambda s: s.get_variable(None),  # type: ignore[call-overload] # pyright: ignore
    "set_variable": lambda s: s.set_variable(1, 1),  # type: ignore[arg-type] # pyright: ignore
    "surrogate": lambda s: s.set_variable("\udc80", 1),
    "empty name": lambda s: s.delete_variable(""),
    "set_variables": lambda s: s.set_variables({1: 1}),  # type: ignore[dict-item] # pyright: ignore
    "prefix": lambda s: s.to_dict(prefix=3),  # type: ignore[arg-type] # pyright: ignore
    "names": lambda s: s.get_variables(["a", 1]),  # type: ignore[list-item] # pyright: ignore
    "names not iterable": lambda s: s.get_variables(3),  # type: ignore[arg-type] # pyright: ignore
    "names and prefix": lambda s: s.get_variables("a", prefix="b"),
    "keep_last": lambda s: s.append("a", [1], keep_last=0),
    "keep_last bool": lambda s: s.append("a", [1], keep_last=True),
    "path": lambda s: s.merge("a", {}, path="bc"),
    "remove": lambda s: s.merge("a", {}, remove=[1]),  # type: ignore[list-item] # pyright: ignore
    "attempts": lambda s: s.update_variable("a", lambda v: v, attempts=0),
    "ttl": lambda s: s.set_variable("a", 1, ttl=0),
    "if_revision": lambda s: s.set_variable("a", 1, if_revision=None),  # type: ignore[arg-type] # pyright: ignore
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_wire_could_not_carry_is_refused_here(what: str) -> None:
    transport = FakeTransport(NOBODY)
    with pytest.raises(InvalidArgumentError):
        REFUSED[what](session_over(transport))
    assert transport.asked == []


@pytest.mark.parametrize("value", [1, (1,), {1}, {"a": 1}, None])
def test_append_says_how_to_add_one_item(value: Any) -> None:
    with pytest.raises(TypeMismatchError, match=r"to add one item: append\('log', \[item\]\)"):
        session_over(FakeTransport(NOBODY)).append("log", value)


@pytest.mark.parametrize("by", [True, "1", None, 1j])
def test_increment_adds_numbers(by: Any) -> None:
    with pytest.raises(TypeMismatchError):
        session_over(FakeTransport(NOBODY)).increment("n", by)


def test_labels_are_str_to_str() -> None:
    bridge = bridge_over(FakeTransport(NOBODY))
    for labels in ({"a": 1}, {1: "a"}, ["a"], {"": "a"}):
        with pytest.raises(InvalidArgumentError) as caught:
            bridge.get_session("a", labels=labels)  # type: ignore[arg-type] # pyright: ignore
        assert caught.value.reason in ("INVALID_LABELS", "INVALID_ARGUMENT")


def test_a_bridge_and_a_session_do_not_pickle_and_say_what_to_do() -> None:
    bridge = bridge_over(FakeTransport(NOBODY))
    for thing in (bridge, bridge.get_session("a")):
        with pytest.raises(TypeError, match=r"session\.id"):
            pickle.dumps(thing)

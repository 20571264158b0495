"""What a session does, through a real server."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest

import session_bridge
from session_bridge import (
    Bridge,
    IntegerOverflowError,
    InvalidArgumentError,
    LimitExceededError,
    RevisionMismatchError,
    SerializationError,
    Session,
    SessionNotFoundError,
    TypeMismatchError,
    VariableNotFoundError,
)

from .carriers import CARRIERS
from .servers import Server

pytestmark = pytest.mark.usefixtures("carrier")
MEBIBYTE = 1_048_576


@pytest.fixture
def other(session: Session, server: Server) -> Iterator[Session]:
    """The same session as another program holds it."""
    with session_bridge.connect(server.address) as bridge:
        yield bridge.get_session(session.id)


def test_first_case_of_all(session: Session) -> None:
    session.set_variable("config", {"temperature": 0.8})
    assert session.get_variable("config")["temperature"] == 0.8


def test_p2_null_is_not_missing(session: Session) -> None:
    """[P2] A stored null is found."""
    session["x"] = None
    assert "x" in session
    assert session.has_variable("x")
    assert session.get_variable("x", "default") is None
    assert session["x"] is None
    assert session.get_entry("x") is not None
    assert session.setdefault("x", 1) is None
    assert session.get_variables("x", "y") == {"x": None}
    assert session.delete_variable("x") is True


def test_p2_missing_is_not_null(session: Session) -> None:
    """[P2] Absence is an answer."""
    assert session.get_variable("x") is None
    assert session.get_variable("x", 0.7) == 0.7
    assert session.get_entry("x") is None
    assert not session.has_variable("x")
    assert "x" not in session
    assert session.delete_variable("x") is False
    with pytest.raises(VariableNotFoundError) as caught:
        session["x"]
    assert isinstance(caught.value, KeyError)
    assert caught.value.name == "x"
    with pytest.raises(VariableNotFoundError):
        del session["x"]


def test_p3_what_is_not_touched_stays_as_it_was(session: Session) -> None:
    """[P3] Increment, append and merge leave the rest, its types included."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    session["config"] = {"a": (1, 2), "b": {"when": moment, "one": 1.0, "big": 2**80}}
    session.merge("config", {"c": {1}}, path=["b"])
    session.merge("config", {}, remove=["a"])
    assert session["config"] == {"b": {"when": moment, "one": 1.0, "big": 2**80, "c": {1}}}
    assert type(session["config"]["b"]["one"]) is float


@pytest.mark.parametrize("carrier", CARRIERS[:1], indirect=True)
def test_p4_fifty_clients_increment_to_exactly_ten_thousand(session: Session, server: Server) -> None:
    """[P4] Operations of one session take effect one after another."""

    def work(mine: Session) -> None:
        for _ in range(200):
            mine.increment("n")

    assert _fifty(session, server, work) == 10_000


@pytest.mark.parametrize("carrier", CARRIERS[:1], indirect=True)
def test_p4_fifty_clients_update_to_exactly_ten_thousand(session: Session, server: Server) -> None:
    """[P4] A compare-and-set loop loses nothing."""

    def work(mine: Session) -> None:
        for _ in range(200):
            mine.update_variable("n", lambda value: value + 1, 0)

    assert _fifty(session, server, work) == 10_000


def _fifty(session: Session, server: Server, work: Any) -> Any:
    failures: list[BaseException] = []

    def client() -> None:
        with session_bridge.connect(server.address, timeout=60) as bridge:
            try:
                work(bridge.get_session(session.id))
            except BaseException as error:
                failures.append(error)

    threads = [Thread(target=client) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return session["n"]


def test_p8_what_expired_is_never_readable(session: Session) -> None:
    """[P8] Not read, listed, counted or popped; and a new one begins anew."""
    session.set_variable("brief", 1, ttl=0.05)
    session.set_variable("lasting", 2)
    entry = session.get_entry("brief")
    assert entry is None or entry.expires_at is not None
    time.sleep(0.06)
    assert session.get_variable("brief") is None
    assert [*session] == ["lasting"]
    assert len(session) == 1
    assert session.to_dict() == {"lasting": 2}
    assert session.pop("brief", "gone") == "gone"
    assert session.increment("brief") == 1


def test_p16_a_value_of_one_mebibyte_fits_and_one_byte_more_does_not(session: Session) -> None:
    """[P16] A refused write leaves everything as it was and says which limit."""
    largest = b"x" * (MEBIBYTE - 5)  # bin 32 has a head of five bytes
    session["x"] = largest
    before = session.get_entry("x")
    with pytest.raises(LimitExceededError) as caught:
        session["x"] = largest + b"x"
    assert caught.value.reason == "VALUE_TOO_LARGE"
    assert (caught.value.limit_value, caught.value.actual) == (MEBIBYTE, MEBIBYTE + 1)
    assert caught.value.outcome == "not_applied"
    assert session.get_entry("x") == before
    assert session["x"] == largest


def test_p16_a_thousand_variables_and_one_more(session: Session) -> None:
    """[P16] The thousand-and-first is refused; changing and deleting go on."""
    session.set_variables({f"v{i:04}": i for i in range(1000)})
    revision = session.info().revision
    with pytest.raises(LimitExceededError) as caught:
        session["one more"] = 1
    assert caught.value.reason == "TOO_MANY_VARIABLES"
    assert caught.value.limit_value == 1000
    assert session.info().revision == revision
    assert "one more" not in session
    session["v0000"] = "changed"
    del session["v0001"]
    session["one more"] = 1
    assert len(session) == 1000


def test_p16_a_refused_write_creates_no_session(bridge: Bridge, session: Session) -> None:
    """[P16] Neither the variable nor the session is there."""
    with pytest.raises(LimitExceededError):
        session["x"] = b"x" * MEBIBYTE
    with pytest.raises(SessionNotFoundError):
        session.info()


def test_p17_a_read_after_an_acknowledgement_sees_it(session: Session, other: Session) -> None:
    """[P17] Whoever reads."""
    for i in range(100):
        revision = session.set_variable("x", i)
        entry = other.get_entry("x")
        assert entry is not None
        assert (entry.value, entry.revision) == (i, revision)


def test_snapshots_larger_than_a_message_come_whole(session: Session) -> None:
    values = {f"v{i}": bytes([i]) * (MEBIBYTE - 10) for i in range(8)}
    slow = session.with_options(timeout=30)
    for name, value in values.items():
        slow[name] = value
    assert slow.to_dict() == values
    assert [*slow.values()] == [*values.values()]


def test_an_update_larger_than_a_message_is_refused_whole(session: Session) -> None:
    with pytest.raises(LimitExceededError) as caught:
        session.update({f"v{i}": b"x" * (MEBIBYTE - 10) for i in range(5)})
    assert caught.value.reason == "MESSAGE_TOO_LARGE"
    assert caught.value.outcome == "not_applied"
    assert session.to_dict() == {}


def test_sessions_are_isolated(bridge: Bridge, session: Session) -> None:
    second = bridge.get_session()
    session["x"] = 1
    second["x"] = 2
    assert (session["x"], second["x"]) == (1, 2)
    second.destroy()
    assert session["x"] == 1


def test_writes_answer_with_what_they_made(session: Session) -> None:
    first = session.set_variable("x", 1)
    second = session.set_variable("x", 2)
    assert 0 < first < second
    assert session.set_variables({"a": 1, "b": 2}) > second
    assert session.set_variables({}) == session.info().revision
    assert session.increment("n") == 1
    assert session.increment("n", 2) == 3
    assert session.increment("n", 0.5) == 3.5
    assert session.increment("n", -4) == -0.5
    assert session.append("log", ["a", "b"]) == 2
    assert session.append("log", ["c"], keep_last=2) == 2
    assert session["log"] == ["b", "c"]
    assert session.append("text", "grüß") == 4
    assert session.append("raw", b"ab") == 2
    merged = session.merge("config", {"top_p": 0.9})
    entry = session.get_entry("config")
    assert entry is not None
    assert entry.revision == merged


def test_operations_on_the_wrong_type_change_nothing(session: Session) -> None:
    session.update({"text": "a", "flag": True, "most": 2**64 - 1})
    before = session.info().revision
    calls: list[Callable[[], object]] = [
        lambda: session.increment("text"),
        lambda: session.increment("flag"),
        lambda: session.append("text", [1]),
        lambda: session.append("most", b""),
        lambda: session.merge("text", {"a": 1}),
    ]
    for call in calls:
        with pytest.raises(TypeMismatchError):
            call()
    with pytest.raises(IntegerOverflowError):
        session.increment("most")
    assert session.info().revision == before


def test_a_condition_on_the_revision_holds_or_changes_nothing(session: Session) -> None:
    created = session.set_variable("a", 1, if_revision=0)
    with pytest.raises(RevisionMismatchError) as caught:
        session.set_variable("a", 2, if_revision=0)
    assert (caught.value.name, caught.value.current_revision) == ("a", created)
    changed = session.set_variable("a", 2, if_revision=created)
    calls: list[Callable[[], object]] = [
        lambda: session.delete_variable("a", if_revision=created),
        lambda: session.increment("a", if_revision=created),
        lambda: session.append("a", [1], if_revision=created),
        lambda: session.merge("a", {}, if_revision=created),
        lambda: session.set_variable("missing", 1, if_revision=created),
    ]
    for call in calls:
        with pytest.raises(RevisionMismatchError):
            call()
    assert session.to_dict() == {"a": 2}
    assert session.increment("a", if_revision=changed) == 3
    entry = session.get_entry("a")
    assert session.delete_variable("a", if_revision=entry.revision if entry else 0) is True


def test_a_recreated_variable_never_matches_an_old_revision(session: Session) -> None:
    old = session.set_variable("a", 1)
    session.destroy()
    session["a"] = 1
    with pytest.raises(RevisionMismatchError):
        session.set_variable("a", 2, if_revision=old)


def test_a_plain_set_clears_a_deadline_and_the_others_keep_it(session: Session) -> None:
    def deadline() -> datetime | None:
        entry = session.get_entry("n")
        assert entry is not None
        return entry.expires_at

    session.set_variable("n", 1, ttl=timedelta(hours=1))
    first = deadline()
    assert first is not None
    assert abs(first - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)
    session.increment("n")
    session.set_variable("n", 5, ttl="keep")
    session.update_variable("n", lambda value: value + 1)
    assert deadline() == first
    session.set_variable("n", 1, ttl="never")
    assert deadline() is None
    session.set_variable("n", 1, ttl=5)
    session["n"] = 2
    assert deadline() is None


def test_reading_as_a_type(session: Session) -> None:
    @dataclass
    class Config:
        temperature: float
        tools: list[str]

    session["config"] = Config(1, ["search"])
    assert session["config"] == {"temperature": 1, "tools": ["search"]}
    assert session.get_variable("config", type=Config) == Config(1.0, ["search"])
    assert session.get_variable("missing", type=Config) is None
    assert session.get_variable("missing", 3, type=Config) == 3
    entry = session.get_entry("config", type=Config)
    assert entry is not None
    assert entry.value.tools == ["search"]
    with pytest.raises(TypeMismatchError) as caught:
        session.get_variable("config", type=dict[str, int])
    assert caught.value.path == "config.tools"
    warmer = session.update_variable("config", lambda c: Config(c.temperature + 1, c.tools), type=Config)  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess]
    assert warmer == session.get_variable("config", type=Config) == Config(2.0, ["search"])


def test_what_cannot_be_stored_is_refused_with_its_path(session: Session) -> None:
    session["x"] = 1
    for call in (
        lambda: session.set_variable("x", {"tools": [1, object()]}),
        lambda: session.update({"y": 1, "x": {"tools": [1, object()]}}),
    ):
        with pytest.raises(SerializationError) as caught:
            call()
        assert caught.value.path == "x.tools[1]"
    assert session.to_dict() == {"x": 1}


def test_many_are_read_and_listed_in_byte_order(session: Session) -> None:
    names = ["é", "a", "Z", "aa", "😀", "\uffee"]
    session.update({name: name for name in names})
    ordered = sorted(names, key=str.encode)
    assert [*session.to_dict()] == [*session] == [*session.keys()] == ordered
    assert [info.name for info in session.list_variables()] == ordered
    assert [info.name for info in session.list_variables("a")] == ["a", "aa"]
    assert session.get_variables(prefix="a") == session.to_dict("a") == {"a": "a", "aa": "aa"}
    assert session.get_variables(["a", "missing", "Z"]) == {"Z": "Z", "a": "a"}
    assert session.get_variables("a", "Z") == {"Z": "Z", "a": "a"}
    assert [info.type for info in session.list_variables("a")] == ["string", "string"]


def test_pops_are_one_step_each(session: Session) -> None:
    session.update(a=1, b=2, c=3)
    before = session.info().revision
    assert session.popitem() == ("c", 3)
    assert session.pop("a") == 1
    assert session.pop("a", None) is None
    with pytest.raises(VariableNotFoundError):
        session.pop("a")
    assert session.info().revision > before
    assert session.popitem() == ("b", 2)
    with pytest.raises(VariableNotFoundError):
        session.popitem()


def test_clear_is_one_commit(session: Session) -> None:
    session.update(a=1, ab=2, b=3)
    session.clear(prefix="a")
    assert session.to_dict() == {"b": 3}
    session.clear()
    assert len(session) == 0
    assert bool(session)


def test_setdefault_answers_what_is_stored(session: Session) -> None:
    default = [1]
    assert session.setdefault("x", default) == [1]
    session.append("x", [2])
    assert session.setdefault("x", default) == [1, 2]
    assert session.setdefault("n") is None
    assert session["n"] is None


def test_a_session_is_not_made_anew_where_it_must_exist(bridge: Bridge, session: Session) -> None:
    strict = bridge.get_session(session.id, create=False)
    for call in (
        lambda: strict.set_variable("x", 1),
        lambda: strict.update(a=1),
        lambda: strict.increment("x"),
        lambda: strict.setdefault("x", 1),
        lambda: strict.update_variable("x", lambda value: 1),
        lambda: strict.delete_variable("x"),
    ):
        with pytest.raises(SessionNotFoundError):
            call()
    assert strict.get_variable("x") is None
    session["x"] = 1
    strict["x"] = 2
    assert session["x"] == 2


def test_info_touch_and_destroy(bridge: Bridge, session: Session) -> None:
    for missing in (session.info, session.touch):
        with pytest.raises(SessionNotFoundError):
            missing()
    assert session.destroy() is False
    labelled = bridge.get_session(session.id, ttl=600, labels={"team": "a"})
    labelled["x"] = "value"
    info = labelled.info()
    assert (info.id, info.labels, info.variable_count) == (session.id, {"team": "a"}, 1)
    assert info.expires_at is not None
    assert timedelta(seconds=590) < info.expires_at - info.created_at < timedelta(seconds=620)
    touched = session.touch(ttl=timedelta(days=1))
    assert touched.expires_at is not None
    assert touched.expires_at > info.expires_at
    assert session.touch("never").expires_at is None
    assert session.destroy() is True
    assert session.get_variable("x") is None


@pytest.mark.parametrize("name", ["x" * 257, "a\nb", "\x7f", "\ufffd"])
def test_bad_names_are_refused_by_the_server(session: Session, name: str) -> None:
    for call in (
        lambda: session.get_variable(name),
        lambda: session.set_variable(name, 1),
        lambda: session.update({name: 1}),
        lambda: session.delete_variable(name),
        lambda: session.increment(name),
    ):
        with pytest.raises(InvalidArgumentError) as caught:
            call()
        assert caught.value.reason == "INVALID_NAME"
    session["x" * 256] = 1
    assert [*session] == ["x" * 256]


def test_a_custom_encoding_is_carried_and_never_looked_into(server: Server, session: Session) -> None:
    reverse = session_bridge.CustomEncoding(
        "reverse", lambda text: text[::-1].encode(), lambda data: data.decode()[::-1]
    )
    codecs = session_bridge.Codecs().with_encoding(reverse)
    with session_bridge.connect(server.address, codecs=codecs) as bridge:
        mine = bridge.get_session(session.id)
        mine.update({"a": 1, "z": 2})
        mine.set_variable("m", "olleh", encoding="reverse")
        assert mine["m"] == "olleh"
        assert mine.to_dict() == {"a": 1, "m": "olleh", "z": 2}
        assert [*mine.to_dict()] == ["a", "m", "z"]
        assert mine.update_variable("m", lambda text: text + "!") == "olleh!"
        assert [info.type for info in mine.list_variables("m")] == ["custom"]
    with pytest.raises(session_bridge.UnsupportedError) as caught:
        session["m"]
    assert caught.value.name == "m"
    with pytest.raises(TypeMismatchError):
        session.append("m", "x")

"""Promises that hold through real clients, processes and restarts."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from processes import Server, TypeScript

import session_bridge

MIB = 1024 * 1024
STRING_HEADER = 5


@pytest.mark.matrix
def test_a_stored_none_is_not_a_missing_variable(bridge: session_bridge.Bridge, typescript: TypeScript) -> None:
    """[P2] In either language, and to either language."""
    session = bridge.get_session("nulls")
    session.set_variable("null", None)
    assert session.has_variable("null")
    assert session.get_variable("null", "default") is None
    assert not session.has_variable("missing")
    assert session.get_variable("missing", "default") == "default"
    assert typescript.do("read", session="nulls") == {"null": None}
    assert session.delete_variable("null")
    assert not session.delete_variable("null")


@pytest.mark.matrix
def test_a_value_of_one_mebibyte_is_kept_and_one_byte_more_is_refused(bridge: session_bridge.Bridge) -> None:
    """[P16] The refusal names the limit and the actual size, and the old value stays with its revision."""
    session = bridge.get_session("sizes")
    exact = "x" * (MIB - STRING_HEADER)
    session.set_variable("large", exact)
    before = session.get_entry("large")
    assert before is not None
    assert before.size_bytes == MIB
    with pytest.raises(session_bridge.LimitExceededError) as refusal:
        session.set_variable("large", exact + "x")
    assert (refusal.value.reason, refusal.value.actual) == ("VALUE_TOO_LARGE", MIB + 1)
    assert session.get_entry("large") == before


@pytest.mark.matrix
def test_a_session_holds_a_thousand_variables_and_not_one_more(bridge: session_bridge.Bridge) -> None:
    """[P16] Refused by itself and in a batch; replacing and deleting still work."""
    session = bridge.get_session("thousand")
    session.set_variables({f"v{i}": i for i in range(1000)})
    one_more: dict[str, object] = {"v0": 1, "one-more": 1}
    for values in (one_more, {"one-more": 1}):
        with pytest.raises(session_bridge.LimitExceededError) as refusal:
            session.set_variables(values)
        assert (refusal.value.reason, refusal.value.actual) == ("TOO_MANY_VARIABLES", 1001)
    assert session.get_variable("v0") == 0
    assert len(session) == 1000
    session.set_variable("v0", "replaced")
    assert session.delete_variable("v1")
    session.set_variable("one-more", 1)
    assert len(session) == 1000


@pytest.mark.matrix
def test_what_expires_while_the_server_is_down_is_not_readable_after_it(own_server: Server) -> None:
    """[P8] A deadline passes whether or not anybody serves."""
    with session_bridge.connect(own_server.address) as bridge:
        session = bridge.get_session("expiring")
        session.set_variable("short", 1, ttl=0.05)
        session.set_variable("long", 2, ttl=3600)
        bridge.get_session("short-lived", ttl=0.05).set_variable("a", 1)
        deadline = datetime.now(UTC) + timedelta(seconds=0.1)
    own_server.stop(signal.SIGKILL)
    while datetime.now(UTC) < deadline:
        time.sleep(0.01)
    own_server.start()
    with session_bridge.connect(own_server.address) as bridge:
        session = bridge.get_session("expiring")
        assert session.to_dict() == {"long": 2}
        assert session.info().variable_count == 1
        assert [info.id for info in bridge.list_sessions()] == ["expiring"]
        assert bridge.get_session("short-lived").get_variable("a") is None


@pytest.mark.matrix
def test_every_answer_before_a_kill_holds_after_it(own_server: Server) -> None:
    """[P5] [P4] Each writer appends its own numbers in order; what was acknowledged is a prefix of what is there."""
    writers = 4
    acknowledged = [0] * writers
    enough = threading.Event()

    def write(writer: int) -> None:
        with session_bridge.connect(own_server.address, timeout=2) as bridge:
            session = bridge.get_session("killed")
            for i in range(100_000):
                try:
                    session.append(f"w{writer}", [i])
                except session_bridge.BridgeError:
                    return
                acknowledged[writer] = i + 1
                if min(acknowledged) >= 20:
                    enough.set()

    with ThreadPoolExecutor(writers) as pool:
        running = [pool.submit(write, writer) for writer in range(writers)]
        assert enough.wait(30)
        own_server.stop(signal.SIGKILL)
        for future in running:
            future.result()
    own_server.start()
    with session_bridge.connect(own_server.address) as bridge:
        kept = bridge.get_session("killed").to_dict()
    for writer in range(writers):
        items = kept[f"w{writer}"]
        assert items == list(range(len(items)))
        assert acknowledged[writer] <= len(items) <= acknowledged[writer] + 1


@pytest.mark.matrix
def test_no_value_ever_appears_in_a_log(own_server: Server) -> None:
    marker = "marker-3f9c2d"
    with session_bridge.connect(own_server.address) as bridge:
        session = bridge.get_session("logged")
        session.set_variable("secret", marker)
        session.set_variable("map", {marker: [marker]})
        with pytest.raises(session_bridge.TypeMismatchError):
            session.increment("secret")
        with pytest.raises(session_bridge.TypeMismatchError):
            session.append("map", marker)
        with pytest.raises(session_bridge.LimitExceededError):
            session.set_variable("large", marker * MIB)
    assert own_server.stop() == 0
    log = own_server.log()
    assert log != ""
    assert marker not in log

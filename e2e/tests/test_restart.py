"""What a restart keeps: every acknowledged variable, with its revision and its type."""

import signal

import pytest
from processes import Server, TypeScript, run_python
from values import EVERY_TYPE, shape

import session_bridge


@pytest.mark.matrix
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_keeps_every_acknowledged_variable_with_revision_and_type(own_server: Server, how: signal.Signals) -> None:
    with session_bridge.connect(own_server.address) as bridge:
        session = bridge.get_session("test-1")
        for name, value in EVERY_TYPE.items():
            session.set_variable(name, value)
        session.set_variables({f"many-{i}": i for i in range(100)})
        before = [(info.name, info.type, info.revision, info.created_at) for info in session.list_variables()]
    code = own_server.stop(how)
    assert code == (0 if how == signal.SIGTERM else -how)
    own_server.start()
    with session_bridge.connect(own_server.address) as bridge:
        session = bridge.get_session("test-1")
        assert [(info.name, info.type, info.revision, info.created_at) for info in session.list_variables()] == before
        assert {info.name: info.type for info in session.list_variables() if info.name in EVERY_TYPE} == {name: name for name in EVERY_TYPE}
        kept = {name: session.get_variable(name) for name in EVERY_TYPE}
        assert shape(kept) == shape(EVERY_TYPE)


@pytest.mark.matrix
def test_a_map_is_read_by_a_second_process_of_either_language_after_a_restart(own_server: Server) -> None:
    written = {"config": {"temperature": 0.8}, "nested": {"tools": [{"name": "search"}], "limit": None}, "n": 3}
    with session_bridge.connect(own_server.address) as bridge:
        session = bridge.get_session("test-2")
        session.set_variable("config", {"temperature": 0.8})
        assert session.get_variable("config") == {"temperature": 0.8}
        session.set_variables(written)
    assert own_server.stop() == 0
    own_server.start()
    assert run_python("read_session.py", own_server.address, "test-2") == written
    with TypeScript(own_server.address) as typescript:
        assert typescript.do("read", session="test-2") == written


@pytest.mark.matrix
def test_revisions_grow_over_a_restart_and_a_re_creation(own_server: Server) -> None:
    """[P1] A revision is never used twice."""
    revisions: list[int] = []
    for _ in range(3):
        with session_bridge.connect(own_server.address) as bridge:
            session = bridge.get_session("again")
            revisions += [session.set_variable("a", 1), session.set_variable("a", 1)]
            session.destroy()
            revisions.append(session.set_variable("a", 2))
        own_server.stop(signal.SIGKILL)
        own_server.start()
    assert revisions == sorted(set(revisions))

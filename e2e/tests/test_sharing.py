"""Sessions that are shared, and sessions that are not."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from processes import Server, TypeScript

import session_bridge

TIMES = 100
WRITERS = 4


@pytest.mark.matrix
@pytest.mark.parametrize("task", ["increment", "update"])
def test_concurrent_writers_of_both_languages_lose_no_change(server: Server, bridge: session_bridge.Bridge, task: str) -> None:
    """[P4] The sum is exact, whether counted by the server or by compare-and-set."""
    session_id = f"counter-{task}"
    barrier = threading.Barrier(WRITERS)

    def write(_: int) -> None:
        with session_bridge.connect(server.address, timeout=60) as own:
            session = own.get_session(session_id)
            barrier.wait()
            for _ in range(TIMES):
                if task == "increment":
                    session.increment("n")
                else:
                    session.update_variable("n", lambda n: n + 1, default=0)

    with TypeScript(server.address) as first, TypeScript(server.address) as second, ThreadPoolExecutor(WRITERS) as pool:
        for program in (first, second):
            program.send(task, session=session_id, name="n", times=TIMES)
        list(pool.map(write, range(WRITERS)))
        for program in (first, second):
            program.answer()
    assert bridge.get_session(session_id).get_variable("n") == (WRITERS + 2) * TIMES


@pytest.mark.matrix
def test_sessions_with_the_same_names_never_see_each_other(bridge: session_bridge.Bridge, typescript: TypeScript) -> None:
    ids = [f"isolated-{i}" for i in range(5)]
    for session_id in ids:
        bridge.get_session(session_id).set_variables({"name": session_id, "config": {"owner": session_id}})
    bridge.get_session(ids[0]).set_variable("only-here", 1)
    assert bridge.get_session(ids[1]).destroy()
    for session_id in ids[2:]:
        typescript.do("increment", session=session_id, name="n", times=1)
    assert bridge.get_session(ids[0]).to_dict() == {"config": {"owner": ids[0]}, "name": ids[0], "only-here": 1}
    assert bridge.get_session(ids[1]).to_dict() == {}
    for session_id in ids[2:]:
        assert typescript.do("read", session=session_id) == {
            "config": {"owner": session_id},
            "n": 1,
            "name": session_id,
        }


@pytest.mark.matrix
def test_a_read_begun_after_an_acknowledgement_sees_it_from_the_other_language(
    bridge: session_bridge.Bridge, typescript: TypeScript
) -> None:
    """[P17] Read your writes, and each other's."""
    session = bridge.get_session("fresh")
    for i in range(50):
        session.set_variable("i", i)
        assert typescript.do("read", session="fresh") == {"i": i}

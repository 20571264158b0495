"""Writes the variables of a session: python examples/python_write.py [ADDRESS] [SESSION]."""

import sys

import session_bridge

address = sys.argv[1] if len(sys.argv) > 1 else "localhost:50051"
session_id = sys.argv[2] if len(sys.argv) > 2 else "test-2"

with session_bridge.connect(address) as bridge:
    session = bridge.get_session(session_id)  # no round trip; the first write creates it

    session.set_variable("config", {"temperature": 0.8})
    config = session.get_variable("config")
    assert config["temperature"] == 0.8
    print(f'config = {config!r}, so config["temperature"] is {config["temperature"]}')

    session["model"] = "small"  # a session is a mapping, too
    session.increment("calls")
    session.append("log", ["first question", "first answer"])
    session.merge("config", {"top_p": 0.9})
    print(f"the session now holds {', '.join(session)}")

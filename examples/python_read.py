"""Reads every variable of a session: python examples/python_read.py [ADDRESS] [SESSION]."""

import sys

import session_bridge

address = sys.argv[1] if len(sys.argv) > 1 else "localhost:50051"
session_id = sys.argv[2] if len(sys.argv) > 2 else "test-2"

with session_bridge.connect(address) as bridge:
    session = bridge.get_session(session_id)
    for name, value in session.to_dict().items():
        print(f"{name} = {value!r}")
    assert session.get_variable("absent") is None  # absence is an answer, not an error

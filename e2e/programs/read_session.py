"""Prints the variables of a session as JSON: read_session.py ADDRESS SESSION."""

import json
import sys

import session_bridge

with session_bridge.connect(sys.argv[1]) as bridge:
    print(json.dumps(bridge.get_session(sys.argv[2]).to_dict()))

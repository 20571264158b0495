"""A process that watches one session and reads all that comes: `python -m watch.reader CARRIER ADDRESS`."""

import sys

import session_bridge

from compare.gap import GapError
from compare.peers.bridge import connected

from .watchers import session_id

if __name__ == "__main__":
    try:
        with connected("connect", sys.argv[2], sys.argv[1]) as bridge, bridge.get_session(session_id(0)).watch() as changes:
            for change in changes:
                if change.kind == "caught_up":
                    print("ready", flush=True)
    except (GapError, session_bridge.BridgeError) as error:
        print(error, flush=True)

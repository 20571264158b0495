"""Every row of proto/vectors/constraints.json through the client and a real server."""

from typing import Any

from session_bridge import BridgeError, ConstraintError, InvalidArgumentError, Session
from session_bridge import _update_wire as updates
from session_bridge import _wire as wire
from session_bridge._calls import update
from session_bridge._steps import run
from session_bridge._values import encode

from .values.notation import bytes_of, rows_of

ENDS = "no bytes"
"""The row of what is no schema; on the wire it ends a declaration."""


def test_a_schema_takes_and_refuses_what_its_row_says(session: Session) -> None:
    ran = 0
    for row in rows_of("constraints.json"):
        told = told_of(session, row)
        if row.get("fits"):
            assert told is None, row["name"]
        elif row["name"] == ENDS:
            assert told is None
        elif "refused" in row:
            assert type(told) is InvalidArgumentError, row["name"]
            assert (told.reason, told.rule, told.path) == ("INVALID_SCHEMA", row["refused"], row["path"]), row["name"]
        else:
            assert type(told) is ConstraintError, row["name"]
            assert (told.name, told.rule, told.path) == ("value", row["rule"], row["path"]), row["name"]
        assert told is None or told.outcome == "not_applied", row["name"]
        ran += 1
    assert ran == 1348


def told_of(session: Session, row: dict[str, Any]) -> BridgeError | None:
    """How a row's schema is refused, or its value under that schema; None when it fits."""
    try:
        if "refused" in row and isinstance(row.get("schema"), dict):
            session.declare("value", row["schema"])
        else:
            schema = bytes_of(row["schema_bytes"]) if "schema_bytes" in row else encode(row["schema"])[0]
            changes: list[updates.Change] = [updates.Declare(schema)]
            if "value" in row:
                changes.append(updates.Set(wire.Encoded(bytes_of(row["value"]), row.get("encoding", ""))))
            handle = session._handle  # pyright: ignore[reportPrivateUsage]
            # An update judges the state that it leads to: the value by the schema beside it.
            run(update(handle, *(updates.Operation("value", change) for change in changes)), handle.link.transport)
    except BridgeError as error:
        return error
    return None

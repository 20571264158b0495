"""Whether what is found is the state after some first part of all commits, in their one order, and nothing else."""

from dataclasses import dataclass
from itertools import pairwise

from inspector import Contents
from load import SHARED, TOTAL, Load
from model import Line, explain, number, same, without_passing


@dataclass(frozen=True)
class Found:
    """The answers that may have been the last ones of a line; what is equal cannot be told apart."""

    line: Line
    first: int
    last: int

    def lost(self, position: int) -> int:
        """How many of the answers that the line had when the journal was so long are missing at least."""
        return max(0, _answered_by(self.line, position) - self.last)

    @property
    def sent(self) -> int:
        """How long the journal was when the newest change that is certainly there was asked for; what changes nothing has no commit."""
        moments = self.line.moments[: self.first + 1]
        return max((after.sent for before, after in pairwise(moments) if after.held != before.held), default=0)


def prefix(load: Load, contents: Contents, at_least: int) -> list[Found]:
    """Of each line, where in its answers it is.

    Args:
        load: What was answered, and when.
        contents: What is there now.
        at_least: Everything that was answered when the shim's journal was so long must be there.

    Raises:
        AssertionError: Something is there by half, or a change without one that was answered before it was asked for.
    """
    found = [_place(line, contents) for writer in load.writers for line in writer.lines]
    # An answer that came before another request was sent has its commit before that one's.
    newest = max([at_least, *(place.sent for place in found)])
    for place in found:
        missing = _answered_by(place.line, newest)
        assert place.last >= missing, (
            f"{place.line.session} {place.line.prefix}: without answer {missing}, which came before a later change"
        )
    shared = contents.get(SHARED, (0, {}))[1]
    expected = sum(moment.added for place in found if place.line.session == SHARED for moment in place.line.moments[: place.last + 1])
    assert number(shared.get(TOTAL)) == expected, f"{number(shared.get(TOTAL))} is not {expected}"
    return found


def _answered_by(line: Line, position: int) -> int:
    return max(i for i, moment in enumerate(line.moments) if moment.position <= position)


def _place(line: Line, contents: Contents) -> Found:
    """By the session's revision there is one state that a line can have; one that is not there has been deleted, or was not made yet."""
    revision, variables = contents.get(line.session, (0, {}))
    is_gone = revision == 0 and line.session != SHARED
    actual = line.own(without_passing(variables))
    reached = [moment.revision for moment in line.moments if moment.revision <= revision]
    fitting = [
        i
        for i, moment in enumerate(line.moments)
        if same(actual, moment.held, moment.revision) and (is_gone or moment.revision == max(reached))
    ]
    assert fitting, explain(line, actual, [moment.held for moment in line.moments if moment.revision <= revision][-2:])
    return Found(line, fitting[0], fitting[-1])

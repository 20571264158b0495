"""Measures rows: each entry in turn, again and again, so that what else the machine does hits all of them alike."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .entries import ENTRIES
from .gap import GapError
from .lab import Lab
from .measuring import Found
from .rows import Line, Row


@dataclass(frozen=True)
class Measured:
    """What a row found: for each line what each repeat found, or why there is nothing."""

    row: Row
    found: Mapping[str, Sequence[Found]]
    gaps: Mapping[str, str]

    def values(self, line: str) -> list[float]:
        """The values of a line, repeat by repeat; none when it is a gap."""
        return [each["value"] for each in self.found.get(line, ())]


def title_of(line: Line) -> str:
    """What a line is called in the report."""
    title = ENTRIES[line.entry].title
    return f"{title}: {line.what}" if line.what else title


def measure(lab: Lab, row: Row) -> Measured:
    """Measures a row. A line that cannot be measured, or fails, becomes a gap; the others go on."""
    lines = list(row.lines)
    found: dict[str, list[Found]] = {line.name: [] for line in lines}
    gaps: dict[str, str] = {}
    repeats = min(lab.settings.repeats, row.repeats_at_most)
    # A row that is measured less often than asked for takes long, and is about a start or the whole.
    warm_up = lab.settings.warm_ups if repeats == lab.settings.repeats else 0
    for repeat in range(warm_up + repeats):
        for line in [line for line in _rotated(lines, repeat) if line.name not in gaps]:
            try:
                once = line.measure(lab, line.entry)
                if repeat >= warm_up:
                    found[line.name].append(once)
            except (GapError, RuntimeError, OSError, subprocess.SubprocessError) as error:
                # Half of the repeats would be compared with all of the others'.
                gaps[line.name] = str(error) if isinstance(error, GapError) else f"failed: {error}"
                del found[line.name]
                print(f"  {title_of(line)}: {gaps[line.name]}", file=sys.stderr, flush=True)
    return Measured(row, found, gaps)


def _rotated(lines: Sequence[Line], by: int) -> list[Line]:
    cut = by % len(lines)
    return [*lines[cut:], *lines[:cut]]

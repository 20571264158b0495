"""`npm run bench:watch`: measures, and prints the tables."""

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from compare.aims import judge
from compare.gap import GapError
from compare.lab import Lab, Settings
from compare.machine import machine, versions
from compare.report import aims_table, number, row_section, table
from compare.rows import ROWS
from compare.runner import measure
from compare.servers import ROOT

from .many import ManyWatches, many
from .stuck import Writes, stuck

_FULL = Settings(repeats=5, warm_ups=1, seconds=1.0, sessions=0, increments=0)
_QUICK = Settings(repeats=2, warm_ups=0, seconds=0.2, sessions=0, increments=0)
_CARRIERS = ("direct", "grpc")
#: Watches and the sessions that they are on.
_MANY = ((1_000, 1_000), (1_000, 100), (100, 1))
_RESULTS = ROOT / "benchmarks" / "results" / "watch"

#: What was found with a carrier, or why nothing was.
Many = Sequence[tuple[str, ManyWatches | str]]
Stuck = Sequence[tuple[str, Sequence[Writes] | str]]


def main() -> None:
    """Measures everything, part by part."""
    parser = argparse.ArgumentParser(prog="npm run bench:watch --", description="Measures watches.")
    parser.add_argument("--quick", action="store_true", help="shorter, to see that it works")
    facts, known = machine(), versions()
    with _lab(_QUICK if parser.parse_args().quick else _FULL) as lab:
        delays = measure(lab, next(row for row in ROWS if row.name == "watch"))
        print(row_section(delays))
        print(f"\n{aims_table(judge([delays]))}\n", flush=True)
        watches = _many(lab)
        print(_many_section(watches), flush=True)
        writes = _stuck(lab)
        print(_stuck_section(writes))
    _RESULTS.mkdir(parents=True, exist_ok=True)
    result = {
        "machine": facts,
        "versions": known,
        "delays": {"found": delays.found, "gaps": delays.gaps},
        "many": [{"carrier": carrier, "found": each if isinstance(each, str) else asdict(each)} for carrier, each in watches],
        "stuck": [{"carrier": carrier, "found": each if isinstance(each, str) else list(map(asdict, each))} for carrier, each in writes],
    }
    (_RESULTS / "results.json").write_text(json.dumps(result, indent=2) + "\n")


@contextmanager
def _lab(settings: Settings) -> Iterator[Lab]:
    folder = Path(tempfile.mkdtemp(prefix="session-bridge-bench-"))
    lab = Lab(folder, settings)
    try:
        yield lab
    finally:
        lab.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _many(lab: Lab) -> Many:
    found: list[tuple[str, ManyWatches | str]] = []
    for watches, sessions in _MANY:
        for carrier in _CARRIERS:
            try:
                found.append((carrier, many(lab.new_folder("many"), carrier, watches, sessions)))
            except (GapError, AssertionError) as gap:
                found.append((carrier, str(gap)))
    return found


def _stuck(lab: Lab) -> Stuck:
    found: list[tuple[str, Sequence[Writes] | str]] = []
    for carrier in _CARRIERS:
        try:
            found.append((carrier, stuck(lambda: lab.new_folder("stuck"), carrier)))
        except GapError as gap:
            found.append((carrier, str(gap)))
    return found


def _many_section(watches: Many) -> str:
    head = ["carrier", "watches", "sessions", "bytes of memory each", "of it heap", "delay p50, µs", "p99", "most", "write p50, µs", "p99"]
    rows = [
        [carrier, each, *[""] * 8]
        if isinstance(each, str)
        else [carrier, *map(number, (each.watches, each.sessions, each.resident, each.heap, each.p50_us, each.p99_us, each.most_us)),
              number(each.write_p50_us), number(each.write_p99_us)]
        for carrier, each in watches
    ]  # fmt: skip
    method = (
        "Watches of one asyncio process, on one server in memory; a writer in another process writes small values. The delay is from the "
        "begin of a write to its delivery by each watch of its session, so that the last of many is counted as the first is. Memory is the "
        "growth of the server's resident set after a garbage collection, for each watch."
    )
    return f"## Many watches\n\n{method}\n\n{table(head, rows)}\n"


def _stuck_section(writes: Stuck) -> str:
    rows = [
        row
        for carrier, each in writes
        for row in (
            [[carrier, each, "", "", ""]]
            if isinstance(each, str)
            else [[carrier, one.beside, *map(number, (one.p50_us, one.p99_us, one.most_us))] for one in each]
        )
    ]
    method = (
        "A writer sets 10 KB one after another, without a watcher, beside one that reads all of it, and beside one whose process is "
        "stopped, in turns. A reader takes its share of the two processors; a stuck one takes none."
    )
    return f"## A watcher that is stuck\n\n{method}\n\n{table(['carrier', 'beside', 'write p50, µs', 'p99', 'most'], rows)}\n"


if __name__ == "__main__":
    main()

"""`npm run bench`: measures, and writes the table and the pictures."""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from .aims import judge
from .lab import Lab, Settings
from .machine import machine, versions
from .plots import plot
from .report import Report, aims_table, as_json, markdown
from .rows import ROWS, Row
from .runner import Measured, measure
from .servers import ROOT

FULL = Settings(repeats=7, warm_ups=2, seconds=0.3, sessions=100_000, increments=1_600)
QUICK = Settings(repeats=2, warm_ups=0, seconds=0.1, sessions=10_000, increments=400)
RESULTS = ROOT / "benchmarks" / "results" / "compare"
DOCUMENT = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "performance"
#: What is between these in the document is what this command writes.
BEGIN, END = "<!-- npm run bench writes from here -->", "<!-- to here -->"


def main() -> int:
    """Measures the rows that were asked for."""
    arguments = _arguments()
    settings = QUICK if arguments.quick else FULL
    settings = replace(settings, repeats=arguments.repeat or settings.repeats)
    rows = _chosen(arguments.only)
    folder = Path(tempfile.mkdtemp(prefix="session-bridge-bench-"))
    # PostgreSQL's own user has to get through.
    folder.chmod(0o755)
    lab = Lab(folder, settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    facts, known, begun = machine(), versions(), time.monotonic()
    try:
        measured = [_measured(lab, row) for row in rows]
    finally:
        lab.stop()
        shutil.rmtree(folder, ignore_errors=True)
    report = Report(facts, known, settings.repeats, measured, judge(measured))
    _write(report, arguments.docs)
    minutes = (time.monotonic() - begun) / 60
    print(f"\n{aims_table(report.aims)}\n\n{minutes:.1f} minutes; {RESULTS.relative_to(ROOT)} has the tables and pictures")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run bench --", description="Measures session-bridge beside what people would pick instead.")
    parser.add_argument("--only", metavar="ROW,ROW", help=f"only these rows, of {', '.join(row.name for row in ROWS)}")
    parser.add_argument("--repeat", type=_count, metavar="N", help=f"how often each row is measured, {FULL.repeats}")
    parser.add_argument("--quick", action="store_true", help="shorter and with fewer sessions, to see that it works")
    parser.add_argument("--docs", action="store_true", help=f"also writes {DOCUMENT.relative_to(ROOT)} and its pictures")
    arguments = parser.parse_args()
    if arguments.docs and (arguments.only or arguments.quick):
        parser.error("--docs is for a whole run, without --only and --quick")
    return arguments


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def _chosen(only: str | None) -> list[Row]:
    if only is None:
        return list(ROWS)
    names = only.split(",")
    unknown = [name for name in names if name not in {row.name for row in ROWS}]
    if unknown:
        sys.exit(f"--only: there is no {', '.join(unknown)}; there are {', '.join(row.name for row in ROWS)}")
    return [row for row in ROWS if row.name in names]


def _measured(lab: Lab, row: Row) -> Measured:
    begun = time.monotonic()
    print(f"{row.title} …", flush=True)
    found = measure(lab, row)
    print(f"  {time.monotonic() - begun:.1f} s", flush=True)
    return found


def _write(report: Report, into_docs: bool) -> None:
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    names = [name for name in (plot(measured, RESULTS) for measured in report.rows) if name is not None]
    RESULTS.joinpath("results.json").write_text(json.dumps(as_json(report), indent=2) + "\n")
    RESULTS.joinpath("table.md").write_text(markdown(report, {name: f"{name}.svg" for name in names}) + "\n")
    if not into_docs:
        return
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir()
    for name in names:
        for suffix in ("png", "svg"):
            shutil.copy(RESULTS / f"{name}.{suffix}", PICTURES)
    before, rest = DOCUMENT.read_text().split(BEGIN)
    _, after = rest.split(END)
    table = markdown(report, {name: f"{PICTURES.name}/{name}.svg" for name in names}, heading="###")
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")
    subprocess.run([ROOT / "node_modules" / ".bin" / "biome", "format", "--write", DOCUMENT], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())

"""The report: Markdown for people, JSON for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .aims import Judged
from .entries import ENTRIES
from .runner import Measured, title_of
from .stats import Spread, ratios, spread


@dataclass(frozen=True)
class Report:
    """Everything that a run has found."""

    machine: Mapping[str, str]
    versions: Mapping[str, str]
    repeats: int
    rows: Sequence[Measured]
    aims: Sequence[Judged]


def number(value: float) -> str:
    """With three digits that count, and as many more as the whole number has."""
    size = abs(value)
    digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}"


def spread_text(found: Spread) -> str:
    """`median (least–most)`; the median alone where all are alike."""
    if found.least == found.most:
        return number(found.median)
    return f"{number(found.median)} ({number(found.least)}–{number(found.most)})"


def markdown(report: Report, pictures: Mapping[str, str], heading: str = "##") -> str:
    """The whole report. `pictures` are paths of the rows' plots, by row; `heading` is what begins one."""
    facts = [f"- {name}: {fact}" for name, fact in report.machine.items()]
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    rows = [row_section(measured, pictures.get(measured.row.name), heading) for measured in report.rows]
    return "\n\n".join(
        [
            "\n".join([*facts, f"- versions: {versions}", f"- repeats: {report.repeats} (a row that takes long has fewer)"]),
            f"{heading} Aims",
            aims_table(report.aims),
            *rows,
        ]
    )


def aims_table(aims: Sequence[Judged]) -> str:
    """A line for each aim."""
    return table(
        ["what", "aim", "found", ""],
        [
            [
                aim.text,
                aim.bound,
                "–" if aim.found is None else spread_text(aim.found) + aim.unit,
                " – ".join(part for part in (_verdict(aim), aim.gap) if part),
            ]
            for aim in aims
        ],
    )


def _verdict(aim: Judged) -> str:
    return "not measured" if aim.is_met is None else "met" if aim.is_met else "missed"


def row_section(measured: Measured, picture: str | None = None, heading: str = "##") -> str:
    """A row's part of the report."""
    row = measured.row
    base = measured.values(row.baseline)
    by_median = sorted(
        (line for line in row.lines if line.name in measured.found),
        key=lambda line: spread(measured.values(line.name)).median,
        reverse=row.better == "more",
    )
    extras = _extras(measured)
    cells = []
    for line in by_median:
        values = measured.values(line.name)
        ratio = spread_text(ratios(values, base)) if base and all(base) else ""
        more = [_median_of(measured, line.name, key) for key in extras]
        cells.append([title_of(line), spread_text(spread(values)), ratio, *more, ENTRIES[line.entry].note])
    cells += [
        [title_of(line), "–", "", *("" for _ in extras), measured.gaps[line.name]] for line in row.lines if line.name in measured.gaps
    ]
    baseline = next(title_of(line) for line in row.lines if line.name == row.baseline)
    head = ["", row.unit, f"× {baseline}", *(EXTRAS[key] for key in extras), "what to know"]
    parts = [f"{heading} {row.title}", row.not_comparable, *([f"![{row.title}]({picture})"] if picture else []), table(head, cells)]
    return "\n\n".join(parts)


#: What else a measurement may have found, and its column.
EXTRAS: Mapping[str, str] = {
    "p99": "p99",
    "answered_p50": "from the answer, p50",
    "answered_p99": "from the answer, p99",
    "us": "µs each",
    "of": "of",
    "calls_a_second": "calls/s in all",
    "heap": "of it in the JavaScript heap",
}


def _extras(measured: Measured) -> list[str]:
    return [key for key in EXTRAS if any(key in each for found in measured.found.values() for each in found)]


def _median_of(measured: Measured, line: str, key: str) -> str:
    found = [each[key] for each in measured.found[line] if key in each]
    return number(spread(found).median) if found else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/').replace(chr(10), ' ') for cell in line)} |" for line in lines)


def as_json(report: Report) -> Mapping[str, Any]:
    """The report with every figure of every repeat."""
    return {
        "machine": report.machine,
        "versions": report.versions,
        "repeats": report.repeats,
        "aims": [asdict(aim) for aim in report.aims],
        "rows": [
            {
                "name": measured.row.name,
                "title": measured.row.title,
                "unit": measured.row.unit,
                "better": measured.row.better,
                "not_comparable": measured.row.not_comparable,
                "lines": [
                    {
                        "name": line.name,
                        "title": title_of(line),
                        "note": ENTRIES[line.entry].note,
                        "found": measured.found.get(line.name),
                        "gap": measured.gaps.get(line.name),
                    }
                    for line in measured.row.lines
                ],
            }
            for measured in report.rows
        ],
    }

"""Flame graphs: a bar for each frame, as wide as its share of the time, on the bar of its caller."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
# Text stays text, and the same figures give the same file.
matplotlib.rcParams.update({"svg.hashsalt": "session-bridge", "svg.fonttype": "none", "font.family": "DejaVu Sans Mono"})

import matplotlib.pyplot as plt  # noqa: E402

from .stacks import Stacks  # noqa: E402

_WIDTH_INCHES, _ROW_INCHES, _POINTS = 12.0, 0.19, 6.5
#: Bars that are narrower say nothing, but make a picture large.
_LEAST_SHARE = 0.004
#: How many letters fit in the whole width: one is 0.6 of the font's size wide.
_LETTERS = _WIDTH_INCHES * 72 / (0.6 * _POINTS)
_SYSTEM, _RUNTIME, _OURS, _OTHERS = "#c9653f", "#d8d4c8", "#7fa8d4", "#a9c6a0"


@dataclass
class _Frame:
    amount: float = 0.0
    inside: "dict[str, _Frame]" = field(default_factory=dict)


@dataclass(frozen=True)
class _Bar:
    name: str
    level: int
    start: float
    share: float


def draw(stacks: Stacks, title: str, path: Path) -> None:
    """Writes the picture as `path` with .svg and with .png."""
    root = _Frame()
    for stack, amount in stacks.items():
        root.amount += amount
        frame = root
        for name in stack:
            frame = frame.inside.setdefault(name, _Frame())
            frame.amount += amount
    bars = list(_bars(root, root.amount or 1.0, 0, 0.0))
    levels = 1 + max((bar.level for bar in bars), default=0)
    figure = plt.figure(figsize=(_WIDTH_INCHES, 0.35 + _ROW_INCHES * levels))
    axes = figure.add_axes((0, 0, 1, _ROW_INCHES * levels / (0.35 + _ROW_INCHES * levels)))
    axes.set(xlim=(0, 1), ylim=(0, levels))
    axes.axis("off")
    for bar in bars:
        axes.broken_barh([(bar.start, bar.share)], (bar.level, 0.94), facecolors=_colour(bar.name), edgecolors="white", linewidth=0.4)
        if (text := _fitted(bar)) != "":
            axes.text(bar.start + 0.002, bar.level + 0.44, text, fontsize=_POINTS, va="center")
    figure.suptitle(title, fontsize=9, x=0.005, ha="left", y=0.995, va="top")
    for suffix in ("svg", "png"):
        figure.savefig(path.with_suffix(f".{suffix}"), dpi=100, metadata={"Date": None} if suffix == "svg" else {})
    plt.close(figure)


def _bars(frame: _Frame, whole: float, level: int, start: float) -> Iterator[_Bar]:
    for name, inside in sorted(frame.inside.items(), key=lambda item: -item[1].amount):
        share = inside.amount / whole
        if share >= _LEAST_SHARE:
            yield _Bar(name, level, start, share)
            yield from _bars(inside, whole, level + 1, start)
        start += share


def _fitted(bar: _Bar) -> str:
    room = int(bar.share * _LETTERS) - 1
    texts: Sequence[str] = (f"{bar.name} {bar.share:.0%}", bar.name, bar.name.split(" · ")[0])
    return next((text for text in texts if len(text) <= room), texts[-1][:room] if room > 4 else "")


def _colour(name: str) -> str:
    if name.endswith("(system call)"):
        return _SYSTEM
    file = name.rpartition(" · ")[2]
    if file.startswith(("core/", "server/", "client/", "persistence-", "_")) and " · " in name:
        return _OURS
    if " · " in name and not file.startswith("node"):
        return _OTHERS
    return _RUNTIME

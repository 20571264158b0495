"""A picture of each row: a bar for each line, with how far its repeats lie apart."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
# The same figures give the same file.
matplotlib.rcParams["svg.hashsalt"] = "session-bridge"

import matplotlib.pyplot as plt  # noqa: E402

from .entries import ENTRIES  # noqa: E402
from .report import number  # noqa: E402
from .runner import Measured, title_of  # noqa: E402
from .stats import spread  # noqa: E402

_OURS, _PEER, _FLOOR = "#2f6db3", "#b9bec6", "#e3d9b8"
_FAR_APART = 50


def plot(measured: Measured, folder: Path) -> str | None:
    """Writes NAME.png and NAME.svg; gives the name of the picture, None when there is nothing to draw."""
    row = measured.row
    lines = [line for line in row.lines if line.name in measured.found]
    if not lines:
        return None
    spreads = {line.name: spread(measured.values(line.name)) for line in lines}
    lines.sort(key=lambda line: spreads[line.name].median, reverse=row.better == "less")
    medians = [spreads[line.name].median for line in lines]
    errors = [
        [spreads[line.name].median - spreads[line.name].least for line in lines],
        [spreads[line.name].most - spreads[line.name].median for line in lines],
    ]
    figure, axes = plt.subplots(figsize=(8, 0.8 + 0.3 * len(lines)), layout="constrained")
    bars = axes.barh(
        [title_of(line) for line in lines], medians, xerr=errors, color=[_colour(line.entry) for line in lines], error_kw={"lw": 1}
    )
    axes.bar_label(bars, [number(median) for median in medians], padding=4, fontsize=8)
    if min(medians) > 0 and max(medians) / min(medians) > _FAR_APART:
        axes.set_xscale("log")
    axes.margins(x=0.15)
    scale = ", logarithmic" if axes.get_xscale() == "log" else ""
    axes.set_xlabel(f"{row.unit}, {row.better} is better{scale}")
    axes.set_title(row.title, fontsize=10)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    for suffix in ("png", "svg"):
        # Without the date, so that what has not changed stays the same.
        figure.savefig(folder / f"{row.name}.{suffix}", dpi=110, metadata={"Date": None} if suffix == "svg" else {})
    plt.close(figure)
    return row.name


def _colour(entry: str) -> str:
    if ENTRIES[entry].title.startswith("floor"):
        return _FLOOR
    return _OURS if ENTRIES[entry].title.startswith("session-bridge") else _PEER

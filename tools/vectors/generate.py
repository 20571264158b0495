"""Writes proto/vectors/values.json, rejects.json and constraints.json; with --check it only says whether they are current."""

import json
import sys
from pathlib import Path
from typing import Any

from constraints_rows import constraints
from rejects_rows import rejects
from values_rows import values

VECTORS = Path(__file__).resolve().parents[2] / "proto" / "vectors"


def render(rows: list[dict[str, Any]]) -> str:
    """JSON with one row a line, ASCII only, so that no editor normalises a string."""
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


def outputs() -> dict[Path, str]:
    """The text of each file."""
    rows = {"values": values(), "rejects": rejects(), "constraints": constraints()}
    return {VECTORS / f"{name}.json": render(made) for name, made in rows.items()}


def main() -> int:
    """Writes the files, or exits 1 when `--check` finds one that differs."""
    texts = outputs()
    if "--check" in sys.argv[1:]:
        stale = [path.name for path, text in texts.items() if not path.exists() or path.read_text() != text]
        print("stale: " + ", ".join(stale) if stale else "the vectors are current")
        return 1 if stale else 0
    for path, text in texts.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

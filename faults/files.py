"""A store's files while nobody has them open."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

PARTS = ("", "-wal", "-journal")


def copy(database: Path, folder: Path) -> Path:
    """A copy of a database with what lies beside it; its shared memory is made anew by whoever opens it."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = Path(f"{database}{part}")
        if source.exists():
            shutil.copyfile(source, folder / source.name)
    return folder / database.name


def integrity(database: Path) -> str:
    """What SQLite's own check says: "ok", or what is wrong."""
    with closing(sqlite3.connect(database)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check").fetchone()
    return str(found)

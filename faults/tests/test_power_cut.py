"""What a disk holds when the power goes."""

import random
import shutil
import signal
from pathlib import Path

import files
import pytest
import shim
from disk import Disk, Fate, Kind, Record, records
from inspector import Inspector
from load import Load, writers
from processes import Server

WRITERS = 4
ANSWERS = 60

pytestmark = pytest.mark.skipif(not shim.AVAILABLE, reason=shim.MISSING)


def cut_points(journal: list[Record], count: int, chance: random.Random) -> list[int]:
    """Half of them just before and after syncs, where promises begin and end, half anywhere."""
    edges = [i + after for i, record in enumerate(journal) if record.kind in (Kind.SYNCED, Kind.UNLINKED) for after in (0, 1)]
    picked = chance.sample(edges, min(len(edges), (count + 1) // 2))
    return sorted([*picked, *chance.choices(range(len(journal) + 1), k=count - len(picked))])


def test_nothing_that_was_answered_is_lost_with_the_power(library: Path, tmp_path: Path, rounds: int, seed: int) -> None:
    """[P10] Cut at syncs and at random calls, what was not synced dropped, kept or torn: the store opens, and has every answer."""
    chance = random.Random(seed)
    database, journal = tmp_path / "sessions.db", tmp_path / "journal"
    server = Server(database, shim.environment(library, database, journal=journal))
    with Load(writers(WRITERS, seed, lambda: journal.stat().st_size)) as load:
        load.start(server.address, most=ANSWERS)
        load.join()
    server.stop(signal.SIGKILL)
    server.close()
    happened = list(records(journal))

    disk, done = Disk(), 0
    with Inspector() as inspector:
        for number, point in enumerate(cut_points(happened, 4 * rounds, chance)):
            for record in happened[done:point]:
                disk.apply(record)
            done = point
            position = happened[point - 1].end if point > 0 else 0
            folder = tmp_path / f"cut-{number}"
            folder.mkdir()
            fate = chance.choice([Fate.DROPPED, Fate.DROPPED, Fate.KEPT, Fate.TORN, Fate.TORN])
            disk.cut(folder / database.name, fate, seed + number)
            contents = inspector.contents(folder / database.name)
            assert files.integrity(folder / database.name) == "ok"
            load.settle_at(position, {id: held for id, (_, held) in contents.items()})
            shutil.rmtree(folder)


def test_a_power_cut_while_the_file_is_made_leaves_one_that_opens(library: Path, tmp_path: Path, rounds: int, seed: int) -> None:
    """[P10] Before the server was ready there is nothing to lose, but a file that must not stand in the way of the next start."""
    database, journal = tmp_path / "sessions.db", tmp_path / "journal"
    server = Server(database, shim.environment(library, database, journal=journal))
    server.stop(signal.SIGKILL)
    server.close()
    disk, chance = Disk(), random.Random(seed)
    with Inspector() as inspector:
        for number, record in enumerate(records(journal)):
            disk.apply(record)
            settles = record.kind in (Kind.SYNCED, Kind.CREATED, Kind.UNLINKED)
            for fate in [Fate.DROPPED, Fate.TORN] if settles else [Fate.TORN]:
                # Many writes are alike; a long run tries them all.
                if not settles and chance.random() > rounds / 100:
                    continue
                folder = tmp_path / f"cut-{number}-{fate.value}"
                folder.mkdir()
                disk.cut(folder / database.name, fate, seed + number)
                assert inspector.contents(folder / database.name) == {}, (
                    f"after {number + 1} calls, the last {record.kind.name} {record.file}"
                )
                assert files.integrity(folder / database.name) == "ok"
                shutil.rmtree(folder)

"""What a disk holds when the power goes."""

import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import files
import pytest
import shim
from carriers import CARRIERS
from disk import LOG, Disk, Fate, Kind, Record, records
from inspector import Inspector
from load import REMEMBERING, Load, Writer, writers
from model import Line, Moment
from order import prefix
from processes import Server
from wire import Client, Stored, increment

WRITERS = 4
ANSWERS = 60
# Without waiting for syncs they come faster, and the log has to be full more than once.
LATE_ANSWERS = 300
SETTING = "SESSION_BRIDGE_DURABILITY"

pytestmark = pytest.mark.skipif(not shim.AVAILABLE, reason=shim.MISSING)


@dataclass(frozen=True)
class Cut:
    """A power cut after so many calls."""

    number: int
    point: int
    position: int
    fate: Fate
    database: Path


def load_of(library: Path, tmp_path: Path, seed: int, answers: int, durability: str) -> tuple[Load, list[Record]]:
    """A load that had so many answers of each writer, and what the server did to its files meanwhile."""
    database, journal = tmp_path / "sessions.db", tmp_path / "journal"
    server = Server(database, {**shim.environment(library, database, journal=journal), **REMEMBERING, SETTING: durability})
    with Load(writers(WRITERS, seed, lambda: journal.stat().st_size)) as load:
        load.start(server.address, most=answers)
        load.join()
    assert load.answered_over.keys() == {*CARRIERS}
    server.stop(signal.SIGKILL)
    server.close()
    return load, list(records(journal))


def cuts(journal: list[Record], tmp_path: Path, count: int, seed: int, fates: list[Fate]) -> Iterator[Cut]:
    """Files as they are found after a cut, one after another."""
    chance, disk, done = random.Random(seed), Disk(), 0
    for number, point in enumerate(cut_points(journal, count, chance)):
        for record in journal[done:point]:
            disk.apply(record)
        done = point
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        cut = Cut(number, point, journal[point - 1].end if point > 0 else 0, chance.choice(fates), folder / "sessions.db")
        disk.cut(cut.database, cut.fate, seed + number)
        yield cut
        assert files.integrity(cut.database) == "ok"
        shutil.rmtree(folder)


def cut_points(journal: list[Record], count: int, chance: random.Random) -> list[int]:
    """Half of them just before and after syncs, where promises begin and end, half anywhere."""
    edges = [i + after for i, record in enumerate(journal) if record.kind in (Kind.SYNCED, Kind.UNLINKED) for after in (0, 1)]
    picked = chance.sample(edges, min(len(edges), (count + 1) // 2))
    return sorted([*picked, *chance.choices(range(len(journal) + 1), k=count - len(picked))])


def test_nothing_that_was_answered_is_lost_with_the_power(library: Path, tmp_path: Path, rounds: int, seed: int) -> None:
    """[P10] Cut at syncs and at random calls, what was not synced dropped, kept or torn: the store opens, and has every answer."""
    load, happened = load_of(library, tmp_path, seed, ANSWERS, "fsync")
    with Inspector() as inspector:
        for cut in cuts(happened, tmp_path, 2 * rounds, seed, [Fate.DROPPED, Fate.DROPPED, Fate.KEPT, Fate.TORN, Fate.TORN]):
            contents = inspector.contents(cut.database)
            load.settle_at(cut.position, {id: held for id, (_, held) in contents.items()})
    has_its_past(load, happened, tmp_path / "after-all.db")


def has_its_past(load: Load, journal: list[Record], database: Path) -> None:
    """After a cut that drops what was not synced when the last answer came, histories and named states are there as well."""
    disk = Disk()
    for record in journal:
        disk.apply(record)
    disk.cut(database, Fate.DROPPED, 0)
    with closing(Server(database, REMEMBERING)) as server, Client(server.address) as client:
        load.settle(client)
        load.settle_past(client)


def synced_before(journal: list[Record], point: int) -> int:
    """How long the journal was when the log was last synced: what was written then is kept for ever."""
    synced = (i for i in range(point - 1, -1, -1) if journal[i].kind == Kind.SYNCED and journal[i].file == LOG)
    return journal[next(synced, 0)].end


def test_with_durability_commit_the_power_takes_only_the_last_changes_in_their_order(
    library: Path, tmp_path: Path, rounds: int, seed: int
) -> None:
    """[P11] What is there is the state after some first part of all commits, of all sessions; what a sync brought to the disk stays."""
    load, happened = load_of(library, tmp_path, seed, LATE_ANSWERS, "commit")
    lost = dict.fromkeys(Fate, 0)
    with Inspector() as inspector:
        for cut in cuts(happened, tmp_path, 2 * rounds, seed, [Fate.DROPPED, Fate.KEPT, Fate.TORN, Fate.TORN]):
            at_least = cut.position if cut.fate == Fate.KEPT else synced_before(happened, cut.point)
            lost[cut.fate] += sum(found.lost(cut.position) for found in prefix(load, inspector.contents(cut.database), at_least))
            if cut.number % 25 == 0:
                serves(cut.database)
    syncs = sum(record.kind == Kind.SYNCED and record.file == LOG for record in happened)
    print(f"answers lost, of all cuts: {lost}; syncs of the log: {syncs}")
    # Else it would not be this durability that was tried.
    assert sum(lost.values()) > 0
    assert syncs > 1


def test_with_write_behind_the_power_leaves_each_session_as_it_was_at_some_moment(
    library: Path, tmp_path: Path, rounds: int, seed: int
) -> None:
    """[P12] Also when it goes while a save runs, and what was not synced is dropped, kept or torn."""
    load, happened = load_of(library, tmp_path, seed, LATE_ANSWERS, "write-behind")
    with Inspector() as inspector:
        for cut in cuts(happened, tmp_path, rounds, seed, [Fate.DROPPED, Fate.KEPT, Fate.TORN]):
            load.settle_at(0, {id: held for id, (_, held) in inspector.contents(cut.database).items()})


def serves(database: Path) -> None:
    """A server starts on it, and what it answers it keeps."""
    server = Server(database, {SETTING: "commit"})
    with Client(server.address) as client:
        client.update("after", [increment("n")])
    server.stop(signal.SIGKILL)
    server.start()
    with Client(server.address) as client:
        found = client.get("after", "n")
        assert found is not None
        assert found.value == 1
    server.close()


def test_a_later_change_without_an_earlier_one_is_noticed() -> None:
    """Two writers, whose changes came one after another: the second alone, half of it, or one without its number is no first part."""
    first, second = (Writer(number, random.Random(0)) for number in range(2))
    one, both = {"w0-a": Stored(1, 10, False)}, {"w1-a": Stored(2, 20, False), "w1-b": Stored(3, 20, False)}
    first.lines = [Line("s0", "w0-", [Moment({}, 0, 0), Moment(one, 10, 100, 50)])]
    second.lines = [Line("s1", "w1-", [Moment({}, 0, 0), Moment(both, 20, 200, 150)])]
    with Load([first, second]) as load:
        assert [found.last for found in prefix(load, {}, 0)] == [0, 0]
        assert [found.last for found in prefix(load, {"s0": (10, one)}, 100)] == [1, 0]
        assert [found.last for found in prefix(load, {"s0": (10, one), "s1": (20, both)}, 200)] == [1, 1]
        bad = [
            ({"s1": (20, both)}, 0),
            ({"s0": (10, one), "s1": (20, {"w1-a": both["w1-a"]})}, 0),
            ({"s0": (10, {"w0-a": Stored(1, 9, False)})}, 0),
            ({"s0": (10, one)}, 200),
        ]
        for contents, at_least in bad:
            with pytest.raises(AssertionError):
                prefix(load, contents, at_least)


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

"""What a disk would hold after a power cut, from the shim's journal of everything that was done to the files."""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path

_HEADER = struct.Struct("=IIQQ")
SECTOR = 512
LOG = 2
SUFFIXES = {1: "", LOG: "-wal", 3: "-journal"}
_DIRECTORY = 5


class Kind(IntEnum):
    """What was done."""

    CREATED = 1
    WRITTEN = 2
    TRUNCATED = 3
    SYNCED = 4
    SYNC_FAILED = 5
    UNLINKED = 6


class Fate(Enum):
    """What becomes of the writes that were not synced when power goes."""

    DROPPED = "dropped"
    KEPT = "kept"
    TORN = "torn"


@dataclass(frozen=True, slots=True)
class Record:
    """One call; `end` is where it ends in the journal."""

    kind: Kind
    file: int
    offset: int
    data: bytes
    end: int


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)
    exists: bool = True
    unlinking: bool = False
    # Of `pending`, the first so many were part of a sync that failed: the system forgets that they are not on the disk.
    lost: int = 0


def records(journal: Path) -> Iterator[Record]:
    """The journal's records; a last one that is cut off is left out."""
    whole = journal.read_bytes()
    at = 0
    while at + _HEADER.size <= len(whole):
        kind, file, offset, size = _HEADER.unpack_from(whole, at)
        at += _HEADER.size
        written = size if kind == Kind.WRITTEN else 0
        if at + written > len(whole):
            return
        yield Record(Kind(kind), file, offset, whole[at : at + written], at + written)
        at += written


class Disk:
    """The files as the disk and the system's cache have them, one record after another."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}

    def apply(self, record: Record) -> None:
        """Does what the record says."""
        if record.file == _DIRECTORY:
            if record.kind == Kind.SYNCED:
                for file in self._files.values():
                    file.exists = file.exists and not file.unlinking
            return
        if record.kind == Kind.CREATED:
            self._files[record.file] = _File()
            return
        file = self._files.setdefault(record.file, _File())
        if record.kind in (Kind.WRITTEN, Kind.TRUNCATED):
            file.pending.append(record)
        elif record.kind == Kind.SYNCED:
            for done in file.pending[file.lost :]:
                _change(file.durable, done)
            file.pending.clear()
            file.lost = 0
        elif record.kind == Kind.SYNC_FAILED:
            file.lost = len(file.pending)
        else:
            file.unlinking = True

    def cut(self, database: Path, fate: Fate, seed: int) -> None:
        """Writes the files as they would be found after the power went now."""
        chance = random.Random(seed)
        for number, suffix in SUFFIXES.items():
            file = self._files.get(number)
            if file is None or not file.exists:
                continue
            if file.unlinking and (fate == Fate.KEPT or (fate == Fate.TORN and chance.random() < 0.5)):
                continue
            content = bytearray(file.durable)
            for pending in file.pending:
                if fate == Fate.KEPT:
                    _change(content, pending)
                elif fate == Fate.TORN:
                    _tear(content, pending, chance)
            Path(f"{database}{suffix}").write_bytes(content)


def _change(content: bytearray, record: Record) -> None:
    if record.kind == Kind.TRUNCATED:
        del content[record.offset :]
        content.extend(bytes(record.offset - len(content)))
        return
    _put(content, record.offset, record.data)


def _put(content: bytearray, offset: int, data: bytes) -> None:
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def _tear(content: bytearray, record: Record, chance: random.Random) -> None:
    """All, nothing, or some sectors of it: a disk writes what it has in any order."""
    luck = chance.random()
    if luck < 0.3:
        return
    if luck < 0.6 or record.kind == Kind.TRUNCATED:
        _change(content, record)
        return
    start = 0
    while start < len(record.data):
        stop = min(len(record.data), start + SECTOR - (record.offset + start) % SECTOR)
        if chance.random() < 0.5:
            _put(content, record.offset + start, record.data[start:stop])
        start = stop

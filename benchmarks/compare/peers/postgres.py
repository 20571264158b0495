"""PostgreSQL: one table of sessions' variables, jsonb values, an upsert for each write."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..adapter import Adapter

_CREATE = """CREATE TABLE IF NOT EXISTS variables
  (session text, name text, value jsonb, PRIMARY KEY (session, name))"""
_GET = "SELECT value FROM variables WHERE session = 'bench' AND name = %s"
_GET_MANY = "SELECT name, value FROM variables WHERE session = 'bench' AND name = ANY(%s)"
_SET = """INSERT INTO variables VALUES ('bench', %s, %s)
  ON CONFLICT (session, name) DO UPDATE SET value = excluded.value"""
_ADD = "UPDATE variables SET value = to_jsonb(value::bigint + 1) WHERE session = 'bench' AND name = %s"
_FILL = """INSERT INTO variables SELECT id, name, value
  FROM unnest(%s::text[]) AS id, unnest(%s::text[], %s::jsonb[]) AS entry (name, value)"""


class Postgres(Adapter):
    """psycopg, a connection for each thread, each statement a transaction of its own."""

    def __init__(self, *, options: str = "") -> None:
        """With settings of the connection."""
        self._options = options

    def open(self, target: str) -> None:
        """Connects to a port of this machine, and makes the table."""
        import psycopg
        from psycopg.types.json import Jsonb

        self._target, self._json = target, Jsonb
        self._connection = psycopg.connect(
            f"host=127.0.0.1 port={target} user=postgres dbname=postgres", options=self._options, autocommit=True
        )
        with self._connection.transaction():
            # Two that make the same table at once would fail.
            self._connection.execute("SELECT pg_advisory_xact_lock(1)")
            self._connection.execute(_CREATE)

    def another(self) -> "Postgres":
        """A connection of its own."""
        other = Postgres(options=self._options)
        other.open(self._target)
        return other

    def get(self, name: str) -> object:
        """SELECT by the primary key."""
        row = self._connection.execute(_GET, (name,)).fetchone()
        return None if row is None else row[0]

    def set(self, name: str, value: Any) -> None:
        """An upsert."""
        self._connection.execute(_SET, (name, self._json(value)))

    def get_many(self, names: Sequence[str]) -> Mapping[str, Any]:
        """SELECT by an array of names."""
        return dict(self._connection.execute(_GET_MANY, (list(names),)).fetchall())

    def set_many(self, values: Mapping[str, Any]) -> None:
        """Upserts in a pipeline, one transaction."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(_SET, [(name, self._json(value)) for name, value in values.items()])

    def increments(self) -> Mapping[str, Callable[[str], Any]]:
        """UPDATE in place, and read and write as two statements."""
        return {
            "increment": lambda name: self._connection.execute(_ADD, (name,)),
            "get, then set": lambda name: self.set(name, self._connection.execute(_GET, (name,)).fetchone()[0] + 1),
        }

    def list_ids(self) -> int:
        """SELECT DISTINCT."""
        return len(self._connection.execute("SELECT DISTINCT session FROM variables").fetchall())

    def fill(self, sessions: Sequence[str], values: Mapping[str, Any]) -> None:
        """One INSERT of all."""
        self._connection.execute(_FILL, (list(sessions), list(values), [self._json(value) for value in values.values()]))
        self._connection.execute("VACUUM ANALYZE variables")

"""Syncs a small shop through PyAirbyte into DuckDB, twice, and compares the result with SQL.

Needs `npm run build`, Node.js, and the packages of requirements.txt. Starts a PostgreSQL server of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

# No registry and no telemetry: everything is local.
os.environ.setdefault("AIRBYTE_OFFLINE_MODE", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

import airbyte as ab
import psycopg

DIST = Path(__file__).resolve().parents[2] / "dist"
EXECUTABLE = DIST / "main.js"
SERVE = DIST / "integration_tests" / "pyairbyte" / "serve.js"

SHOP = """
CREATE TABLE customers (
  id bigint PRIMARY KEY, name text NOT NULL, born date, balance numeric(12, 2),
  address jsonb, tags text[], updated_at timestamptz NOT NULL);
CREATE TABLE orders (
  id bigint PRIMARY KEY, customer_id bigint NOT NULL, total numeric(12, 2) NOT NULL,
  is_paid boolean NOT NULL, note text, updated_at timestamp NOT NULL);
CREATE VIEW totals AS
  SELECT customer_id, count(*) AS orders, sum(total) AS spent FROM orders GROUP BY customer_id;
INSERT INTO customers
SELECT n, 'Zoë ' || n, date '1950-01-01' + n, n / 8.0, jsonb_build_object('zip', n), ARRAY['a', 'b "' || n || '"'],
       timestamptz '2024-01-01 00:00:00Z' + n * interval '1 hour'
FROM generate_series(1, 500) AS n;
INSERT INTO orders
SELECT n, n % 500 + 1, n * 0.01, n % 2 = 0, CASE WHEN n % 3 = 0 THEN E'two\\nlines' END,
       timestamp '2024-02-01' + n * interval '1 minute 0.000001 second'
FROM generate_series(1, 5000) AS n;
"""

CHANGES = """
INSERT INTO orders SELECT 5000 + n, n, 19.99, false, 'new', timestamp '2025-01-01' + n * interval '1 minute'
FROM generate_series(1, 3) AS n;
UPDATE customers SET name = 'Renamed', updated_at = '2025-01-01 00:00:00Z' WHERE id = 42;
"""

CURSORS = {"customers": "updated_at", "orders": "updated_at"}

SQL_TIME = "to_char(updated_at, 'YYYY-MM-DD HH24:MI:SS.US')"
CACHE_TIME = "strftime(updated_at, '%Y-%m-%d %H:%M:%S.%f')"

# Each pair reads the same rows from SQL and from the cache; as text if the two would print a value differently.
COMPARISONS = {
    "customers": (
        f"SELECT id, name, born::text, balance::text, address->>'zip', {SQL_TIME} FROM customers ORDER BY id",
        "SELECT id, name, born::date::text, balance::decimal(12, 2)::text, address::json->>'zip', "
        f"{CACHE_TIME} FROM main.customers ORDER BY id",
    ),
    "orders": (
        f"SELECT id, customer_id, total::text, is_paid, note, {SQL_TIME} FROM orders ORDER BY id",
        f"SELECT id, customer_id, total::decimal(12, 2)::text, is_paid, note, {CACHE_TIME} "
        "FROM main.orders ORDER BY id",
    ),
    "totals": (
        "SELECT customer_id, orders, spent::text FROM totals ORDER BY customer_id",
        "SELECT customer_id, orders, spent::decimal(12, 2)::text FROM main.totals ORDER BY customer_id",
    ),
}


@contextmanager
def postgres() -> Iterator[dict[str, Any]]:
    """Yields the parameters of an empty database on a server that runs until the context ends."""
    with subprocess.Popen(
        ["node", str(SERVE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.stdin.close()
            server.wait()


def get_source(connection: dict[str, Any]) -> ab.Source:
    config = {
        "host": connection["host"],
        "port": connection["port"],
        "database": connection["database"],
        "username": connection["user"],
        "password": connection["password"],
        "ssl_mode": {"mode": "prefer"},
    }
    source = ab.get_source("source-postgres", config=config, local_executable=EXECUTABLE)
    source.set_cursor_keys(**CURSORS)
    return source


def compare(database: psycopg.Connection, cache: ab.DuckDBCache, streams: list[str]) -> None:
    for stream in streams:
        of_server, of_cache = COMPARISONS[stream]
        expected = database.execute(of_server).fetchall()
        arrived = rows_of(cache, of_cache)
        assert len(arrived) == len(expected), f"{stream}: {len(arrived)} rows for {len(expected)}"
        for theirs, ours in zip(arrived, expected):
            assert theirs == ours, f"{stream}: {theirs} arrived for {ours}"
        print(f"  {stream}: {len(arrived)} rows as SQL has them")


def rows_of(cache: ab.DuckDBCache, sql: str) -> list[tuple[Any, ...]]:
    with cache.processor.get_sql_connection() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]


def main() -> None:
    with postgres() as connection, tempfile.TemporaryDirectory() as directory:
        dsn = {**connection, "dbname": connection["database"]}
        del dsn["database"]
        with psycopg.connect(**dsn, autocommit=True) as database:
            database.execute("SET TimeZone = 'UTC'")
            database.execute(SHOP)
            run(connection, database, Path(directory))


def run(connection: dict[str, Any], database: psycopg.Connection, directory: Path) -> None:
    source = get_source(connection)
    source.check()
    streams = source.get_available_streams()
    assert sorted(streams) == ["customers", "orders", "totals"], streams
    print("check and discover: ok")

    cache = ab.DuckDBCache(db_path=directory / "cache.duckdb")
    source.select_streams(["totals"])
    source.read(cache=cache, force_full_refresh=True)
    source.select_streams(list(CURSORS))
    first = source.read(cache=cache)
    assert first.processed_records == 5500, first.processed_records
    print(f"first read: {first.processed_records} records")
    compare(database, cache, ["customers", "orders", "totals"])

    database.execute(CHANGES)
    again = get_source(connection)
    again.select_streams(list(CURSORS))
    second = again.read(cache=cache)
    assert second.processed_records == 4, second.processed_records
    print(f"second read, incremental: {second.processed_records} records")
    compare(database, cache, list(CURSORS))


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failure:
        sys.exit(f"FAILED: {failure}")
    print("PyAirbyte: passed")

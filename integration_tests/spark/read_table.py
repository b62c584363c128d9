"""Reads 2 million rows with Spark on two worker processes while others write, and compares them with SQL.

Needs `npm run build`, Node.js, Java 17, and the packages of requirements.txt. Starts a PostgreSQL server of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "integrations" / "spark"
EXECUTABLE = ROOT / "dist" / "main.js"
SERVE = ROOT / "dist" / "integration_tests" / "pyairbyte" / "serve.js"
sys.path.insert(0, str(PACKAGE))
# The executors' Python workers also import the package from there.
os.environ["PYTHONPATH"] = str(PACKAGE)
os.environ["PYSPARK_PYTHON"] = sys.executable
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

import psycopg
from pyspark import TaskContext
from conversion import check_conversion, check_tasks
from pyspark.sql import SparkSession, functions
from source_postgres_spark import register

ROWS = 2_000_000
SHARDS = 4
SECRET = "password-of-the-test"
CREATE = f"""
CREATE TABLE orders (id bigint, total numeric(12, 2), note text, at timestamptz, big numeric(45, 10), key uuid);
INSERT INTO orders
SELECT n, n * 0.01, CASE WHEN n % 3 = 0 THEN 'Zoë ' || n END, timestamptz '2024-01-01 00:00:00Z' + n * interval '1 ms',
       n, md5(n::text)::uuid
FROM generate_series(1, {ROWS}) AS n;
"""
# Each writes a new version of a row to another page: a reader with another snapshot would miss rows or read them twice.
WRITE = "UPDATE orders SET total = total + 1 WHERE id = %s"
SUMS = """
SELECT count(*), count(DISTINCT id), sum(id), sum(total), count(note), sum(length(note)),
       sum(extract(epoch FROM date_trunc('second', at)))::bigint, min(key::text), sum(big)
FROM orders
"""


@contextmanager
def postgres() -> Iterator[dict[str, Any]]:
    """Yields the parameters of an empty database on a server that runs until the context ends."""
    with subprocess.Popen(["node", str(SERVE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.stdin.close()
            server.wait()


def sums_of(frame: Any) -> tuple[Any, ...]:
    """Returns the same figures as SUMS."""
    row = frame.agg(
        functions.count("*"),
        functions.count_distinct("id"),
        functions.sum("id"),
        functions.sum("total"),
        functions.count("note"),
        functions.sum(functions.length("note")),
        functions.sum(functions.unix_timestamp("at")),
        functions.min("key"),
        functions.sum(functions.col("big").cast("decimal(38, 10)")),
    ).first()
    return tuple(row)


@contextmanager
def writers(dsn: dict[str, Any], statement: str = WRITE) -> Iterator[None]:
    """Runs a statement with random ids of the table until the context ends."""
    stop = threading.Event()

    def write() -> None:
        with psycopg.connect(**dsn, autocommit=True) as session:
            while not stop.is_set():
                for id in range(1, ROWS, 97):
                    if stop.is_set():
                        break
                    session.execute(statement, [id])

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def check_consistent(frame: Any, expected: tuple[Any, ...]) -> None:
    """Updates only add integers to `total`: all other values must equal SQL, and no row may be missing or duplicated."""
    got = sums_of(frame)
    assert got[:3] + got[4:] == expected[:3] + expected[4:], f"{got} for {expected}"
    assert got[3] >= expected[3] and (got[3] - expected[3]) % 1 == 0, f"{got[3]} for {expected[3]}"


def test_message(spark: SparkSession, config: dict[str, Any]) -> None:
    """The error is the connector's message."""
    try:
        source(spark, config).option("stream", "public.nothing").load()
    except Exception as error:  # noqa: BLE001
        text = str(error)
        assert "There is no stream 'public.nothing' to read" in text, text
        assert SECRET not in text, "the error has the password"
        return
    raise AssertionError("a missing stream is no error")


def kill_executor_once(batches: Iterator[Any]) -> Iterator[Any]:
    """Kills the executor that runs the first attempt of a task when it has rows."""
    context = TaskContext.get()
    for batch in batches:
        if context.partitionId() == 2 and context.attemptNumber() == 0:
            daemon = os.getppid()
            executor = int(Path(f"/proc/{daemon}/stat").read_text().rpartition(")")[2].split()[1])
            os.kill(executor, signal.SIGKILL)
        yield batch


def test_killed_executor(spark: SparkSession, config: dict[str, Any]) -> None:
    """Its tasks are retried in the same snapshot."""
    ids = source(spark, config).option("columns", "id").load().mapInArrow(kill_executor_once, "id long")
    count, distinct = ids.agg(functions.count("*"), functions.count_distinct("id")).first()
    assert (count, distinct) == (ROWS, ROWS), f"{count} rows, {distinct} of them distinct"


def test_lost_holder(spark: SparkSession, config: dict[str, Any], admin: psycopg.Connection) -> None:
    """After the snapshot was released, tasks fail with the connector's message."""
    rdd = source(spark, config).load().rdd
    rdd.getNumPartitions()  # plans, so that the holder runs
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spark'")
    try:
        rdd.count()
    except Exception as error:  # noqa: BLE001
        assert "snapshot of the shard has been released" in str(error), error
        return
    raise AssertionError("shards are read without their snapshot")


def source(spark: SparkSession, config: dict[str, Any]) -> Any:
    reader = spark.read.format("source_postgres").option("config", json.dumps(config))
    return (
        reader.option("stream", "public.orders")
        .option("shards", SHARDS)
        .option("idleTimeoutSeconds", 30)
        .option("command", f"node {EXECUTABLE}")
    )


def run(connection: dict[str, Any]) -> None:
    dsn = {**connection, "dbname": connection["database"]}
    del dsn["database"]
    names = {"user": "username"}
    config = {names.get(key, key): value for key, value in connection.items()}
    config |= {"ssl_mode": {"mode": "disable"}, "application_name": "spark"}
    builder = SparkSession.builder.master("local-cluster[2,1,1024]")
    # An aggregation would otherwise use 200 partitions, with a task for each
    builder = builder.config("spark.sql.shuffle.partitions", 2)
    builder = builder.config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
    spark = builder.config("spark.executorEnv.PYTHONPATH", str(PACKAGE)).getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    register(spark)
    with psycopg.connect(**dsn, autocommit=True) as admin:
        admin.execute("SET TimeZone = 'UTC'")
        admin.execute(CREATE)
        admin.execute(f"CREATE ROLE secretive LOGIN SUPERUSER PASSWORD '{SECRET}'")
        config |= {"username": "secretive", "password": SECRET}
        expected = tuple(admin.execute(SUMS).fetchone())
        frame = source(spark, config).load()
        plan = frame._jdf.queryExecution().toString()
        assert SECRET not in plan, "the plan has the password"
        assert sums_of(frame) == expected, "the rows are not those of SQL"
        print(f"  {ROWS} rows equal SQL")
        with writers(dsn):
            check_consistent(source(spark, config).load(), expected)
        print("  with concurrent writers: each row once")
        assert source(spark, config).option("columns", "note").load().columns == ["note"]
        test_message(spark, config)
        print("  the connector's message is the error")
        test_killed_executor(spark, config)
        print("  a killed executor: each row once")
        test_lost_holder(spark, config, admin)
        print("  a lost snapshot fails the tasks")
    spark.stop()


if __name__ == "__main__":
    try:
        check_conversion()
        check_tasks()
        print("  uuid and numeric values are those of PostgreSQL")
        with postgres() as address:
            run(address)
    except AssertionError as failure:
        sys.exit(f"FAILED: {failure}")
    print("Spark: passed")

"""Compares the data source with Spark's JDBC source: rows per second, CPU time, and the results while a transaction moves amounts.

Usage: compare_jdbc.py JAR [--rows N] [--partitions N] [--table mixed|narrow|measurements] [--rounds N]; JAR is the PostgreSQL JDBC
driver. Needs Linux and what read_table.py needs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from typing import Any

from cpu_time import CpuTime
from read_table import postgres, psycopg, register, source, writers
from pyspark.sql import DataFrame, SparkSession, functions

MIXED = """
CREATE TABLE orders AS
SELECT n::bigint AS id, 100::numeric(12, 2) AS total, rpad('Zoë ' || n, 70, '.') AS note,
       timestamptz '2024-01-01 00:00:00Z' + n * interval '1 ms' AS at, n % 1000003 AS quantity, 'SKU-' || n % 100000 AS code,
       n % 3 <> 0 AS is_active, timestamp '2021-06-01 12:00:00' + n * interval '11.000001 s' AS local_time,
       date '2010-01-01' + n % 5000 AS day, md5(n::text)::uuid AS token, sqrt(n)::float8 AS ratio,
       jsonb_build_object('colour', 'blue', 'size', n % 50, 'gift', n % 2 = 0, 'rank', n) AS details
"""
MEASUREMENTS = """
CREATE TABLE orders AS
SELECT n::bigint AS id, 100::numeric(12, 2) AS total, timestamptz '2024-01-01 00:00:00Z' + n * interval '1.000001 s' AS at,
       n % 1000 AS sensor, sqrt(n) AS a, ln(n) AS b, sin(n) AS c, cos(n) AS d, n / 7.0::float8 AS e, n / 11.0::float8 AS f,
       exp(n % 100) AS g, pi() * n AS h
"""
NARROW = """
CREATE TABLE orders AS
SELECT n::bigint AS id, 100::numeric(12, 2) AS total, n % 1000003 AS quantity, n % 3 <> 0 AS is_active
"""
TABLES = {"mixed": MIXED, "narrow": NARROW, "measurements": MEASUREMENTS}


class Comparison:
    """One table and the two ways to read it."""

    def __init__(self, spark: SparkSession, connection: dict[str, Any], given: argparse.Namespace) -> None:
        self.spark = spark
        self.connection = connection
        self.given = given
        self.dsn = {**connection, "dbname": connection["database"]}
        del self.dsn["database"]

    def create(self) -> None:
        with psycopg.connect(**self.dsn, autocommit=True) as admin:
            admin.execute(f"{TABLES[self.given.table]} FROM generate_series(1, {self.given.rows}) AS n")
            admin.execute("ALTER TABLE orders ADD PRIMARY KEY (id)")
            admin.execute("VACUUM ANALYZE orders")
            admin.execute("CHECKPOINT")

    def source_postgres(self) -> DataFrame:
        config = {**self.connection, "username": self.connection["user"], "ssl_mode": {"mode": "disable"}}
        del config["user"]
        return source(self.spark, config).option("shards", self.given.partitions).load()

    def jdbc(self) -> DataFrame:
        at = self.connection
        options = {
            "url": f"jdbc:postgresql://{at['host']}:{at['port']}/{at['database']}", "driver": "org.postgresql.Driver",
            "user": at["user"], "password": at["password"], "dbtable": "orders", "fetchsize": 10000, "partitionColumn": "id",
            "lowerBound": 1, "upperBound": self.given.rows + 1, "numPartitions": self.given.partitions,
        }
        return self.spark.read.format("jdbc").options(**options).load()

    def measure(self) -> None:
        """Prints medians of rounds in turns, after one that compiles the code of the JVM."""
        cpu = CpuTime(self.spark._jvm.java.lang.ProcessHandle.current().pid())
        figures: dict[str, dict[str, list[float]]] = {}
        for _ in range(1 + self.given.rounds):
            for load in (self.source_postgres, self.jdbc):
                started, before = time.monotonic(), cpu.seconds()
                load().write.format("noop").mode("overwrite").save()
                seconds = {"elapsed": time.monotonic() - started, **cpu.since(before)}
                of_source = figures.setdefault(load.__name__, defaultdict(list))
                for name, value in seconds.items():
                    of_source[name].append(value)
        for name, all_seconds in figures.items():
            medians = {part: statistics.median(values[1:]) for part, values in all_seconds.items()}
            elapsed = medians.pop("elapsed")
            parts = ", ".join(f"{part} {seconds:.2f}" for part, seconds in medians.items())
            print(f"{name}: {self.given.rows / elapsed:,.0f} rows/s; CPU-seconds: {parts}, all {sum(medians.values()):.2f}, "
                  f"without the server {sum(medians.values()) - medians['server']:.2f}")

    def add_up(self) -> None:
        """Moves an amount from the first rows to the last ones meanwhile: the sum is the same in every snapshot."""
        rows = self.given.rows
        move = f"""
        UPDATE orders SET total = total + CASE WHEN id <= 10 THEN -1 ELSE 1 END
        WHERE (id <= 10 OR id > {rows - 10}) AND %s::int IS NOT NULL
        """
        with writers(self.dsn, move):
            for load in (self.source_postgres, self.jdbc):
                total = load().agg(functions.sum("total")).first()[0]
                print(f"{load.__name__}: sum(total) is {total}, in each snapshot {100 * rows}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("jar")
    parser.add_argument("--rows", type=int, default=2_000_000)
    # One per core of the machine that was used for the figures in docs/shards.md
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--table", choices=TABLES, default="mixed")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def run(connection: dict[str, Any], given: argparse.Namespace) -> None:
    builder = SparkSession.builder.master("local[2]").config("spark.driver.extraClassPath", given.jar)
    spark = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false").getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    register(spark)
    comparison = Comparison(spark, connection, given)
    comparison.create()
    comparison.measure()
    comparison.add_up()
    spark.stop()


if __name__ == "__main__":
    given = parse()
    with postgres() as address:
        run(address, given)

"""Compares the data source with Spark's JDBC source: rows per second, and the results while a transaction moves amounts.

Usage: compare_jdbc.py JAR, the PostgreSQL JDBC driver. Needs what read_table.py needs.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from read_table import ROWS, postgres, psycopg, register, source, writers
from pyspark.sql import SparkSession, functions

CREATE = f"""
CREATE TABLE orders (
  id bigint PRIMARY KEY, total numeric(12, 2), note text, at timestamptz, quantity int, code text, is_active boolean,
  local_time timestamp, day date, token uuid, ratio float8, details jsonb
);
INSERT INTO orders
SELECT n, 100, rpad('Zoë ' || n, 70, '.'), timestamptz '2024-01-01 00:00:00Z' + n * interval '1 ms', n % 1000003, 'SKU-' || n % 100000,
       n % 3 <> 0, timestamp '2021-06-01 12:00:00' + n * interval '11.000001 s', date '2010-01-01' + n % 5000, md5(n::text)::uuid, sqrt(n),
       jsonb_build_object('colour', 'blue', 'size', n % 50, 'gift', n % 2 = 0, 'rank', n)
FROM generate_series(1, {ROWS}) AS n;
"""
# Moves an amount from the first rows to the last ones: the sum is the same in every snapshot.
MOVE = f"""
UPDATE orders SET total = total + CASE WHEN id <= 10 THEN -1 ELSE 1 END 
WHERE (id <= 10 OR id > {ROWS - 10}) AND %s::int IS NOT NULL
"""
ROUNDS = 3
# One per core of the machine that was used for the figures in docs/shards.md
PARTITIONS = 2


def jdbc(spark: SparkSession, connection: dict[str, Any]) -> Any:
    url = f"jdbc:postgresql://{connection['host']}:{connection['port']}/{connection['database']}"
    options = {
        "url": url, "driver": "org.postgresql.Driver", "user": connection["user"], "password": connection["password"], "dbtable": "orders",
        "partitionColumn": "id", "lowerBound": 1, "upperBound": ROWS + 1, "numPartitions": PARTITIONS, "fetchsize": 10000,
    }
    return spark.read.format("jdbc").options(**options).load()


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, on Linux."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(connection: dict[str, Any], jar: str) -> None:
    dsn = {**connection, "dbname": connection["database"]}
    del dsn["database"]
    config = {**connection, "username": connection["user"], "ssl_mode": {"mode": "disable"}}
    del config["user"]
    builder = SparkSession.builder.master("local[2]").config("spark.driver.extraClassPath", jar)
    spark = builder.config("spark.ui.enabled", "false").getOrCreate()
    jvm = spark._jvm.java.lang.ProcessHandle.current().pid()
    spark.sparkContext.setLogLevel("OFF")
    register(spark)
    with psycopg.connect(**dsn, autocommit=True) as admin:
        admin.execute(CREATE)
        admin.execute("VACUUM ANALYZE orders")
    sources = {"source_postgres": lambda: source(spark, config).option("shards", PARTITIONS).load(), "jdbc": lambda: jdbc(spark, connection)}
    seconds: dict[str, list[float]] = {name: [] for name in sources}
    jvm_seconds: dict[str, list[float]] = {name: [] for name in sources}
    for _ in range(ROUNDS):
        for name, load in sources.items():
            started, cpu_started = time.monotonic(), cpu_seconds(jvm)
            load().write.format("noop").mode("overwrite").save()
            seconds[name].append(time.monotonic() - started)
            jvm_seconds[name].append(cpu_seconds(jvm) - cpu_started)
    for name, all_seconds in seconds.items():
        figures = f"{ROWS / min(all_seconds):,.0f} rows/s, {min(jvm_seconds[name]):.1f} CPU-seconds of the JVM"
        print(f"{name}: {figures}, the best of {ROUNDS} rounds")
    with writers(dsn, MOVE):
        for name, load in sources.items():
            total = load().agg(functions.sum("total")).first()[0]
            print(f"{name}: sum(total) is {total}, in each snapshot {100 * ROWS}")
    spark.stop()


if __name__ == "__main__":
    with postgres() as address:
        run(address, *sys.argv[1:])

"""Checks the conversion of record batches and the division into tasks, without Spark's JVM."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pyarrow as pa
from pyspark.sql import types
from source_postgres_spark.conversion import to_arrow, to_schema, to_spark_batch
from source_postgres_spark.shards import join_small

FIELDS = [
    {"name": "key", "type": "fixed_size_binary[16]"},
    {"name": "big", "type": "decimal256(45, 10)"},
    {"name": "total", "type": "decimal128(12, 2)"},
    {"name": "quantity", "type": "int32"},
]
SOURCE = pa.schema(
    [("key", pa.binary(16)), ("big", pa.decimal256(45, 10)), ("total", pa.decimal128(12, 2)), ("quantity", pa.int32())]
)
KEYS = [uuid.UUID(int=0), None, uuid.UUID("0123abCD-ef45-6789-9876-543210fedcba"), uuid.UUID(int=2**128 - 1)]
BIG = ["0.0000000000", "-0.0000000001", None, f"-{'9' * 35}.{'9' * 10}"]


def converted(schema: types.StructType, offset: int) -> pa.RecordBatch:
    """The rows from `offset` on: an array may be a part of a longer one."""
    keys = [None if key is None else key.bytes for key in KEYS]
    big = [None if value is None else Decimal(value) for value in BIG]
    total = [Decimal("1.50"), None, Decimal("-0.01"), Decimal("9999999999.99")]
    columns = [pa.array(values, field.type) for values, field in zip((keys, big, total, [1, None, -3, 4]), SOURCE)]
    return to_spark_batch(pa.RecordBatch.from_arrays(columns, schema=SOURCE).slice(offset), to_arrow(schema))


def check_conversion() -> None:
    """uuid and numeric of more than 38 digits are their text in PostgreSQL; a schema of the user selects and casts."""
    for offset in (0, 1):
        batch = converted(to_schema(FIELDS, None), offset).to_pydict()
        assert batch["key"] == [None if key is None else str(key) for key in KEYS][offset:], batch["key"]
        assert batch["big"] == BIG[offset:], batch["big"]
        assert batch["quantity"] == [1, None, -3, 4][offset:], batch["quantity"]
    wanted = types.StructType().add("quantity", types.LongType()).add("total", types.StringType())
    batch = converted(wanted, 0)
    assert batch.schema.types == [pa.int64(), pa.string()], batch.schema
    assert batch.to_pydict() == {"quantity": [1, None, -3, 4], "total": ["1.50", None, "-0.01", "9999999999.99"]}
    try:
        to_schema(FIELDS, ["key", "absent"])
    except ValueError as error:
        assert "absent" in str(error), error
        return
    raise AssertionError("an unknown column is no error")


def pages_of(*shards: list[tuple[int, int | None]] | None) -> list[list[tuple[int, int | None]] | None]:
    """The page ranges of the tasks for shards with these page ranges."""
    ranges = [None if its is None else [{"start": start, "end": end} for start, end in its] for its in shards]
    joined = join_small([{"ranges": its} for its in ranges])
    return [None if its is None else [(each["start"], each["end"]) for each in its] for its in (shard["ranges"] for shard in joined)]


def check_tasks() -> None:
    """Each range is in one task. Only shards that are known to be small are joined."""
    assert pages_of([(0, 10)], [], [(10, 20)], [(20, None)]) == [[(0, 10), (10, 20), (20, None)]]
    assert pages_of([(0, 9000)], [(9000, 9010)], [(9010, None)]) == [[(0, 9000)], [(9000, 9010), (9010, None)]]
    assert pages_of([(0, None)], [(0, None)]) == [[(0, None)], [(0, None)]]
    assert pages_of(None, [], []) == [None]

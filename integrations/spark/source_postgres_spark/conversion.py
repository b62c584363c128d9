"""Conversion of the connector's Arrow types to those of Spark."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import types as spark

SIMPLE_TYPES = {
    "bool": spark.BooleanType(),
    "int16": spark.ShortType(),
    "int32": spark.IntegerType(),
    "int64": spark.LongType(),
    "float64": spark.DoubleType(),
    "date32": spark.DateType(),
    "timestamp[us]": spark.TimestampNTZType(),
    "timestamp[us, UTC]": spark.TimestampType(),
    "utf8": spark.StringType(),
    "fixed_size_binary[16]": spark.StringType(),
}
ARROW_TYPES = {
    spark.BooleanType: pa.bool_(),
    spark.ShortType: pa.int16(),
    spark.IntegerType: pa.int32(),
    spark.LongType: pa.int64(),
    spark.FloatType: pa.float32(),
    spark.DoubleType: pa.float64(),
    spark.DateType: pa.date32(),
    spark.TimestampNTZType: pa.timestamp("us"),
    spark.TimestampType: pa.timestamp("us", "UTC"),
    spark.StringType: pa.string(),
}
DECIMAL = re.compile(r"decimal\d+\((\d+), (-?\d+)\)")
MAX_PRECISION = 38
UUID_BYTES = 16
UUID_LENGTH = 36
# The two digits of each byte
HEX_PAIRS = np.array([f"{byte:02x}".encode() for byte in range(256)]).view(np.uint16)

# The groups of digits of a uuid, without and with dashes
_GROUPS = {"names": list("abcde"), "formats": ["V8", "V4", "V4", "V4", "V12"]}
UUID_DIGITS = np.dtype({**_GROUPS, "offsets": [0, 8, 12, 16, 20], "itemsize": 2 * UUID_BYTES})
UUID_TEXT = np.dtype({**_GROUPS, "offsets": [0, 9, 14, 19, 24], "itemsize": UUID_LENGTH})


def to_schema(fields, columns):
    """The Spark schema of the named columns, in their order; None selects all. Raises ValueError for an unknown name."""
    by_name = {field["name"]: field for field in fields}
    names = list(by_name) if columns is None else columns
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ValueError(f"The stream does not have the columns: {', '.join(unknown)}.")
    return spark.StructType(
        [spark.StructField(name, to_type(by_name[name]["type"]), True) for name in names]
    )


def to_type(arrow_type):
    """numeric of more than 38 digits, and numeric without a precision, are strings: Spark has no type for them."""
    decimal = DECIMAL.fullmatch(arrow_type)
    if decimal is None:
        return SIMPLE_TYPES[arrow_type]
    precision, scale = int(decimal[1]), int(decimal[2])
    if precision > MAX_PRECISION or scale < 0:
        return spark.StringType()
    return spark.DecimalType(precision, scale)


def to_arrow(schema):
    """Returns the Arrow schema that Spark requires for the rows of a schema. Raises ValueError for a type without one."""
    return pa.schema(
        [pa.field(field.name, _arrow_type(field), nullable=field.nullable) for field in schema]
    )


def _arrow_type(field):
    if isinstance(field.dataType, spark.DecimalType):
        return pa.decimal128(field.dataType.precision, field.dataType.scale)
    found = ARROW_TYPES.get(type(field.dataType))
    if found is None:
        raise ValueError(f"Column '{field.name}': the data source has no type {field.dataType.simpleString()}.")
    return found


def to_spark_batch(batch, schema):
    """A record batch with the columns and types of `schema`."""
    arrays = [_convert(batch.column(field.name), field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _convert(array, target):
    if pa.types.is_fixed_size_binary(array.type) and array.type.byte_width == UUID_BYTES:
        array = _uuid_text(array)
    if pa.types.is_decimal(array.type) and pa.types.is_string(target):
        return _decimal_text(array)
    return array if array.type == target else array.cast(target)


def _decimal_text(array):
    """All digits of a decimal. A cast writes small values with an exponent; these are written one by one."""
    text = array.cast(pa.string())
    has_exponent = pc.match_substring(text, "E")
    values = array.filter(has_exponent).to_pylist()
    return pc.replace_with_mask(text, has_exponent, pa.array([format(value, "f") for value in values], pa.string()))


def _uuid_text(array):
    """uuid: 16 bytes → its text in lower case, without a Python object per value."""
    count = len(array)
    nulls = array.is_null().to_numpy(zero_copy_only=False)
    data = np.frombuffer(array.buffers()[1], dtype=np.uint8)
    data = data[array.offset * UUID_BYTES : (array.offset + count) * UUID_BYTES]
    digits = HEX_PAIRS.take(data).view(UUID_DIGITS)
    text = np.full(count * UUID_LENGTH, ord("-"), dtype=np.uint8)
    groups = text.view(UUID_TEXT)
    for group in UUID_TEXT.names:
        groups[group] = digits[group]
    offsets = np.arange(0, (count + 1) * UUID_LENGTH, UUID_LENGTH, dtype=np.int32)
    valid = None if not nulls.any() else pa.py_buffer(np.packbits(~nulls, bitorder="little"))
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text), valid)

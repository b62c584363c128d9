"""The data source and its reader, for Spark's Python Data Source API."""

import json

from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from .command import Connector, Holder
from .conversion import to_arrow, to_schema, to_spark_batch
from .reader import read_shard
from .shards import join_small

DEFAULT_SHARDS = 8
DEFAULT_IDLE_SECONDS = 300
# A shard has no states, so only the size of its batches counts; they also end at 8 MiB
BATCH_ROWS = 100_000


class SourcePostgresDataSource(DataSource):
    """Options: `config`, `stream`, `shards`, `columns`, `command`, `idleTimeoutSeconds`."""

    @classmethod
    def name(cls):
        return "source_postgres"

    def schema(self):
        options = ReadOptions(self.options)
        fields = options.connector.arrow_fields(options.stream)
        return to_schema(fields, options.columns)

    def reader(self, schema):
        return SourcePostgresReader(ReadOptions(self.options), schema)


class ReadOptions:
    """The options of a read. Raises ValueError if one is missing or not valid."""

    def __init__(self, options):
        self.stream = _required(options, "stream")
        self.shards = _positive(options, "shards", DEFAULT_SHARDS)
        self.idle_seconds = _positive(options, "idleTimeoutSeconds", DEFAULT_IDLE_SECONDS)
        columns = options.get("columns")
        self.columns = None if columns is None else [name.strip() for name in columns.split(",")]
        command = options.get("command", "source-postgres")
        self.connector = Connector(command, _read_config(_required(options, "config")))


class ShardPartition(InputPartition):
    """One shard, or several in one: a document as `source-postgres shards` prints it."""

    def __init__(self, shard):
        super().__init__(shard)


class SourcePostgresReader(DataSourceReader):
    """Reads the columns of a schema. A schema given with `DataFrameReader.schema` selects the columns."""

    def __init__(self, options, schema):
        self.options = options
        self.schema = schema

    def partitions(self):
        options = self.options
        to_arrow(self.schema)
        holder = Holder(options.connector, options.stream, options.shards, options.idle_seconds)
        try:
            to_schema(holder.fields, self.schema.fieldNames())
        except ValueError:
            holder.release()
            raise
        return [ShardPartition(shard) for shard in join_small(holder.shards)]

    def read(self, partition):
        target = to_arrow(self.schema)
        columns = self.schema.fieldNames()
        for batch in read_shard(self.options.connector, partition.value, columns):
            yield to_spark_batch(batch, target)


def _required(options, name):
    value = options.get(name)
    if not value:
        raise ValueError(f"Option '{name}' is required by the data source source_postgres.")
    return value


def _positive(options, name, default):
    value = options.get(name, str(default))
    if not value.isdigit() or int(value) == 0:
        raise ValueError(f"Option '{name}' must be a positive integer.")
    return int(value)


def _read_config(value):
    """The text of the config, which is JSON, or the path of a JSON file on the driver."""
    if value.lstrip().startswith("{"):
        text = value
    else:
        with open(value, encoding="utf-8") as file:
            text = file.read()
    try:
        config = json.loads(text)
    except ValueError:
        config = None
    if not isinstance(config, dict):
        raise ValueError("Option 'config' is neither a JSON object nor the path of one.")
    return json.dumps({"batch_size": BATCH_ROWS, **config})

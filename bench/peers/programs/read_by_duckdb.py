"""DuckDB's postgres extension: `read_by_duckdb.py CONNECTION TABLE arrow|json OUTPUT`."""

import sys

import duckdb
import pyarrow
from duckdb_extensions import import_extension

connection, table, output_format, output = sys.argv[1:]
import_extension("postgres_scanner")
database = duckdb.connect()
database.sql("LOAD postgres_scanner")
database.sql(f"ATTACH '{connection}' AS source (TYPE postgres, READ_ONLY)")
if output_format == "arrow":
    reader = database.sql(f"FROM source.public.{table}").to_arrow_reader(100_000)
    with pyarrow.OSFile(output, "wb") as file, pyarrow.ipc.new_file(file, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
else:
    database.sql(f"COPY (FROM source.public.{table}) TO '{output}' (FORMAT json)")

"""connectorx: `read_by_connectorx.py CONNECTION SELECT OUTPUT` writes an Arrow file."""

import sys

import connectorx
import pyarrow

connection, select, output = sys.argv[1:]
reader = connectorx.read_sql(connection, select, return_type="arrow_stream", batch_size=100_000)
with pyarrow.OSFile(output, "wb") as file, pyarrow.ipc.new_file(file, reader.schema) as writer:
    for batch in reader:
        writer.write_batch(batch)

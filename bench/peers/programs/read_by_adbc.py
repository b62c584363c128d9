"""ADBC: `read_by_adbc.py CONNECTION SELECT OUTPUT` writes an Arrow file."""

import sys

import adbc_driver_postgresql.dbapi as postgresql
import pyarrow

connection, select, output = sys.argv[1:]
with postgresql.connect(connection) as client, client.cursor() as cursor:
    cursor.execute(select)
    reader = cursor.fetch_record_batch()
    with pyarrow.OSFile(output, "wb") as file, pyarrow.ipc.new_file(file, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)

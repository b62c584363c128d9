"""Reads an Arrow file with a library and prints its rows as JSON: read_arrow.py LIBRARY FILE"""

import json
import sys

library, path = sys.argv[1:]
if library == "pyarrow":
    import pyarrow.ipc

    with pyarrow.ipc.open_file(path) as file:
        table = file.read_all()
    table.validate(full=True)
elif library == "polars":
    import polars

    table = polars.read_ipc(path).to_arrow()
else:
    import duckdb
    import pyarrow.dataset

    rows = pyarrow.dataset.dataset(path, format="ipc")
    table = duckdb.sql("SELECT * FROM rows").to_arrow_table()

columns = []
for name in table.column_names:
    column = table.column(name)
    kind = str(column.type)
    if kind.startswith("timestamp"):
        column = column.cast("int64")
        scale = 1000 if "us" in kind else 1
        values = [None if v is None else str(v * scale) for v in column.to_pylist()]
    else:
        values = [v.hex() if isinstance(v, bytes) else str(v) if kind.startswith(("date", "int64", "decimal")) and v is not None else v for v in column.to_pylist()]
    columns.append(values)
json.dump({"names": table.column_names, "rows": list(zip(*columns))}, sys.stdout)

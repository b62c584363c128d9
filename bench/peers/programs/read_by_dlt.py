"""dlt: `read_by_dlt.py CONNECTION TABLE SCRATCH OUTPUT` writes gzipped JSON lines, its default, to a directory."""

import sys

import dlt
from dlt.sources.sql_database import sql_table

connection, table, scratch, output = sys.argv[1:]
pipeline = dlt.pipeline(
    "peer",
    pipelines_dir=f"{scratch}/pipelines",
    destination=dlt.destinations.filesystem(f"file://{output}"),
    dataset_name="data",
)
pipeline.run(sql_table(connection, table, schema="public")).raise_on_failed_jobs()

"""Spark data source `source_postgres`: one PostgreSQL table, read by many tasks in one snapshot."""

from .datasource import SourcePostgresDataSource

__all__ = ["SourcePostgresDataSource", "register"]


def register(spark):
    """Registers the data source in a Spark session."""
    spark.dataSource.register(SourcePostgresDataSource)

"""Joins small shards: a task costs more than the rows of a few pages."""

import math

# 16 MiB with pages of 8 KiB, which take about as long as a task without rows
MIN_PAGES = 2048


def join_small(shards):
    """Leaves out shards without pages, and joins each that has less than MIN_PAGES with the next one."""
    joined = []
    for shard in shards:
        if shard["ranges"] == []:
            continue
        if joined and _pages(joined[-1]) < MIN_PAGES:
            joined[-1] = {**joined[-1], "ranges": joined[-1]["ranges"] + shard["ranges"]}
        else:
            joined.append(shard)
    return joined


def _pages(shard):
    """Infinite if it is not known: a range without an end, or a relation without pages of its own."""
    if shard["ranges"] is None:
        return math.inf
    return sum(math.inf if each["end"] is None else each["end"] - each["start"] for each in shard["ranges"])

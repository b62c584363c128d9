"""Reads shards. A Python worker of Spark runs one task after the other, and all use the same process of the command."""

import collections
import contextlib
import json
import threading

import pyarrow as pa

from .command import ConnectorFailed, raise_on_failure

# Number of the last lines on stderr that are kept: the error is among them
KEPT_LINES = 100
# The reader that the last task of this Python worker has left, by what it was started with
_idle = {}


def read_shard(connector, shard, columns):
    """Yields the record batches of a shard. The process is kept for the next shard with the same config and columns."""
    catalog = json.dumps(_catalog_with(shard["stream"], columns))
    key = (*connector.command, connector.config, catalog)
    reader = _idle.pop(key, None)
    if reader is None or not reader.is_running():
        reader = ShardReader(connector, catalog)
    is_complete = False
    try:
        yield from reader.read(shard)
        is_complete = True
    finally:
        if not is_complete:
            reader.stop()
    while _idle:
        _idle.popitem()[1].stop()
    _idle[key] = reader


class ShardReader:
    """A process that reads shards. It ends by itself when this process ends, because its standard input closes."""

    def __init__(self, connector, catalog):
        self._process = connector.start_reader(catalog)
        self._messages = _Drain(self._process.stderr)
        self._output = _Output(self._process.stdout)

    def is_running(self):
        return self._process.poll() is None

    def read(self, shard):
        """Yields the record batches of a shard. Raises ConnectorFailed with the connector's message."""
        try:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(shard).encode() + b"\n")
                self._process.stdin.flush()
            with pa.ipc.open_stream(self._output) as reader:
                yield from reader
        except (pa.ArrowInvalid, OSError):
            # A stream that ends before its schema, or within a batch
            if not self._output.has_ended:
                raise
        # Arrow takes the end of the file for the end of the stream
        if self._output.has_ended:
            self._fail()

    def stop(self):
        self._process.stdout.close()
        self._process.terminate()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def _fail(self):
        self._process.wait()
        raise_on_failure(self._process, self._messages.lines())
        raise ConnectorFailed("source-postgres ended before the shard was complete.")


class _Output:
    """Standard output of a process: Arrow streams, one after the other."""

    closed = False

    def __init__(self, stream):
        self._stream = stream
        # Whether the end of the file was reached
        self.has_ended = False

    def read(self, size):
        data = self._stream.read(size)
        self.has_ended = self.has_ended or len(data) < size
        return data

    def close(self):
        """The end of an Arrow stream: the next one follows."""


class _Drain(threading.Thread):
    """Reads the messages of a process, so that it does not block."""

    def __init__(self, stream):
        super().__init__(daemon=True)
        self._stream = stream
        self._lines = collections.deque(maxlen=KEPT_LINES)
        self.start()

    def run(self):
        with self._stream, contextlib.suppress(ValueError, OSError):
            for line in self._stream:
                self._lines.append(line.rstrip())

    def lines(self):
        self.join()
        return list(self._lines)


def _catalog_with(stream, columns):
    """A configured catalog that selects columns of a stream."""
    properties = {name: {} for name in columns}
    return {
        "streams": [
            {
                "stream": {**stream, "json_schema": {"type": "object", "properties": properties}},
                "sync_mode": "full_refresh",
                "destination_sync_mode": "overwrite",
            }
        ]
    }

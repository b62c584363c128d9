"""Runs the command `source-postgres`. Config and catalog are passed through pipes, so that no secret is written to disk."""

import contextlib
import json
import os
import shlex
import subprocess
import tempfile
import threading

ARROW_SCHEMA = ("--arrow-schema", "--arrow-exact")


class ConnectorFailed(RuntimeError):
    """The command failed. The message is that of its TRACE ERROR message."""


class Connector:
    """The command and its config."""

    def __init__(self, command, config):
        self.command = shlex.split(command)
        self.config = config

    def arrow_fields(self, stream):
        """The Arrow fields of a stream: dicts with `name`, `type` and `nullable`."""
        with self._start(["discover", "--stream", stream, *ARROW_SCHEMA]) as process:
            output, messages = process.communicate()
        raise_on_failure(process, messages.splitlines() + output.splitlines())
        found = _catalog_of(output)
        if len(found) == 1:
            return found[0]["arrow_schema"]["fields"]
        labels = ", ".join(f"{each.get('namespace')}.{each['name']}" for each in found)
        raise ConnectorFailed(f"Option 'stream' selects {labels}. Name one of them.")

    def start_shards(self, stream, count, idle_seconds, stderr):
        """Starts the command that exports a snapshot and holds it until no shard has been read for `idle_seconds`."""
        return self._start(
            ["shards", "--stream", stream, "--count", str(count), "--idle-timeout", str(idle_seconds), *ARROW_SCHEMA],
            start_new_session=True,
            stderr=stderr,
        ).process

    def start_reader(self, catalog):
        """Starts the command that reads the shards that it gets on standard input, as one Arrow stream each."""
        arguments = ["read", "--shard", "-", "--format", "arrow", "--arrow-exact"]
        return self._start(arguments, catalog=catalog, stdin=subprocess.PIPE).process

    def _start(self, arguments, catalog=None, **options):
        return _Process(self.command + arguments, self.config, catalog, options)


class Holder:
    """The shards of a stream, and the process that holds their snapshot. It keeps running after this one has ended."""

    def __init__(self, connector, stream, count, idle_seconds):
        # Not a pipe: it would close when the planning process ends, and with it the holder would end
        with tempfile.TemporaryFile() as stderr:
            self._process = connector.start_shards(stream, count, idle_seconds, stderr)
            with self._process.stdout as stdout:
                lines = [stdout.readline() for _ in range(count)]
            if not all(lines):
                self._process.wait()
                stderr.seek(0)
                raise_on_failure(self._process, stderr.read().splitlines())
                raise ConnectorFailed("The command 'shards' printed fewer shards than requested.")
        documents = [json.loads(line) for line in lines]
        # The Arrow fields of the stream
        self.fields = [document.pop("arrow_schema")["fields"] for document in documents][0]
        self.shards = documents

    def release(self):
        self._process.terminate()
        self._process.wait()


class _Process:
    """A child process that reads its config and catalog from pipes."""

    def __init__(self, command, config, catalog, options):
        files = {"--config": config} if catalog is None else {"--config": config, "--catalog": catalog}
        pipes = {option: _pipe_of(text) for option, text in files.items()}
        paths = [word for option, fd in pipes.items() for word in (option, f"/dev/fd/{fd}")]
        try:
            self.process = subprocess.Popen(
                command + paths,
                stdout=subprocess.PIPE,
                pass_fds=tuple(pipes.values()),
                **{"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options},
            )
        except FileNotFoundError:
            raise ConnectorFailed(
                f"The command '{command[0]}' was not found. Install it, or set the option 'command'."
            ) from None
        finally:
            for fd in pipes.values():
                os.close(fd)

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


def _pipe_of(text):
    """Returns the read end of a pipe that contains a text."""
    read_end, write_end = os.pipe()

    def write():
        with os.fdopen(write_end, "w", encoding="utf-8") as pipe, contextlib.suppress(OSError):
            pipe.write(text)

    threading.Thread(target=write, daemon=True).start()
    return read_end


def _catalog_of(output):
    for message in _messages(output.splitlines()):
        if message.get("type") == "CATALOG":
            return message["catalog"]["streams"]
    return []


def _messages(lines):
    for line in lines:
        with contextlib.suppress(ValueError):
            message = json.loads(line)
            if isinstance(message, dict):
                yield message


def raise_on_failure(process, lines):
    if process.returncode == 0:
        return
    for message in _messages(lines):
        error = message.get("trace", {}).get("error")
        if error is not None:
            raise ConnectorFailed(error["message"])
    text = b"\n".join(lines).decode(errors="replace")[-500:]
    raise ConnectorFailed(f"source-postgres ended with code {process.returncode}. {text}".strip())

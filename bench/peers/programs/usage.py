"""Resource usage of a command with all its processes: `usage.py LIMIT_SECONDS COMMAND…` writes a line of JSON to the end of stderr."""

import json
import resource
import subprocess
import sys
import time

limit, *command = sys.argv[1:]
started = time.monotonic()
with subprocess.Popen(command) as process:
    try:
        code = process.wait(float(limit))
    except subprocess.TimeoutExpired:
        process.kill()
        sys.exit(f"not finished after {limit} s")
seconds = time.monotonic() - started
if code != 0:
    sys.exit(code)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
usage = {
    "seconds": seconds,
    "cpuSeconds": used.ru_utime + used.ru_stime,
    "peakRssBytes": used.ru_maxrss * 1024,
}
print(f"\n{json.dumps(usage)}", file=sys.stderr)

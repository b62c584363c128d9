#!/usr/bin/env bash
# Runs the tests that need Python: PyAirbyte with the command, the CDK's standard tests with an image, or Spark, which needs Java.
#   integration_tests/run-python.sh sync
#   integration_tests/run-python.sh spark
#   integration_tests/run-python.sh standard_tests source-postgres:test
# Installs the packages into a virtual environment, which later runs use again. Exits with 77 if Python or the packages
# are not available.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test=${1:?sync, standard_tests or spark}
shift
case $test in
  sync)
    requirements=$here/pyairbyte/requirements.txt
    script=$here/pyairbyte/sync.py
    ;;
  standard_tests)
    requirements=$here/pyairbyte/requirements-cdk.txt
    script=$here/pyairbyte/standard_tests.py
    ;;
  spark)
    requirements=$here/spark/requirements.txt
    script=$here/spark/read_table.py
    if ! command -v java >/dev/null; then
      echo "Not run: Spark needs Java 17, which is not here." >&2
      exit 77
    fi
    ;;
  *) echo "There is no test $test" >&2 && exit 2 ;;
esac

venv=${PYTHON_TESTS_DIR:-${TMPDIR:-/tmp}/source-postgres-python}/$test
installed=$venv/installed.txt
if ! cmp --silent "$requirements" "$installed"; then
  if ! { python3 -m venv --clear "$venv" && "$venv/bin/pip" install --quiet --requirement "$requirements"; }; then
    echo "Not run: Python or the packages of $(basename "$requirements") are not available." >&2
    exit 77
  fi
  cp "$requirements" "$installed"
fi
exec "$venv/bin/python" "$script" "$@"

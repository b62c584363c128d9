"""Runs the standard tests of Airbyte's CDK for Docker images against an image of this connector.

Usage: standard_tests.py [IMAGE]. Needs Docker, the image, and the packages of requirements-cdk.txt. Starts a PostgreSQL
container of its own, filled by integration_tests/acceptance/seed.sql.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACCEPTANCE = ROOT / "integration_tests" / "acceptance"
POSTGRES_IMAGE = "postgres:15"
START_TIMEOUT_S = 60

# The tests find their connector by their directory, and name it after that directory.
TEST_MODULE = """
from airbyte_cdk.test.standard_tests.docker_base import DockerConnectorTestSuite

class TestImage(DockerConnectorTestSuite):
    pass
"""


def docker(*args: str) -> str:
    return subprocess.run(["docker", *args], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@contextmanager
def postgres(config: dict[str, Any]) -> Iterator[str]:
    """Returns the address, for other containers, of a server with the database of the config."""
    seed = f"{ACCEPTANCE / 'seed.sql'}:/docker-entrypoint-initdb.d/seed.sql:ro"
    variables = {"USER": config["username"], "PASSWORD": config["password"], "DB": config["database"]}
    env = [arg for name, value in variables.items() for arg in ("-e", f"POSTGRES_{name}={value}")]
    container = docker("run", "--detach", "--rm", "--volume", seed, *env, POSTGRES_IMAGE)
    try:
        wait_for_server(container, config)
        yield docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", container)
    finally:
        docker("stop", "--time", "1", container)


def wait_for_server(container: str, config: dict[str, Any]) -> None:
    """Connects over TCP, because the server listens only on its socket while initdb's scripts run."""
    ready = ["docker", "exec", container, "pg_isready", "--quiet", "--host=127.0.0.1"]
    deadline = time.monotonic() + START_TIMEOUT_S
    while subprocess.run([*ready, f"--username={config['username']}"]).returncode != 0:
        if time.monotonic() > deadline:
            raise TimeoutError("PostgreSQL did not start")
        time.sleep(0.2)


def lay_out(connector: Path, config: dict[str, Any], image: str) -> None:
    """Creates the directory that the CDK expects: metadata, test config, fixtures, secrets."""
    (connector / "secrets").mkdir(parents=True)
    (connector / "secrets" / "config.json").write_text(json.dumps(config))
    shutil.copytree(ACCEPTANCE, connector / "integration_tests" / "acceptance")
    for name in ("metadata.yaml", "spec.json"):
        shutil.copy(ROOT / name, connector / name)
    tests = yaml.safe_load((ROOT / "acceptance-test-config.yml").read_text())
    drop_unread_keys(tests["acceptance_tests"])
    tests["connector_image"] = image
    (connector / "acceptance-test-config.yml").write_text(yaml.safe_dump(tests))
    (connector / "test_image.py").write_text(TEST_MODULE)


def drop_unread_keys(sections: dict[str, Any]) -> None:
    """Removes the keys of the older acceptance tests, which compare records: newer CDKs reject them."""
    try:
        from airbyte_cdk.test.models.scenario import REMOVED_ENTRY_KEYS
    except ImportError:
        return
    unread = {*REMOVED_ENTRY_KEYS, "auth_default_method", "validate_data_points", "validate_stream_statuses"}
    for section in sections.values():
        for entry in section.get("tests", []):
            for key in unread & entry.keys():
                del entry[key]


def main(image: str = "source-postgres:test") -> int:
    config = json.loads((ACCEPTANCE / "config.json").read_text())
    with tempfile.TemporaryDirectory() as directory, postgres(config) as address:
        connector = Path(directory) / "source-postgres"
        lay_out(connector, {**config, "host": address}, image)
        plugins = ["-p", "airbyte_cdk.test.standard_tests.pytest_hooks", "-p", "no:cacheprovider"]
        target = [f"--connector-image={image}", "--read-from-streams=all", f"--rootdir={connector}"]
        return pytest.main([*plugins, *target, "-v", "-rs", str(connector)])



if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

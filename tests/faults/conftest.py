"""How long the faults are tried, what cannot be tried on this machine, and three brokers."""

import subprocess
from collections.abc import Iterator

import pytest
import pytest_asyncio

from guichet.house import House
from guichet.settings import Settings
from tests.composed import ComposedBroker, Containers, three_brokers
from tests.faults.cluster import Cluster


def traces() -> bool:
    """Whether strace is here and may be used."""
    try:
        done = subprocess.run(
            ["strace", "-o", "/dev/null", "true"], capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


collect_ignore = [] if traces() else ["test_synced.py"]


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """`./test --long`: many more cycles."""
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture(scope="module")
def brokers() -> Iterator[tuple[Containers, dict[str, ComposedBroker]]]:
    """The three brokers of docker-compose.yml."""
    with three_brokers() as started:
        yield started


@pytest_asyncio.fixture
async def cluster(
    brokers: tuple[Containers, dict[str, ComposedBroker]], settings: Settings, house: House
) -> Cluster:
    """A town of its own; `house` has made its tables."""
    return await Cluster.of(*brokers, settings)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if collect_ignore:
        terminalreporter.write_line(
            "Not tested: synced before acknowledged (tests/faults/test_synced.py needs strace)."
        )

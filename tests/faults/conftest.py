"""How long the faults are tried, and what cannot be tried on this machine."""

import subprocess

import pytest


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if collect_ignore:
        terminalreporter.write_line(
            "Not tested: synced before acknowledged (tests/faults/test_synced.py needs strace)."
        )

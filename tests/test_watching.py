"""The alarms name figures that exist, and the systemd units commands that exist."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from guichet.cli import app as cli
from guichet.host.tls import run as make_certificate
from guichet.house import House
from guichet.settings import Settings
from guichet.web.health import figures_of_the_machine
from tests.web.conftest import *  # noqa: F403 the doors of a real house

CONFIG = Path(__file__).parent.parent / "guichet" / "config"
UNITS = sorted((CONFIG / "systemd").iterdir())


def exposed(text: str) -> set[str]:
    return set(re.findall(r"^(guichet_\w+) ", text, re.MULTILINE))


async def test_every_figure_of_the_alarms_is_exposed(
    http: Any, house: House, settings: Settings, tmp_path: Path
) -> None:
    del house
    rules = yaml.safe_load((CONFIG / "prometheus-rules.yml").read_text("utf-8"))
    alarms = [rule for group in rules["groups"] for rule in group["rules"]]
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in alarms)
    asked = {name for rule in alarms for name in re.findall(r"guichet_\w+", rule["expr"])}
    assert len(asked) >= 7
    there = exposed((await http.get("/metrics")).text)
    here = replace(settings, data=tmp_path)
    make_certificate(here, ["localhost"])
    with_tls = replace(here, tls_cert=str(tmp_path / "tls" / "server.pem"))
    there |= {f"guichet_{name}" for name in figures_of_the_machine(with_tls)}
    assert asked <= there, asked - there


def unit(path: Path) -> configparser.RawConfigParser:
    parsed = configparser.RawConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    parsed.read(path, "utf-8")
    return parsed


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_calls_a_command_that_exists(path: Path) -> None:
    parsed = unit(path)
    if not parsed.has_section("Service"):
        assert parsed.has_option("Timer", "OnCalendar")
        return
    program, command, *options = parsed.get("Service", "ExecStart").split()
    assert program.endswith("/guichet")
    known = cli.app.parse_args([command, *options], exit_on_error=False)[0]
    assert known.__name__ == command
    assert parsed.get("Service", "NoNewPrivileges") == "yes"
    assert parsed.get("Service", "ProtectSystem") == "strict"
    assert parsed.get("Service", "PrivateTmp") == "yes"
    assert "/var/lib/guichet" in parsed.get("Service", "ReadWritePaths")


def test_the_units_are_what_systemd_understands(tmp_path: Path) -> None:
    verifier = shutil.which("systemd-analyze")
    for path in UNITS:
        program = tmp_path / "guichet"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        text = path.read_text("utf-8").replace("/opt/guichet/.venv/bin/guichet", str(program))
        (tmp_path / path.name).write_text(text)
    if verifier is None:
        return  # their words are checked above
    files = [str(tmp_path / path.name) for path in UNITS]
    done = subprocess.run(
        [verifier, "verify", "--man=no", *files], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert not said, done.stderr

"""A fresh clone and whatever Python there is: `bootstrap.sh` makes .venv, or says why it cannot."""

import os
import shutil
import signal
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = "/usr/bin:/bin"
REAL = Path(sysconfig.get_config_var("BINDIR")) / f"python{sysconfig.get_python_version()}"


@pytest.fixture
def clone() -> Iterator[Path]:
    """The files of the project without its environment, in a folder with a difficult name."""
    with TemporaryDirectory(prefix="guichet newcomer-") as name:
        folder = Path(name) / "l'été"
        unneeded = shutil.ignore_patterns(".*", "data", "__pycache__", "tests")
        shutil.copytree(ROOT, folder, ignore=unneeded)
        yield folder


def python(folder: Path, name: str, *lines: str) -> None:
    """A real Python with something missing: `lines` are run before anything else."""
    site = folder / f"site-{name}"
    site.mkdir(parents=True)
    (site / "sitecustomize.py").write_text("\n".join(lines))
    command = folder / name
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{site}" exec "{REAL}" "$@"\n')
    command.chmod(0o755)


TOO_OLD = "import sys; sys.version_info = (3, 10, 0, 'final', 0)"
NO_ENSUREPIP = "import sys; sys.modules['ensurepip'] = None"


def found(clone: Path, pythons: Path) -> "subprocess.CompletedProcess[str]":
    """What the search for a Python ends in, with these only."""
    command = '. ./bootstrap.sh; find_python; echo "$PYTHON"'
    for tool in ("sh", "env", "cat", "cmp"):
        (pythons / tool).symlink_to(shutil.which(tool) or tool)
    return subprocess.run(
        ["/bin/sh", "-euc", command],
        cwd=clone,
        env={"PATH": str(pythons)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_without_ensurepip_does_not_end_the_search(clone: Path, tmp_path: Path) -> None:
    python(tmp_path, "python3", NO_ENSUREPIP)
    python(tmp_path, "python3.14", TOO_OLD)
    python(tmp_path, "python3.12")
    assert found(clone, tmp_path).stdout.strip() == str(tmp_path / "python3.12")


def test_without_ensurepip_the_missing_package_is_named(clone: Path, tmp_path: Path) -> None:
    python(tmp_path, "python3", NO_ENSUREPIP)
    python(tmp_path, "python3.11", TOO_OLD)
    done = found(clone, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "python3-venv" in done.stderr
    assert not (clone / ".venv").exists()


def test_without_a_new_python_the_version_is_named(clone: Path, tmp_path: Path) -> None:
    python(tmp_path, "python3", TOO_OLD)
    done = found(clone, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "3.11" in done.stderr
    assert not (clone / ".venv").exists()


def environment() -> dict[str, str]:
    """Nearly nothing, but where packages come from and are kept."""
    known = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    cache = subprocess.run(
        [ROOT / ".venv" / "bin" / "uv", "cache", "dir"], capture_output=True, text=True, check=True
    )
    return {**known, "PATH": TOOLS, "LANG": "C", "UV_CACHE_DIR": cache.stdout.strip()}


def make(clone: Path) -> "subprocess.Popen[str]":
    """`./run` of a fresh clone, from elsewhere, through a symbolic link, with a closed input."""
    link = clone.parent / "lien"
    if not link.is_symlink():
        link.symlink_to(clone / "run")
    return subprocess.Popen(
        ["/bin/sh", "-c", 'umask 077; exec "$0" --help <&-', str(link)],
        cwd="/",
        env={**environment(), "GUICHET_PYTHON": str(REAL)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def helped(process: "subprocess.Popen[str]") -> str:
    out, said = process.communicate(timeout=180)
    assert process.returncode == 0, said
    assert "--no-demo" in out
    return said


def test_interrupted_twice_at_once_half_there_and_moved(clone: Path) -> None:
    """One clone after another, because each .venv takes long to make."""
    interrupted = make(clone)
    while not (clone / ".venv" / "bin" / "python").exists():
        assert interrupted.poll() is None
        sleep(0.01)
    interrupted.send_signal(signal.SIGTERM)  # before pip is there
    assert interrupted.wait(10) == 130

    said = [helped(process) for process in (make(clone), make(clone))]
    assert sorted(text.count("Installation") for text in said) == [0, 1]
    assert helped(make(clone)) == ""

    mine = clone / ".venv" / "mine"
    mine.write_text("kept")
    # A package of which half the files are there looks installed.
    [package] = clone.glob(".venv/lib/python*/site-packages/msgspec")
    shutil.rmtree(package)
    (clone / ".venv" / "guichet-run.unfinished").touch()
    (clone / "uv.lock").write_text((clone / "uv.lock").read_text() + "\n")
    assert "Création" not in helped(make(clone))
    assert (package / "__init__.py").exists()
    assert not (clone / ".venv" / "guichet-run.unfinished").exists()
    assert mine.exists()

    moved = clone.rename(clone.with_name("ailleurs"))
    (moved.parent / "lien").unlink()
    assert "Création" in helped(make(moved))
    assert str(moved) in (moved / ".venv" / "bin" / "pip").read_text()

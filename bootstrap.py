"""Makes .venv with the locked dependencies; run by bootstrap.sh with any Python that can.

Safe to interrupt anywhere and to run twice at once: what is half-made is recognised and repaired,
and one waits for the other. What other commands have put in .venv stays there.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
ROOM = 400 * 1024 * 1024
"""Bytes that must be free before anything is installed."""

ENVIRONMENT = {
    **os.environ,
    "UV_SYSTEM_CERTS": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_PROJECT_ENVIRONMENT": str(VENV),
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_USER": "0",
}


def run(command: Sequence[str | Path], failure: str) -> None:
    """Run to the end; when it fails, say `failure` with its last words, and end."""
    done = subprocess.run(  # noqa: S603 our own command
        command, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        sys.exit(f"{failure} : {lines[-1].strip() if lines else 'aucun message'}")


def answers(*command: str | Path) -> bool:
    """Whether a program is there and works."""
    try:
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)  # noqa: S603
    except OSError:
        return False
    return done.returncode == 0


def sound() -> bool:
    """Whether .venv was made whole, here, of a Python that is still there. Its `activate` is
    written last and names the folder it was made for."""
    try:
        text = (VENV / "bin" / "activate").read_text(errors="surrogateescape")
    except OSError:
        return False
    return unquoted(str(VENV)) in unquoted(text) and answers(PYTHON, "-c", "")


def unquoted(text: str) -> str:
    """`text` without what a shell needs around or before some characters."""
    return text.translate({ord(mark): None for mark in "'\"\\"})


def make_venv() -> None:
    """An environment with pip in it, in the place of one that is not sound."""
    if not sound():
        if shutil.disk_usage(ROOT).free < ROOM:
            sys.exit(f"Il reste moins de 400 Mo sur le disque de {ROOT}.")
        say("Création de l'environnement (.venv)…")
        command = [sys.executable, "-m", "venv", "--clear", VENV]
        run(command, "L'environnement .venv n'a pas pu être créé")
    if not answers(UV, "--version"):
        if not answers(PYTHON, "-m", "pip", "--version"):
            run([PYTHON, "-m", "ensurepip"], "pip n'a pas pu être installé dans .venv")
        command = [PYTHON, "-m", "pip", "install", "--quiet", "--force-reinstall", "uv"]
        run(command, "uv n'a pas pu être installé depuis l'index de paquets")


def install(purpose: str) -> None:
    """What uv.lock says for `purpose`, `run` or `dev`."""
    stamp = VENV / f"guichet-{purpose}.lock"
    wanted = b"\n".join((os.fsencode(ROOT), locked()))
    if stamp.exists() and stamp.read_bytes() == wanted:
        return
    say("Installation des dépendances verrouillées…")
    if not cache_can_be_written():
        ENVIRONMENT["UV_NO_CACHE"] = "1"
    unfinished = VENV / f"guichet-{purpose}.unfinished"
    # A package whose installation was interrupted looks installed, so after an interruption all
    # of them are laid down again.
    again = ["--reinstall"] if any(VENV.glob("guichet-*.unfinished")) else []
    unfinished.touch()
    groups = ["--group", "dev"] if purpose == "dev" else ["--no-default-groups"]
    sync = [
        UV,
        "sync",
        "--quiet",
        "--frozen",
        "--inexact",
        "--compile-bytecode",
        "--python",
        PYTHON,
        *groups,
        *again,
    ]
    run(sync, "Les dépendances verrouillées n'ont pas pu être installées")
    stamp.write_bytes(wanted)
    for done in VENV.glob("guichet-*.unfinished") if purpose == "dev" else [unfinished]:
        done.unlink()


def locked() -> bytes:
    """What decides which packages are installed."""
    return (ROOT / "uv.lock").read_bytes() + (ROOT / "pyproject.toml").read_bytes()


def cache_can_be_written() -> bool:
    """Whether uv can keep what it downloads; an account without a home cannot."""
    asked = subprocess.run(  # noqa: S603 our own command
        [UV, "cache", "dir"], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if asked.returncode:
        return False
    path = Path(asked.stdout.strip())
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def say(text: str) -> None:
    """Tell the person at the keyboard."""
    print(text, file=sys.stderr, flush=True)


def stop(*_: object) -> None:
    """End, and with us what we are waiting for."""
    sys.exit(130)


def main(purpose: str) -> None:
    """Everything, alone on this clone: the lock is on the folder itself and ends with us."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    lock = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        make_venv()
        install(purpose)
    except OSError as error:
        sys.exit(f"L'environnement .venv n'a pas pu être écrit ({error.strerror}).")


if __name__ == "__main__":
    main(sys.argv[1])

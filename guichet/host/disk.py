"""Room on the data folder's disk: without it no write is acknowledged, and the broker, once it has
met a full disk, keeps its streams closed until it is started again."""

import shutil
from pathlib import Path

MEBIBYTE = 1024 * 1024
ENOUGH = 128
"""Mebibytes that must be free before a command is taken, unless the installation says otherwise."""


def free(folder: Path) -> int:
    """Bytes that may still be written on the disk of `folder`."""
    return shutil.disk_usage(folder).free


def shortage(folder: Path, least: int) -> str:
    """What is wrong with the room on the disk of `folder`, in a sentence; empty when at least
    `least` mebibytes are free, or when `least` is 0: nobody wants to know."""
    there = free(folder) // MEBIBYTE
    if least and there < least:
        return f"Il ne reste que {there} Mo sur le disque ; il en faut {least} pour écrire."
    return ""

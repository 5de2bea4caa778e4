"""The text of a file: unpacked when it is gzip, decoded, whatever its name says.

Bytes that are no text become a mark that no text may hold, so that only their row is rejected.
"""

import codecs
import io
import zlib
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from guichet.sentences import Sentence

GZIP = b"\x1f\x8b"
PIECE = 65_536
BAD = "\udcff"
"""Stands for bytes that are no text."""

MARKED = "guichet.bad"
"""The name under which codecs know how to put it there."""

OTHERS = {
    b"PK\x03\x04": "une archive zip ou un classeur",
    b"\xd0\xcf\x11\xe0": "un classeur ou un document Office",
    b"BZh": "du bzip2",
    b"\xfd7zXZ": "du xz",
    b"\x28\xb5\x2f\xfd": "du zstd",
    b"PAR1": "du Parquet",
    b"%PDF": "un PDF",
}
"""How files begin that we do not read."""

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte order marks, the longest first where one begins another."""


class FileRefused(Sentence):
    """The file cannot be read as the mapping says."""


class FileBreaksOff(Sentence):
    """The file ends in the middle; the rows before that were read."""


class Unpacked(io.RawIOBase):
    """The content of a gzip file, of one member or several, without trusting it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._member = zlib.decompressobj(wbits=31)
        self._packed = b""
        self._saved = b""
        self.trouble: str | None = None
        """Said when the content ends otherwise than it should."""
        self.cut = False
        """Whether it ends in the middle."""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] the only buffers that come
        """Unpack at most a buffer full. A file that is cut or damaged ends there, as trouble."""
        while not self.cut:
            if self._member.eof and not self._next_member():
                return 0
            if not self._packed:
                self._packed = self._file.read(PIECE)
            ended, before = not self._packed, self._member.copy()
            try:
                data = self._member.decompress(self._packed, len(buffer))
            except zlib.error as error:
                self._cut_by(f"Le fichier compressé est abîmé ({error}).")
                self._saved = until_damage(before, self._packed)
                break
            self._packed = self._member.unconsumed_tail
            if data:
                buffer[: len(data)] = data
                return len(data)
            if ended and not self._member.eof:
                self._cut_by("Le fichier compressé s'arrête au milieu.")
        data, self._saved = self._saved[: len(buffer)], self._saved[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file too."""
        self._file.close()
        super().close()

    def _next_member(self) -> bool:
        """Go on with the member that follows; zeros between members are padding."""
        rest = self._member.unused_data.lstrip(b"\0")
        while len(rest) < len(GZIP) and (more := self._file.read(PIECE)):
            rest = (rest + more).lstrip(b"\0")
        if rest.startswith(GZIP):
            self._member = zlib.decompressobj(wbits=31)
            self._packed = rest
            return True
        if rest:
            self.trouble = "Le fichier compressé est suivi d'autre chose, qui n'a pas été lu."
        return False

    def _cut_by(self, trouble: str) -> None:
        self.trouble, self.cut = trouble, True


def until_damage(member: Any, packed: bytes) -> bytes:
    """What `packed` holds before the place where it is damaged."""
    data = b""
    with suppress(zlib.error):
        for byte in packed:
            data += member.decompress(bytes((byte,)))
    return data


class Text(io.TextIOWrapper):
    """The text of a file, and after its end what is to be said about it."""

    unpacked: Unpacked | None = None

    @property
    def trouble(self) -> str | None:
        """Said when the content ended otherwise than it should."""
        return self.unpacked.trouble if self.unpacked else None

    @property
    def cut(self) -> bool:
        """Whether it ended in the middle, so that its last line is not whole."""
        return self.unpacked is not None and self.unpacked.cut


def opened(path: Path, encoding: str) -> Text:
    """The text of a file. A byte order mark at its beginning decides over `encoding`."""
    file = path.open("rb")
    try:
        begins = file.peek(8)
        for magic, what in OTHERS.items():
            if begins.startswith(magic):
                raise FileRefused(f"{path} est {what} : enregistrez-le en CSV ou en JSON.")
        unpacked = Unpacked(file) if begins.startswith(GZIP) else None
        plain = io.BufferedReader(unpacked, PIECE) if unpacked else file
        begins = plain.peek(4)
        for mark, name in MARKS.items():
            if begins.startswith(mark):
                plain.read(len(mark))
                encoding = name
                break
        text = Text(cast("IO[bytes]", plain), encoding, errors=MARKED, newline="")
        text.unpacked = unpacked
    except BaseException:
        file.close()
        raise
    return text


def marked(error: UnicodeError) -> tuple[str, int]:
    """Put the mark in the place of the bytes that are no text."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return BAD, error.end


codecs.register_error(MARKED, marked)

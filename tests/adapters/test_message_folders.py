"""Messages left in a folder: each is one file, whole, and nobody else's to read."""

import json
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from adapters.carriers import Later, Undeliverable
from adapters.mail_folder import MailFolder
from adapters.sms_folder import SmsFolder
from tests.adapters.posting import ID, TO, letter

FILE = ID.strip("<>") + ".eml"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_letter_is_one_file_however_often_it_is_given(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "mail"
    carrier = MailFolder(folder)
    message = letter()
    proofs = {await carrier.deliver(message) for _ in range(3)}
    assert proofs == {f"fichier {FILE}"}
    assert names(folder) == [FILE]
    assert (folder / FILE).read_bytes() == message.as_bytes()
    read = message_from_bytes((folder / FILE).read_bytes(), policy=default)
    assert (read["Message-ID"], read["To"], read["Subject"]) == (ID, TO, message["Subject"])
    assert (folder / FILE).stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "id", ["<../../etc/passwd@x>", "<a/b@x.example>", "<.a@b>", f"<{'a' * 300}@b>"]
)
async def test_no_name_leaves_the_folder(tmp_path: Path, id: str) -> None:
    for _ in range(2):
        message = letter()
        message.replace_header("Message-ID", id)
        await MailFolder(tmp_path / "out").deliver(message)
    assert names(tmp_path) == ["out"]
    (name,) = names(tmp_path / "out")
    assert name.removesuffix(".eml").isalnum()


async def test_a_letter_without_a_message_id_is_a_fault_of_ours(tmp_path: Path) -> None:
    message = letter()
    del message["Message-ID"]
    with pytest.raises(ValueError, match="Message-ID"):
        await MailFolder(tmp_path).deliver(message)
    assert names(tmp_path) == []


async def test_a_folder_that_cannot_be_written_is_for_later(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    for sent in (
        MailFolder(tmp_path / "out").deliver(letter()),
        SmsFolder(tmp_path / "out").deliver("06 12 34 56 78", "Bonjour", "id-1"),
    ):
        with pytest.raises(Later, match="ne s'écrit pas") as caught:
            await sent
        assert caught.value.__context__ is None


async def test_a_name_that_is_taken_by_a_folder_leaves_no_half_written_file(tmp_path: Path) -> None:
    (tmp_path / FILE / "inside").mkdir(parents=True)
    with pytest.raises(Later):
        await MailFolder(tmp_path).deliver(letter())
    assert names(tmp_path) == [FILE]


async def test_a_text_message_is_one_file(tmp_path: Path) -> None:
    carrier = SmsFolder(tmp_path)
    for _ in range(2):
        assert await carrier.deliver("06 12 34 56 78", "À bientôt", "id-1") == "fichier id-1.json"
    assert names(tmp_path) == ["id-1.json"]
    assert json.loads((tmp_path / "id-1.json").read_bytes()) == {
        "to": "+33612345678",
        "text": "À bientôt",
        "id": "id-1",
    }
    with pytest.raises(Undeliverable, match="mobile"):
        await carrier.deliver("01 42 76 40 40", "À bientôt", "id-2")
    assert names(tmp_path) == ["id-1.json"]

"""E-mails left in a folder, for a town that has no mail server yet or another way of sending."""

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from adapters.whole_file import file_name, leave


class MailFolder:
    """Leaves each message as a file `.eml` named after its Message-ID, so that one which is given
    again is still one file. Nothing is ever taken away: whoever reads the folder does that."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def deliver(self, message: EmailMessage) -> str:
        """The name of the file. ValueError for a message without a Message-ID, `Later` when the
        folder cannot be written."""
        id = str(message["Message-ID"] or "").strip().removeprefix("<").removesuffix(">")
        if not id:
            raise ValueError("a message is told from another by its Message-ID")
        return await leave(self._folder, f"{file_name(id)}.eml", message.as_bytes(policy=SMTP))

"""The town's mail server, which keeps little of each message and may kill who sends it."""

from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTP as SMTP_POLICY

from tests.mail_server import MailServer


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that was taken: by which identifier, for whom, about what."""

    message_id: str
    to: str
    subject: str


class Post(MailServer):
    """Takes everything and says so. `on_arrival` is called before it says so."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Taken] = []
        self.on_arrival: Callable[[], None] = nothing

    def took(self, sender: str, to: list[str], content: bytes) -> bool:
        """Note a message; always to be said so."""
        head = message_from_bytes(content.partition(b"\r\n\r\n")[0], policy=SMTP_POLICY)
        self.taken.append(Taken(str(head["Message-ID"]), to[0], str(head["Subject"])))
        self.commands.clear()
        self.on_arrival()
        return True


def nothing() -> None:
    """What happens when a message arrives, on most days."""

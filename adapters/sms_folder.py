"""Text messages left in a folder, for a town that has no gateway yet or another way of sending."""

from pathlib import Path

import msgspec

from adapters.carriers import mobile
from adapters.whole_file import file_name, leave


class SmsFolder:
    """Leaves each message as a file `.json` named after its identifier: `to`, `text`, `id`."""

    def __init__(self, folder: Path, region: str = "FR") -> None:
        self._folder = folder
        self._region = region

    async def deliver(self, to: str, text: str, id: str) -> str:
        """The name of the file. `Undeliverable` unless `to` is a mobile, `Later` when the folder
        cannot be written."""
        content = msgspec.json.encode({"to": mobile(to, self._region), "text": text, "id": id})
        return await leave(self._folder, f"{file_name(id)}.json", content)

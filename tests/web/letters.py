"""Letters that wait, ordered through the doors."""

from typing import Any

from tests.web.conftest import Client

ADDRESS = "14 rue des Tilleuls, 77990 SAINTE-AURORE"


async def waiting(
    desk: Client, name: str = "Léa Martin", address: str = ADDRESS, **more: Any
) -> dict[str, Any]:
    """An acknowledgement that waits for its envelope, as a mailing names it."""
    usager = {"name": name, "address": address}
    made = (await desk.opened(channel="form", usager=usager, **more)).json()
    ordered = await desk.post(f"/dossiers/{made['id']}/acknowledgement-order", {}, match="*")
    assert ordered.status_code == 201, ordered.text
    return {"dossier": made["id"], "message": ordered.json()["version"]}


async def printed(desk: Client, *letters: dict[str, Any], **more: Any) -> str:
    """The identifier of a new mailing of `letters`."""
    answer = await desk.post("/mailings", {"letters": letters, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]

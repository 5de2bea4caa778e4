"""The demonstration: a town, three thousand real requests of another, and one account per role."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from guichet import catalogue_file, town_calendar
from guichet.demo.accounts import FILE
from guichet.host.installation import write_private
from guichet.house import House
from guichet.importing import mapping
from guichet.importing.load import Import, Rejects
from guichet.settings import Settings
from guichet.tokens import ISSUED, issue

HERE = Path(__file__).parent
TOWN = HERE / "ville.toml"
SAMPLE = HERE / "boston-311-sample.csv.gz"
MAPPING = HERE.parent / "mappings" / "boston-311.toml"
SERVICE = "travaux-publics"
"""The service of the demonstration's agents."""

OF_A_SERVICE = ("service_agent", "service_head")


async def load_demo(settings: Settings, say: Callable[[str], None]) -> dict[str, str]:
    """Load what is not there yet, and then make the accounts: their tokens by role. Interrupted
    anywhere, it is simply called again."""
    say("Chargement de la ville de démonstration…")
    async with House.open(settings) as house:
        await catalogue_file.load(house, TOWN)
        await town_calendar.publish(house, "metropole")
        with tempfile.TemporaryDirectory() as folder:
            rejects = Rejects(Path(folder) / "rejects.csv")
            importing = Import(house, mapping.read(MAPPING), rejects)
            count = await importing.run(SAMPLE, False, lambda count: None)
    say(f"{count.imported + count.already} demandes réelles (Boston, 2011, PDDL 1.0).")
    tokens = {
        role: issue(settings, role, SERVICE if role in OF_A_SERVICE else None)
        for role in sorted(ISSUED)
    }
    text = msgspec.json.format(msgspec.json.encode(tokens)).decode()
    write_private(settings.data / FILE, text)
    return tokens

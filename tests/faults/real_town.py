"""A real town to do harm to: started like ./run starts it, with the demonstration's catalogue."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from guichet.settings import Settings
from guichet.tokens import issue
from tests.running import Running, open_folder, within

CATALOGUE = Path(__file__).parents[2] / "guichet" / "demo" / "ville.toml"


@dataclass(frozen=True)
class RealTown:
    """A running installation, and a receptionist's token for it."""

    running: Running
    settings: Settings
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.running.port}"

    def knows_its_procedures(self) -> bool:
        """Whether the web has heard of the catalogue that was loaded beside it."""
        token = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.get(f"{self.url}/api/v1/catalogue", headers=token)
        return answer.status_code == 200 and bool(answer.json()["procedures"])

    def killed(self, word: str) -> int:
        """Kill -9 the child that has `word` in its command; the process it was."""
        victim = self.running.child(word)
        victim.kill()
        return victim.pid

    def healed(self, word: str, former: int) -> bool:
        """Whether another process has taken the place of the `former` one, and all is ready."""
        others = (child.pid != former for child in self.running.children())
        return all(others) and self.running.runs(word) and self.running.ready()


@contextmanager
def real_town() -> Generator[RealTown]:
    """Started, and stopped in good order, without anything left."""
    with open_folder() as folder:
        running = Running(folder / "data")
        try:
            assert within(40, running.ready), running.process.communicate(timeout=5)
            command = [sys.executable, "-m", "guichet.cli", "catalogue", "load", str(CATALOGUE)]
            subprocess.run([*command, "--data", str(running.data)], check=True, capture_output=True)
            settings = Settings.find(running.data)
            town = RealTown(running, settings, issue(settings, "receptionist"))
            assert within(10, town.knows_its_procedures)
            yield town
            running.stop()
        finally:
            if running.process.poll() is None:
                running.process.kill()
                running.process.wait()

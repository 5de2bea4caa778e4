"""*Clé de secours.* The installation locks its backups with one half; the other is shown once."""

from pathlib import Path

from adapters import recovery
from guichet.host.installation import write_private
from guichet.sentences import Sentence
from guichet.settings import Settings

FILE = "recovery.pub"


def shown_once(data: Path) -> None:
    """Make the pair at the first start, print the half that opens, keep the half that locks. It is
    printed before anything is kept: whoever stops in between is shown another one next time."""
    if (data / FILE).exists():
        return
    private, public = recovery.fresh()
    print(presented(private), flush=True)
    keep(data, public)


def presented(private: str) -> str:
    """The half that opens, as it is shown to whoever shall keep it."""
    return (
        "CLÉ DE SECOURS, montrée une seule fois : notez-la et gardez-la hors de cette machine, "
        f"sans elle aucune sauvegarde ne se restaure : {private}"
    )


def keep(data: Path, public: bytes) -> None:
    """Keep the half that locks."""
    write_private(data / FILE, public.hex())


def public_half(settings: Settings) -> bytes:
    """The half that locks: the installation's file, else what the environment gave; `Sentence` when
    there is none."""
    file = settings.data / FILE
    try:
        public = bytes.fromhex(file.read_text() if file.exists() else settings.recovery_public)
    except ValueError:
        public = b""
    if len(public) != 32:
        raise Sentence(
            "Cette installation n'a pas de clé de secours : arrêtez et relancez ./run, qui en fait "
            "une et la montre une fois (en conteneurs : guichet installation env)."
        )
    return public

"""The settings of an installation as environment variables, for containers and their `.env`.

GUICHET_TOWN, GUICHET_ZONE, GUICHET_MASTER_KEY; GUICHET_NATS_URL and GUICHET_NATS_MONITOR (of one
broker, or of three with commas between), GUICHET_NATS_REPLICAS (how many brokers keep each stream:
1 or 3), GUICHET_NATS_<USER>_PASSWORD; GUICHET_POSTGRES_HOST, GUICHET_POSTGRES_PORT and
GUICHET_POSTGRES_<ROLE>_PASSWORD; GUICHET_HOST, GUICHET_PORT, GUICHET_TLS_CERT, GUICHET_TLS_KEY,
GUICHET_TRUSTED_PROXY (addresses or networks, separated by spaces), GUICHET_LEAST_FREE (mebibytes),
GUICHET_RECOVERY_PUBLIC (the half of the recovery key that locks); GUICHET_SMTP (host:port),
GUICHET_SMTP_SECURITY, GUICHET_SMTP_USER, GUICHET_SMTP_PASSWORD (the town's mail server);
GUICHET_SMS_GATEWAY, GUICHET_SMS_TOKEN, GUICHET_SMS_SENDER (its SMS gateway); GUICHET_LETTERS (the
folder of its templates), GUICHET_TRAINING (1: messages end in a folder).
A process needs the passwords of those it acts as, and no other.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from adapters.embedded_postgres_server import fresh_passwords
from adapters.postgres_roles import ROLES, SUPERUSER, conninfo
from guichet.host.disk import ENOUGH
from guichet.host.town import TOWN, ZONE, check_town
from guichet.sentences import Sentence

USERS = ("steward", "writer", "projector", "keys", "backup")
"""Whom the broker knows, each with rights of its own (guichet/config/nats.conf)."""


ROUTE = "route"
"""As whom brokers of a cluster know each other; no process of ours acts as it."""


class NotGiven(Sentence):
    """A process asks for a password it was not given."""


class Given(dict[str, str]):
    """What a process was given of a server, by the name it acts as there."""

    def __init__(self, server: str, found: Mapping[str, str]) -> None:
        super().__init__(found)
        self._server = server

    def __missing__(self, name: str) -> str:
        raise NotGiven(f"Il manque ici la variable {variable(self._server, name)}.")


def described(variables: Mapping[str, str]) -> dict[str, Any] | None:
    """What the variables say of an installation, shaped like its file; None when they say
    nothing."""
    url = variables.get("GUICHET_NATS_URL")
    if not url:
        return None
    host = variables.get("GUICHET_POSTGRES_HOST", "127.0.0.1")
    port = variables.get("GUICHET_POSTGRES_PORT", "5432")
    words = passwords(variables, "POSTGRES", (SUPERUSER, *ROLES))
    return {
        "town": variables.get("GUICHET_TOWN") or TOWN,
        "zone": variables.get("GUICHET_ZONE") or ZONE,
        "nats_url": url,
        "nats_monitor": variables.get("GUICHET_NATS_MONITOR", ""),
        "nats_replicas": variables.get("GUICHET_NATS_REPLICAS") or None,
        "nats_passwords": passwords(variables, "NATS", USERS),
        "postgres": {role: conninfo(role, word, host, port) for role, word in words.items()},
        "host": variables.get("GUICHET_HOST") or "127.0.0.1",
        "port": variables.get("GUICHET_PORT") or "8311",
        "tls_cert": variables.get("GUICHET_TLS_CERT", ""),
        "tls_key": variables.get("GUICHET_TLS_KEY", ""),
        "trusted_proxies": variables.get("GUICHET_TRUSTED_PROXY", "").split(),
        "least_free": variables.get("GUICHET_LEAST_FREE") or str(ENOUGH),
        "recovery_public": variables.get("GUICHET_RECOVERY_PUBLIC", ""),
        "smtp": variables.get("GUICHET_SMTP", ""),
        "smtp_security": variables.get("GUICHET_SMTP_SECURITY", ""),
        "smtp_user": variables.get("GUICHET_SMTP_USER", ""),
        "smtp_password": variables.get("GUICHET_SMTP_PASSWORD", ""),
        "sms_gateway": variables.get("GUICHET_SMS_GATEWAY", ""),
        "sms_token": variables.get("GUICHET_SMS_TOKEN", ""),
        "sms_sender": variables.get("GUICHET_SMS_SENDER", ""),
        "letters": variables.get("GUICHET_LETTERS") or None,
        "training": variables.get("GUICHET_TRAINING") or "0",
    }


def passwords(variables: Mapping[str, str], server: str, names: tuple[str, ...]) -> dict[str, str]:
    """The passwords that were given, by name."""
    found = {name: variables.get(variable(server, name)) for name in names}
    return {name: word for name, word in found.items() if word}


def variable(server: str, name: str) -> str:
    """The variable that holds a password."""
    return f"GUICHET_{server}_{name.upper()}_PASSWORD"


def fresh(town: str, zone: str, recovery_public: bytes) -> str:
    """The content of a new `.env`: the town, secrets nobody else has, and the half of the recovery
    key that locks."""
    check_town(town, zone)
    lines = {
        "GUICHET_TOWN": town,
        "GUICHET_ZONE": zone,
        "GUICHET_MASTER_KEY": secrets.token_hex(32),
        "GUICHET_RECOVERY_PUBLIC": recovery_public.hex(),
    }
    for server, names in (("NATS", (*USERS, ROUTE)), ("POSTGRES", (SUPERUSER, *ROLES))):
        lines |= {variable(server, name): word for name, word in fresh_passwords(*names).items()}
    return "\n".join(f"{name}={value}" for name, value in lines.items())

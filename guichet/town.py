"""The town of an installation where nothing else is said."""

TOWN = "ville"
ZONE = "Europe/Paris"

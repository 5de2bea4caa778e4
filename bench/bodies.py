"""The requests of the bench: what a receptionist writes down, each with words of its own."""

import os

import msgspec

PROCEDURE = "velo-abandonne"
"""Whose service is not the one whose queue is measured."""

NUMBER = b"0123456789ab"
"""Stands in the bytes where twelve digits make a body unlike any other."""

SUMMARY = (
    "Un vélo sans roue avant est attaché depuis trois semaines à la grille du square, "
    "côté rue des Lilas ; réf. 0123456789ab"
)


def body() -> bytes:
    """The body of a request, `NUMBER` in its place."""
    return msgspec.json.encode(
        {
            "procedure": PROCEDURE,
            "channel": "phone",
            "summary": SUMMARY,
            "usager": {"name": "Jeanne 0123456789ab", "phone": "06 12 34 56 78"},
            "place": {
                "label": "12, rue des Lilas",
                "district": "Centre",
                "latitude": 48.8915,
                "longitude": 2.4047,
            },
        }
    )


class Requests:
    """Whole HTTP requests, ready to be written to a line, no two of them alike."""

    def __init__(self, token: str) -> None:
        content = body()
        head = (
            "POST /api/v1/dossiers HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\nIdempotency-Key: "
        )
        self._pieces = (head.encode() + NUMBER + b"\r\n\r\n" + content).split(NUMBER)

    def next(self) -> bytes:
        """One more."""
        return os.urandom(6).hex().encode().join(self._pieces)

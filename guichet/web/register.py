"""*Registre du courrier.* The page on which the letters of a day are entered from the keyboard.

It knows nobody and holds nothing: its script asks once for the API token of a receptionist, keeps
it in the tab and speaks to `/api/v1` like any other client. The sign-in of agents replaces that
token when there is one; nothing else of the page depends on it.
"""

from pathlib import Path

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Response

from guichet.web.problems import Problem

PAGES = Path(__file__).parent / "pages"
PAGE = (PAGES / "register.html").read_bytes()
TYPES = {".css": "text/css", ".js": "text/javascript"}
FILES = {file.name: file.read_bytes() for file in PAGES.glob("register*") if file.suffix in TYPES}
"""What the page is made of, by name: nothing else of the disk can be asked for."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
"""Only our own files run, and speak to our own address alone; a script that would write markup is
stopped by the browser."""


@get("/courrier", include_in_schema=False)
async def show() -> Response[bytes]:
    """The page, the same for everybody."""
    return Response(PAGE, headers=HEADERS, media_type="text/html")


@get("/courrier/{name:str}", include_in_schema=False)
async def file(name: FromPath[str]) -> Response[bytes]:
    """A file of the page; 404 for any other name."""
    content = FILES.get(name)
    if content is None:
        raise Problem(404, "not-found", "Il n'y a rien à cette adresse.")
    return Response(content, headers=HEADERS, media_type=TYPES[Path(name).suffix])


routes: list[HTTPRouteHandler] = [show, file]

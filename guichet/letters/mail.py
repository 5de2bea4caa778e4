"""Letters by e-mail: text and HTML of the same phrases, without a picture or anything remote."""

import re
from collections.abc import Iterable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import urlsplit

from jinja2 import DictLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from guichet.letters.content import AnyLetter
from guichet.letters.mentions import check
from guichet.letters.phrases import Phrases, phrases_of
from guichet.letters.press import UnusableTemplate
from guichet.letters.template_files import Templates
from guichet.letters.words import Line
from guichet.letters.writing import one_line
from guichet.sentences import Sentence

MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""What can be written to without SMTPUTF8."""

FAULTS = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError)
"""What a template can do wrong when it is rendered."""


class UnusableAddress(Sentence):
    """An address nothing can be sent to or from."""


class UnusableLink(Sentence):
    """A tracking address that is none: a link could do anything."""


class Mailer:
    """Writes the e-mails of a town with its templates: `KIND.txt` and `KIND.html`."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        sources = {
            name: decoded(name, file)
            for name, file in templates.files.items()
            if name.endswith((".txt", ".html"))
        }
        self._names = sources.keys()
        self._environment = SandboxedEnvironment(
            loader=DictLoader(sources),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def written(self, letter: AnyLetter, *, sender: str, to: str, message_id: str) -> EmailMessage:
        """`letter` from the address `sender` to the address `to`, under the `message_id` of the
        caller, with its angle brackets. Refused as on paper, by each of its two parts."""
        words = self._templates.words(letter.language)
        phrases = phrases_of(letter, words)
        must_be_link(letter.url)
        if not MESSAGE_ID.fullmatch(message_id):
            raise UnusableAddress("L'identifiant du message n'a pas la forme <unique@domaine>.")
        message = EmailMessage(policy=SMTP)
        message["Message-ID"] = message_id
        message["Date"] = letter.town.local(letter.written_at)
        message["From"] = mailbox(sender, letter.town.name)
        message["To"] = mailbox(to)
        if letter.service.email:
            message["Reply-To"] = mailbox(letter.service.email, letter.service.name)
        message["Subject"] = " – ".join(map(flat, (*phrases["training"], *phrases["subject"])))
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self._text(letter, phrases, words.direction))
        message.add_alternative(
            self._rendered(letter, phrases, "html", words.direction), subtype="html"
        )
        message["Content-Language"] = letter.language  # last: a new content takes it away
        return message

    def text(self, letter: AnyLetter) -> str:
        """The words of `letter` alone, refused as `written` refuses them."""
        words = self._templates.words(letter.language)
        return self._text(letter, phrases_of(letter, words), words.direction)

    def _text(self, letter: AnyLetter, phrases: Phrases, direction: str) -> str:
        text = re.sub(r"\n{3,}", "\n\n", self._rendered(letter, phrases, "txt", direction))
        return text.strip() + "\n"

    def _rendered(self, letter: AnyLetter, phrases: Phrases, form: str, direction: str) -> str:
        name = f"{letter.kind}.{form}"
        if name not in self._names:
            raise UnusableTemplate(f"Aucun modèle {name} : ce courrier ne part pas par courriel.")
        says = SaysHtml(phrases) if form == "html" else Says(phrases)
        try:
            rendered = self._environment.get_template(name).render(
                say=says.say,
                paragraphs=says.paragraphs,
                items=says.items,
                has=says.has,
                url=letter.url,
                accent=letter.town.accent,
                language=letter.language,
                direction=direction,
            )
        except FAULTS as error:
            raise UnusableTemplate(f"Le modèle {name} ne peut pas servir : {error}") from error
        check(letter, says.said)
        return rendered


class Says:
    """What a template places phrases with; it remembers which ones were `said`."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases
        self.said: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether there is anything to say."""
        return bool(self._lines(name))

    def say(self, name: str) -> str:
        """The lines of a phrase, one under the other."""
        return self._joined(name, "\n")

    def paragraphs(self, name: str) -> str:
        """The lines of a phrase, each a paragraph."""
        return self._joined(name, "\n\n")

    def items(self, name: str) -> str:
        """The lines of a phrase as a list."""
        return "\n".join(f"- {line}" for line in map(flat, self._placed(name)))

    def _joined(self, name: str, between: str) -> str:
        return between.join(map(flat, self._placed(name)))

    def _placed(self, name: str) -> tuple[Line, ...]:
        lines = self._lines(name)
        if lines:
            self.said.add(name)
        return lines

    def _lines(self, name: str) -> tuple[Line, ...]:
        if name not in self._phrases:
            raise TemplateError(f"la phrase « {name} » n'existe pas")
        return self._phrases[name]


class SaysHtml(Says):
    """The same in HTML, escaped."""

    def say(self, name: str) -> str:
        """Lines separated by `<br>`."""
        return Markup("<br>").join(map(marked, self._placed(name)))

    def paragraphs(self, name: str) -> str:
        """One `<p>` a line."""
        return wrapped("p", self._placed(name))

    def items(self, name: str) -> str:
        """One `<li>` a line, for the template's own `<ul>`."""
        return wrapped("li", self._placed(name))


def decoded(name: str, file: bytes) -> str:
    """A template as text; `UnusableTemplate` when it is not in UTF-8."""
    try:
        return file.decode()
    except UnicodeDecodeError:
        raise UnusableTemplate(f"Le modèle {name} n'est pas écrit en UTF-8.") from None


def flat(line: Line) -> str:
    """A line as text."""
    return "".join(part.text for part in line)


def marked(line: Line) -> Markup:
    """A line as HTML, what stands out in `<strong>`."""
    strong = Markup("<strong>{}</strong>")
    return Markup("").join(
        strong.format(part.text) if part.strong else escape(part.text) for part in line
    )


def wrapped(tag: str, lines: Iterable[Line]) -> Markup:
    """Each line in an element."""
    return Markup("\n").join(Markup("<{0}>{1}</{0}>").format(tag, marked(line)) for line in lines)


def must_be_link(url: str) -> None:
    """Refuse with `UnusableLink` what is no address of a page."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise UnusableLink("L'adresse de suivi doit commencer par https://.")


def mailbox(address: str, name: str = "") -> Address:
    """An address with a name to show; `UnusableAddress` for what is none."""
    if not ADDRESS.fullmatch(address):
        raise UnusableAddress("L'adresse électronique n'est pas valable.")
    return Address(display_name=one_line(name), addr_spec=address)

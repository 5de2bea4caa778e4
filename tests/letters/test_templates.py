"""A town's own letters: its templates and words instead of ours, its language beside them."""

import shutil
from datetime import date
from pathlib import Path

import msgspec
import pytest

from guichet.letters.content import Remedy, Town
from guichet.letters.mail import Mailer
from guichet.letters.press import Press, UnusableTemplate
from guichet.letters.template_files import SHIPPED, NoSuchFolder, Templates
from guichet.letters.words import UnusableWords
from tests.letters.reading import texts
from tests.letters.samples import ANSWER, PROGRESS, REFUSABLE
from tests.letters.test_mail import parts, sent


@pytest.fixture
def words(tmp_path: Path) -> Path:
    (tmp_path / "words").mkdir()
    return tmp_path / "words"


def test_a_town_changes_one_template_and_keeps_the_others(tmp_path: Path) -> None:
    ours = (SHIPPED / "progress.typ").read_text()
    (tmp_path / "progress.typ").write_text(
        ours.replace('paragraph("greeting")', "par[Chère habitante, cher habitant,]")
    )
    press = Press(Templates(tmp_path))
    assert "Chère habitante" in texts(press.printed(PROGRESS))[0]
    assert "Madame, Monsieur" in texts(press.printed(ANSWER))[0]


def test_a_town_changes_the_paper_of_all_its_letters(tmp_path: Path) -> None:
    ours = (SHIPPED / "paper.typ").read_text()
    (tmp_path / "paper.typ").write_text(ours.replace("join([ · ])", "join([ | ])"))
    press = Press(Templates(tmp_path))
    for letter in (PROGRESS, ANSWER):
        assert "Ville de Sainte-Aurore | 1 place" in texts(press.printed(letter))[0]


def test_a_town_changes_one_phrase_everywhere(tmp_path: Path, words: Path) -> None:
    (words / "fr.toml").write_text('[words]\nkeep = "À garder !"\ngreeting = "Bonjour,"\n')
    templates = Templates(tmp_path)
    assert "Bonjour, Votre demande" in texts(Press(templates).printed(PROGRESS))[0]
    for part in parts(sent(Mailer(templates), PROGRESS)):
        assert "Bonjour," in part
        assert "Nous vous donnerons des nouvelles" in part


def test_a_town_changes_an_email(tmp_path: Path) -> None:
    (tmp_path / "progress.html").write_text(
        '<p>{{ say("recalls") }}</p>{{ paragraphs("text") }}<p>{{ say("next_step") }}</p>'
    )
    text, html = parts(sent(Mailer(Templates(tmp_path)), PROGRESS))
    assert html.startswith("<p>Votre demande nous est parvenue le <strong>mardi")
    assert "Suivez votre demande" in text


def test_a_language_is_one_translated_file(tmp_path: Path, words: Path) -> None:
    ours = (SHIPPED / "words" / "en.toml").read_text()
    (words / "sco.toml").write_text(ours.replace("Dear Sir or Madam,", "Guid day tae ye,"))
    press = Press(Templates(tmp_path))
    letter = msgspec.structs.replace(PROGRESS, language="sco")
    assert "Guid day tae ye," in texts(press.printed(letter))[0]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('received = "Nous avons bien reçu votre demande."', r"« received ».*\{received_on\}"),
        ('received = "Reçue le {received_on}, {reference}"', r"« received »"),
        ('keep = "Gardez {code}"', "« keep », sans valeur"),
        ('keep = "Gardez {"', "illisibles"),
        ("keep = 3", "illisibles"),
        ("keep = ", "illisibles"),
    ],
)
def test_words_that_lose_a_value_are_refused(
    tmp_path: Path, words: Path, line: str, sentence: str
) -> None:
    (words / "fr.toml").write_text(f"[words]\n{line}\n")
    with pytest.raises(UnusableWords, match=sentence):
        Templates(tmp_path)


def test_a_half_translated_language_is_refused(tmp_path: Path, words: Path) -> None:
    lines = (SHIPPED / "words" / "en.toml").read_text().splitlines()
    (words / "es.toml").write_text(
        "\n".join(line for line in lines if not line.startswith("refusal"))
    )
    with pytest.raises(UnusableWords, match="« refusal »"):
        Templates(tmp_path)


def test_a_template_that_does_not_compile_is_told(tmp_path: Path) -> None:
    (tmp_path / "answer.typ").write_text('#let body(letter) = say(letter, "reponse")')
    with pytest.raises(UnusableTemplate, match="modèle de courrier"):
        Press(Templates(tmp_path)).printed(ANSWER)
    (tmp_path / "answer.txt").write_text('{{ say("reponse") }}')
    with pytest.raises(UnusableTemplate, match=r"answer\.txt.*« reponse »"):
        sent(Mailer(Templates(tmp_path)), ANSWER)


@pytest.mark.parametrize("fault", ["{{ 1 / 0 }}", "{{ say() }}", "{% if %}", "{{ absent }}"])
def test_an_email_template_that_goes_wrong_is_told(tmp_path: Path, fault: str) -> None:
    (tmp_path / "answer.txt").write_text(fault)
    with pytest.raises(UnusableTemplate, match=r"answer\.txt"):
        sent(Mailer(Templates(tmp_path)), ANSWER)
    (tmp_path / "answer.txt").write_bytes("réponse".encode("latin-1"))
    with pytest.raises(UnusableTemplate, match="UTF-8"):
        Mailer(Templates(tmp_path))


def test_a_template_sees_nothing_of_the_machine(tmp_path: Path) -> None:
    secret = tmp_path.parent / "secret.txt"
    secret.write_text("secret")
    shutil.copy(SHIPPED / "progress.typ", tmp_path)
    for path in (str(secret), f"../{secret.name}", "/etc/hostname"):
        with (tmp_path / "progress.typ").open("a") as file:
            file.write(f'\n#let stolen = read("{path}")\n')
        with pytest.raises(UnusableTemplate):
            Press(Templates(tmp_path)).printed(PROGRESS)
    (tmp_path / "progress.txt").write_text("{{ say.__func__.__globals__ }}")
    with pytest.raises(UnusableTemplate):
        sent(Mailer(Templates(tmp_path)), PROGRESS)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoSuchFolder, match="n'existe pas"):
        Templates(tmp_path / "absent")


def test_dates_and_spans_are_written_as_each_language_does() -> None:
    templates = Templates()
    said = {
        language: (
            templates.words(language).day(date(2027, 8, 1)).replace("\u00a0", " "),
            *(templates.words(language).span(months) for months in (1, 2, 4)),
        )
        for language in templates.languages
    }
    assert said == {
        "fr": ("dimanche 1er août 2027", "un mois", "deux mois", "4 mois"),
        "en": ("Sunday 1 August 2027", "one month", "two months", "4 months"),
        "ar": ("الأحد 1 أغسطس 2027", "شهر واحد", "شهرين", "4 أشهر"),
    }


def test_moments_are_written_on_the_clocks_of_the_town() -> None:
    reunion = Town(name="Saint-Exemple", address=("97400",), zone="Indian/Reunion")
    letter = msgspec.structs.replace(REFUSABLE, town=reunion)
    text = texts(Press(Templates()).printed(letter))[0]
    assert "reçu votre demande le mardi 24 novembre 2026" in text
    assert reunion.local(letter.received_at).hour == 3
    with pytest.raises(ValueError, match="zone"):
        reunion.local(letter.received_at.replace(tzinfo=None))


def test_a_remedy_has_a_time_limit() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"kind": "court", "before": "le tribunal", "months": 0}, Remedy)

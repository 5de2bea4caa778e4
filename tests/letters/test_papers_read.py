"""Letters on paper, as their reader meets them: what each kind says, in its order."""

from datetime import date

from guichet.letters.press import Press
from tests.letters.reading import texts
from tests.letters.samples import ACCEPTABLE, ANSWER, ATTESTATION, FORWARDING, PROGRESS, REFUSABLE
from tests.letters.test_paper import changed, in_order


def test_an_acknowledgement_is_read_in_the_order_of_a_letter(press: Press) -> None:
    (text,) = texts(press.printed(REFUSABLE))
    assert in_order(
        text,
        "Ville de Sainte-Aurore",
        "Travaux publics et éclairage",
        "14 rue des Tilleuls",
        "01 99 00 12 34",
        "travaux@sainte-aurore.example",
        "Madame Éléonore Vasseur-Lefèvre",
        "77990 SAINTE-AURORE",
        "Référence 2026-004217",
        "Le mercredi 25 novembre 2026",
        "Accusé de réception de votre demande",
        "reçu votre demande le mardi 24 novembre 2026",  # after midnight in the town's zone
        "au plus tard le jeudi 24 décembre 2026",
        "Le lampadaire devant le 27 bis",
        "réputée rejetée le dimanche 24 janvier 2027",
        "devant le maire de Sainte-Aurore, dans un délai de deux mois",
        "devant le tribunal administratif de Melun, dans un délai de deux mois",
        "saisir gratuitement la médiatrice",
        "Code de suivi K7QPM-3X9TZ-4W2A",
        "9f2c 71d4",
        "page 1 sur 1",
    )
    assert "attestation" not in text
    assert "manque" not in text


def test_a_request_that_will_be_deemed_accepted_has_other_mentions(press: Press) -> None:
    (text,) = texts(press.printed(ACCEPTABLE))
    assert in_order(
        text,
        "Il nous manque",
        "Une attestation d'assurance en cours de validité",
        "au plus tard le mardi 15 décembre 2026",
        "ne court qu’à compter de leur réception",
        "réputée acceptée le lundi 1er février 2027",
        "attestation de cette acceptation (article L232-3",
    )
    assert "recours" not in text


def test_an_answer_says_who_signs_and_what_can_be_done(press: Press) -> None:
    (text,) = texts(press.printed(ANSWER))
    assert in_order(
        text,
        "Réponse à votre demande",
        "n’a pas pu recevoir de suite favorable",
        "appartient à la copropriété",
        "Nous avons prévenu le syndic",
        "contester cette décision, à compter du jour où vous la recevez",
        "Camille Durand",
    )


def test_progress_tells_the_date_of_the_next(press: Press) -> None:
    (text,) = texts(press.printed(PROGRESS))
    assert in_order(text, "La pièce de rechange", "au plus tard le jeudi 10 décembre 2026")


def test_news_say_that_the_answer_is_announced_for_another_day(press: Press) -> None:
    (text,) = texts(press.printed(changed(PROGRESS, answer_by=date(2026, 12, 20))))
    assert in_order(text, "désormais annoncée pour le dimanche 20 décembre 2026", "jeudi 10")
    assert "désormais" not in texts(press.printed(PROGRESS))[0]


def test_what_is_planned_says_for_when_and_until_when_to_say_no(press: Press) -> None:
    planned = changed(
        ANSWER,
        outcome="planned",
        remedies=(),
        planned_for=date(2027, 1, 8),
        contest_until=date(2027, 1, 25),
    )
    (text,) = texts(press.printed(planned))
    assert in_order(
        text,
        "sa réalisation est prévue",
        "La réalisation est annoncée pour le vendredi 8 janvier 2027",
        "Vous pouvez le demander jusqu’au lundi 25 janvier 2027",
        "auprès du service : votre dossier est alors rouvert",
    )


def test_a_forwarding_names_the_authority_and_says_why(press: Press) -> None:
    (text,) = texts(press.printed(FORWARDING))
    assert in_order(
        text,
        "Votre demande a été transmise",
        "à la communauté d'agglomération du Val d'Aurore",
        "L114-2",
        "L'éclairage de cette avenue lui appartient.",
        "jusqu’à ce qu’elle ait répondu",
        "au plus tard le jeudi 24 décembre 2026",
    )


def test_an_attestation_says_what_was_accepted_and_leads_nowhere(press: Press) -> None:
    (text,) = texts(press.printed(ATTESTATION))
    assert in_order(
        text,
        "Attestation d’acceptation implicite",
        "parvenue le mardi 24 novembre 2026 : Autorisation de terrasse",
        "Demandeur : Madame Éléonore Vasseur-Lefèvre",
        "acceptée depuis le lundi 25 janvier 2027",
        "article L231-1",
        "L232-3",
        "Camille Durand",
    )
    assert ATTESTATION.code not in text
    assert "suivi/" not in text

"""What all tests of letters share: the shipped templates, read once."""

import pytest

from guichet.letters.mail import Mailer
from guichet.letters.press import Press
from guichet.letters.template_files import Templates


@pytest.fixture(scope="session")
def press() -> Press:
    return Press(Templates())


@pytest.fixture(scope="session")
def mailer() -> Mailer:
    return Mailer(Templates())

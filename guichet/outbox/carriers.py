"""Which carriers the installation sends by."""

from adapters.carriers import MailCarrier, SmsCarrier, is_near
from adapters.mail_folder import MailFolder
from adapters.sms_folder import SmsFolder
from adapters.sms_http import HttpSms
from adapters.smtp_carrier import SmtpCarrier
from guichet.settings import Settings

EXERCISES = "exercices"
"""The folder of `data` in which the messages of a training town lie."""


def mail_carrier(settings: Settings) -> MailCarrier | None:
    """The town's mail server; a folder while people are trained; None where there is neither."""
    if settings.training:
        return MailFolder(settings.data / EXERCISES)
    if not settings.smtp:
        return None
    host, _, port = settings.smtp.rpartition(":")
    return SmtpCarrier(
        host,
        int(port),
        security=settings.smtp_security or ("none" if is_near(host) else "starttls"),
        user=settings.smtp_user or None,
        password=settings.smtp_password or None,
    )


def sms_carrier(settings: Settings) -> SmsCarrier | None:
    """The town's SMS gateway; a folder while people are trained; None where there is neither."""
    if settings.training:
        return SmsFolder(settings.data / EXERCISES)
    if not settings.sms_gateway:
        return None
    return HttpSms(settings.sms_gateway, settings.sms_token, settings.sms_sender)

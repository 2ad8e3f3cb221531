"""A message as an e-mail: plain text, and HTML with its styles inline, for every reader."""

from __future__ import annotations

import html
import re
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from fulfilltools.errors import DeliveryError, SettingsError
from fulfilltools.report.page import filters
from fulfilltools.templates import templates

if TYPE_CHECKING:
    from fulfilltools.delivery.content import Content

SECONDS = 30
TYPES = {
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".html": ("text", "html"),
    ".pdf": ("application", "pdf"),
}


@dataclass(frozen=True)
class Mail:
    """One e-mail to all receivers of a route."""

    content: Content
    server: str = field(repr=False)
    receivers: tuple[str, ...]
    sender: str | None

    @property
    def key(self) -> str:
        """What is noted once it was sent."""
        return f"email {self.content.key}"

    def __str__(self) -> str:
        names = ", ".join(self.content.files) or "nothing"
        return (
            f"E-mail to {', '.join(self.receivers)}\nSubject: {self.content.subject}\n"
            f"Attached: {names}\n\n{self.content.text}"
        )

    def message(self) -> EmailMessage:
        """Build the mail: multipart, with what is attached.

        Raises SettingsError when an address cannot be one.
        """
        mail = EmailMessage()
        sender = self.sender or unquote(urlsplit(self.server).username or "")
        if "@" not in sender:
            raise SettingsError("Mails need a sender. Set email_from in [delivery].")
        try:
            mail["From"], mail["To"] = sender, ", ".join(self.receivers)
        except ValueError as error:
            raise SettingsError("An address in [delivery] is not one. Mend it.") from error
        mail["Subject"] = self.content.subject
        mail["Date"] = format_datetime(datetime.now(UTC))
        name = re.sub(r"[^\w.-]+", ".", self.key)
        mail["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        if self.content.is_failure:
            mail["X-Priority"] = "1"
        mail.set_content(self.content.text)
        mail.add_alternative(mail_html(self.content), subtype="html")
        for file, content in self.content.files.items():
            main, sub = TYPES[file[file.rindex(".") :]]
            mail.add_attachment(content, maintype=main, subtype=sub, filename=file)
        return mail

    def send(self) -> None:
        """Hand the mail to the server. Raises DeliveryError, without any address in it."""
        address = urlsplit(self.server)
        kinds = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
        if address.scheme not in kinds or not address.hostname:
            raise SettingsError(
                "FULFILLTOOLS_SMTP_URL is no mail server. Write smtp://user:password@host:587."
            )
        mail, port = self.message(), address.port or kinds[address.scheme]
        secure = ssl.create_default_context()
        try:
            if address.scheme == "smtps":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    address.hostname, port, timeout=SECONDS, context=secure
                )
            else:
                server = smtplib.SMTP(address.hostname, port, timeout=SECONDS)
            with server:
                if address.scheme == "smtp":
                    server.starttls(context=secure)
                if address.username:
                    server.login(unquote(address.username), unquote(address.password or ""))
                refused = server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryError(
                f"The mail server {address.hostname}:{port} did not take the mail: "
                f"{_reason(error)}. Check FULFILLTOOLS_SMTP_URL and try `fulfilltools deliver`."
            ) from error
        if refused:
            raise DeliveryError(
                f"The mail server {address.hostname} refused {len(refused)} of "
                f"{len(self.receivers)} receivers. Check the addresses in [delivery]."
            )


def mail_html(content: Content) -> str:
    """Render the mail's HTML; its styles are inline, because mail readers drop all others."""
    voice = content.voice
    environment = templates("delivery", voice.language, filters(voice))
    return environment.get_template("mail.html.j2").render(it=content)


def _reason(error: Exception) -> str:
    """Say why without the server's own words, which may hold addresses."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    return (
        html.escape(error.strerror or "")
        if isinstance(error, OSError) and error.strerror
        else type(error).__name__
    )

"""E-mail through the town's own mail server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from maas.notify.channels import TIMEOUT_S, Later, Letter, Outcome, Refused, Sent
from maas.notify.gateways import with_link

PERMANENT = 500


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends by the server of an smtp(s)://name:password@host:port address."""

    url: str
    sender: str

    async def send(self, letter: Letter) -> Outcome:
        """See ``maas.notify.channels.Sender``."""
        server = urlsplit(self.url)
        try:
            await aiosmtplib.send(
                self._written(letter),
                hostname=server.hostname,
                port=server.port,
                username=unquote(server.username) if server.username else None,
                password=unquote(server.password) if server.password else None,
                use_tls=server.scheme == "smtps",
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _answer(max(each.code for each in error.recipients))
        except aiosmtplib.SMTPResponseException as error:
            return _answer(error.code)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Later(f"mail server: {type(error).__name__}")
        except (ValueError, MessageError) as error:
            return Refused(f"no address for a letter: {type(error).__name__}")
        return Sent()

    def _written(self, letter: Letter) -> EmailMessage:
        """Return the letter; its Message-ID follows from the key, so a repeat can be seen."""
        mail, message = EmailMessage(), letter.message
        mail["From"], mail["To"], mail["Subject"] = self.sender, letter.address, message.subject
        domain = self.sender.rpartition("@")[2].rstrip(">") or "localhost"
        mail["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = letter.language
        mail.set_content(f"{with_link(message.full, letter)}\n\n-- \n{message.signed}\n")
        return mail


def _answer(code: int) -> Outcome:
    why = f"mail server: {code}"
    return Refused(why) if code >= PERMANENT else Later(why)

"""Each channel takes a message over once, and says truly what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import Message as Mime
from email.policy import default

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from maas.notify.channels import Later, Letter, Refused, Sent
from maas.notify.compose import Message
from maas.notify.gateways import Gateway, Line, new_client
from maas.notify.mail import Mail
from tests.maas.notify.fake_gateway import FakeGateway, fake_gateway

pytestmark = pytest.mark.anyio
MESSAGE = Message("件名", "漢字の文です。", "かんじのぶんです。", "短い文", "町 電話000")
LETTER = Letter("moved:b1:2", "rider@example.test", "ja", MESSAGE)


@dataclass(slots=True)
class MailServer:
    """A real SMTP server on loopback; `answers` are given to the next letters."""

    port: int = 0
    mails: list[Mime] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 -- the name the library calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if self.recipients:
            return self.recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 -- the name the library calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server that keeps what it is given."""
    kept = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(kept, loop=loop), "127.0.0.1", 0)
    kept.port = server.sockets[0].getsockname()[1]
    yield kept
    server.close()


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    """A gateway on loopback."""
    with fake_gateway() as found:
        yield found


def mail(server: MailServer) -> Mail:
    return Mail(f"smtp://127.0.0.1:{server.port}", "Kibi <desk@kibi.test>")


async def test_a_letter_arrives_as_written(mail_server: MailServer) -> None:
    assert await mail(mail_server).send(LETTER) == Sent()
    assert await mail(mail_server).send(LETTER) == Sent()

    first, again = mail_server.mails
    assert (first["From"], first["To"], first["Subject"]) == (
        "Kibi <desk@kibi.test>", "rider@example.test", "件名",
    )  # fmt: skip
    assert "漢字の文です。" in first.get_content()  # type: ignore[attr-defined]
    assert "町 電話000" in first.get_content()  # type: ignore[attr-defined]
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Message-ID"].endswith("@kibi.test>")


async def test_another_key_is_another_letter(mail_server: MailServer) -> None:
    await mail(mail_server).send(LETTER)
    await mail(mail_server).send(Letter("moved:b1:3", "rider@example.test", "ja", MESSAGE))

    assert len({each["Message-ID"] for each in mail_server.mails}) == 2


@pytest.mark.parametrize("where", ["answers", "recipients"])
async def test_a_mail_server_may_say_later_or_never(mail_server: MailServer, where: str) -> None:
    getattr(mail_server, where).extend(["451 busy", "550 no such user"])

    assert await mail(mail_server).send(LETTER) == Later("mail server: 451")
    assert await mail(mail_server).send(LETTER) == Refused("mail server: 550")


async def test_a_mail_server_that_is_away_is_tried_again(mail_server: MailServer) -> None:
    away = Mail("smtp://127.0.0.1:1", "desk@kibi.test")

    assert isinstance(await away.send(LETTER), Later)


@pytest.mark.parametrize("address", ["a@b.test\nBcc: c@d.test", "a@b.test\r\nRCPT TO:<c@d.test>"])
async def test_an_address_cannot_add_lines_to_a_letter(
    mail_server: MailServer, address: str
) -> None:
    outcome = await mail(mail_server).send(Letter("k", address, "ja", MESSAGE))

    assert isinstance(outcome, Refused)
    assert "d.test" not in outcome.why
    assert mail_server.mails == []


async def test_a_gateway_gets_the_key_the_number_and_the_words(gateway: FakeGateway) -> None:
    async with new_client() as client:
        for channel in ("sms", "voice"):
            way = Gateway(f"{gateway.url}/send", "secret", channel, client)
            assert await way.send(Letter(f"k-{channel}", "0000000001", "ja", MESSAGE)) == Sent()

    assert gateway.posts == [
        {"key": "k-sms", "channel": "sms", "to": "0000000001", "language": "ja", "text": "短い文"},
        {
            "key": "k-voice", "channel": "voice", "to": "0000000001", "language": "ja",
            "text": "かんじのぶんです。",
        },
    ]  # fmt: skip
    assert gateway.paths == ["/send", "/send"]
    assert {each["authorization"] for each in gateway.headers} == {"Bearer secret"}


async def test_the_link_stands_below_what_is_read_and_is_not_read_aloud(
    gateway: FakeGateway,
) -> None:
    linked = replace(MESSAGE, link="https://t.test/r/x")
    async with new_client() as client:
        for channel in ("sms", "voice"):
            way = Gateway(gateway.url, "", channel, client)
            await way.send(Letter(channel, "0000000001", "ja", linked))
    texts = [each["text"] for each in gateway.posts]
    assert texts == [f"{MESSAGE.short}\nhttps://t.test/r/x", MESSAGE.spoken]


async def test_a_repeat_is_taken_for_what_it_is(gateway: FakeGateway) -> None:
    async with new_client() as client:
        way = Gateway(gateway.url, "", "sms", client)
        assert [await way.send(LETTER), await way.send(LETTER)] == [Sent(), Sent()]

    assert (len(gateway.posts), len(gateway.messages)) == (2, 1)


@pytest.mark.parametrize("status", [500, 503, 429, 408, 302])
async def test_what_may_pass_is_tried_again(gateway: FakeGateway, status: int) -> None:
    gateway.answers.append(status)
    async with new_client() as client:
        assert await Gateway(gateway.url, "", "sms", client).send(LETTER) == Later(
            f"gateway: {status}"
        )


@pytest.mark.parametrize("status", [400, 403, 404, 422])
async def test_what_is_refused_is_not_tried_again(gateway: FakeGateway, status: int) -> None:
    gateway.answers.append(status)
    async with new_client() as client:
        assert await Gateway(gateway.url, "", "sms", client).send(LETTER) == Refused(
            f"gateway: {status}"
        )


async def test_no_answer_leads_anywhere_else(gateway: FakeGateway) -> None:
    with fake_gateway() as inside:
        gateway.answers.append(307)
        gateway.location = inside.url
        async with new_client() as client:
            outcome = await Gateway(gateway.url, "secret", "sms", client).send(LETTER)

        assert outcome == Later("gateway: 307")
        assert inside.posts == []


async def test_no_proxy_of_the_environment_is_asked(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_gateway() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with new_client() as client:
            assert await Gateway(gateway.url, "", "sms", client).send(LETTER) == Sent()

        assert (len(gateway.posts), proxy.posts) == (1, [])


async def test_a_gateway_that_is_away_is_tried_again() -> None:
    async with new_client() as client:
        assert await Gateway("http://127.0.0.1:1", "", "sms", client).send(LETTER) == Later(
            "gateway: ConnectError"
        )


async def test_line_gets_one_push_with_a_retry_key_of_its_own(gateway: FakeGateway) -> None:
    letter = Letter("k", "U0123", "ja", MESSAGE)
    async with new_client() as client:
        line = Line(gateway.url, "channel-token", client)
        assert [await line.send(letter), await line.send(letter)] == [Sent(), Sent()]

    assert gateway.posts[0] == {
        "to": "U0123",
        "messages": [{"type": "text", "text": "漢字の文です。\n町 電話000"}],
    }
    assert gateway.paths == ["/v2/bot/message/push"] * 2
    assert len({each["x-line-retry-key"] for each in gateway.headers}) == 1
    assert gateway.headers[0]["authorization"] == "Bearer channel-token"
    assert len(gateway.messages) == 1

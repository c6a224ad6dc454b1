"""No subscription leads us inside: only listed hosts, by TLS, at the address that was looked at."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from maas.link.reach import Reach, is_outside, resolved
from maas.link.sending import Away, Delivered, Refused, Sender, new_transport, outcome
from maas.store.webhooks import LetterRow
from tests.maas.link.conftest import HOOK, WALL
from tests.maas.link.receiver import Receiver, receiving

pytestmark = pytest.mark.anyio
NAME = "hooks.example"
LETTER = LetterRow(
    1, "h1", "e1", "confirmed", '{"id":"e1","data":{"reference":"1"}}', 0, 0, 0, 0, "waiting", ""
)


@dataclass(slots=True)
class Names:
    """A name server that says what it is told to, and counts how often it is asked."""

    answers: Sequence[str] = ("127.0.0.1",)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        if not self.answers:
            raise OSError
        return self.answers


@dataclass(frozen=True, slots=True)
class Tls:
    """A receiver that proves to be `hooks.example`, and who believes it."""

    receiver: Receiver
    believer: ssl.SSLContext

    @property
    def host(self) -> str:
        return f"{NAME}:{self.receiver.host.rpartition(':')[2]}"

    def sender(self, reach: Reach, names: Names) -> Sender:
        return Sender(reach, lambda: WALL, names, transport=new_transport(self.believer))


def proof(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what speaks TLS as `name`, and what believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, begin, begin.replace(2099))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "cert.pem"))


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Tls]:
    """A service that speaks TLS."""
    server, believer = proof(tmp_path, NAME)
    with receiving(tls=server) as receiver:
        yield Tls(receiver, believer)


async def test_a_name_is_looked_up_once_and_proved_at_that_address(tls: Tls) -> None:
    names = Names()
    hook = replace(HOOK, url=f"https://{tls.host}/hook?town=1")
    sender = tls.sender(Reach(inside=frozenset({tls.host})), names)

    assert await sender.send(hook, LETTER) == Delivered()

    assert names.asked == [NAME]
    assert tls.receiver.headers[0]["host"] == tls.host
    assert "cookie" not in tls.receiver.headers[0]


async def test_a_certificate_of_another_name_is_not_believed(tls: Tls) -> None:
    """Also over a connection that has just been proved for the right one."""
    other = tls.host.replace("hooks", "other")
    sender = tls.sender(Reach(inside=frozenset({tls.host, other})), Names())
    assert await sender.send(replace(HOOK, url=f"https://{tls.host}/"), LETTER) == Delivered()

    found = await sender.send(replace(HOOK, url=f"https://{other}/"), LETTER)

    assert found == Away("ConnectError")
    assert len(tls.receiver.posts) == 1


INSIDE = [
    "127.0.0.1", "127.9.9.9", "10.0.0.8", "172.16.5.5", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%lo",
    "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:a00:1::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
async def test_a_listed_name_that_turns_out_to_be_inside_is_not_called(
    tls: Tls, address: str
) -> None:
    assert not is_outside(address)
    hook = replace(HOOK, url=f"https://{tls.host}/hook")
    for answers in ([address], ["1.1.1.1", address]):
        sender = tls.sender(Reach(frozenset({tls.host})), Names(answers))
        assert await sender.send(hook, LETTER) == Away("host is inside")
    assert tls.receiver.posts == []


@pytest.mark.parametrize("address", ["1.1.1.1", "203.0.114.1", "2606:4700::1111"])
def test_the_open_internet_is_outside(address: str) -> None:
    assert is_outside(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://hooks.example.evil.test/x",
        "https://hooks.example@127.0.0.1/x",
        "https://me:word@hooks.example/x",
        "https://hooks.example:8443/x",
        "https://hooks.example:99999/x",
        "ftp://hooks.example/x",
        "https:///x",
        "//hooks.example/x",
        "",
    ],
)
async def test_an_address_that_is_not_listed_is_not_even_looked_up(url: str) -> None:
    names = Names()
    sender = Sender(Reach(frozenset({NAME})), lambda: WALL, names)

    assert not sender.reach.allows(url)
    assert await sender.send(replace(HOOK, url=url), LETTER) == Away("host is not listed")
    assert names.asked == []


def test_a_host_of_the_own_network_is_called_by_tls_unless_it_is_this_machine() -> None:
    reach = Reach(inside=frozenset({"platform.town.test", "127.0.0.1:8080"}))

    assert reach.allows("https://platform.town.test/x")
    assert not reach.allows("http://platform.town.test/x")
    assert reach.allows("http://127.0.0.1:8080/x")
    assert not reach.allows("http://127.0.0.1/x")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_service_that_says_later_is_away_and_no_letter_refused(status: int) -> None:
    assert outcome(status) == Away(str(status))


async def test_a_redirect_is_not_followed() -> None:
    with receiving() as receiver, receiving() as elsewhere:
        receiver.answers, receiver.location = [302, 307, 308], elsewhere.url
        sender = Sender(Reach(inside=frozenset({receiver.host, elsewhere.host})), lambda: WALL)
        hook = replace(HOOK, url=receiver.url)

        assert [await sender.send(hook, LETTER) for _ in range(3)] == [
            Refused("302"), Refused("307"), Refused("308"),
        ]  # fmt: skip
        assert elsewhere.posts == []


async def test_a_name_nobody_knows_is_tried_again() -> None:
    sender = Sender(Reach(frozenset({NAME})), lambda: WALL, Names(()))

    assert await sender.send(replace(HOOK, url=f"https://{NAME}/x"), LETTER) == Away("OSError")


async def test_this_machine_is_found_by_the_resolver_itself() -> None:
    assert "127.0.0.1" in await resolved("127.0.0.1", 443)
    assert not any(map(is_outside, await resolved("localhost", 443)))

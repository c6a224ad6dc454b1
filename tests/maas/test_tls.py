"""The service speaks TLS itself: 1.2 and 1.3, and what is recommended of them alone."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from maas.serving import server_config
from maas.settings import Settings

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """What the server speaks TLS with, by a certificate of its own."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = certificate(folder)
    config = server_config(Settings(data_dir=folder, tls_cert=cert, tls_key=key))
    config.load()
    assert config.ssl is not None
    return config.ssl


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    alt = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin.replace(year=2099))
        .add_extension(alt, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def shaken(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[str | None, str]:
    """Return the version and cipher that both agree on; raises ``SSLError`` when on none."""
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = list(sides)
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    cipher = sides[0].cipher()
    assert cipher is not None
    return sides[0].version(), cipher[0]


def client(version: ssl.TLSVersion, ciphers: str = "DEFAULT:@SECLEVEL=0") -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.set_ciphers(ciphers)
    made.minimum_version = made.maximum_version = version
    return made


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_the_versions_of_today_are_spoken(context: ssl.SSLContext, version: str) -> None:
    spoken, _ = shaken(context, client(ssl.TLSVersion[version]))
    assert spoken == version.replace("_", ".")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_older_versions_are_not(context: ssl.SSLContext, version: str) -> None:
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        shaken(context, client(ssl.TLSVersion[version]))


def test_ciphers_without_forward_secrecy_or_seal_are_not_spoken(context: ssl.SSLContext) -> None:
    for weak in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"):
        with pytest.raises(ssl.SSLError):
            shaken(context, client(ssl.TLSVersion.TLSv1_2, f"{weak}:@SECLEVEL=0"))
    good = "ECDHE-ECDSA-AES256-GCM-SHA384"
    assert shaken(context, client(ssl.TLSVersion.TLSv1_2, good)) == ("TLSv1.2", good)
    for each in context.get_ciphers():
        assert each["aead"], each
        assert each["protocol"] == "TLSv1.3" or each["name"].startswith("ECDHE-"), each


def test_a_certificate_has_its_key(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="MAAS_TLS_KEY"):
        Settings(data_dir=tmp_path, tls_cert=tmp_path / "cert.pem")

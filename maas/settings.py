"""What an operator of the service may set, read once from the environment (`MAAS_...`)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SEALING = "personal-keys"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _outside(url: str) -> str:
    """Return an address that messages may be sent to: by TLS, or on this machine."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.scheme not in {"https", "http"}:
        raise ValueError("must be https://host/...")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must be https, unless it is on this machine")
    return url.rstrip("/")


def _mail_server(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if not parts.hostname or parts.scheme not in {"smtp", "smtps"}:
        raise ValueError("must be smtp(s)://name:password@host:port")
    return url


Outside = Annotated[str, AfterValidator(_outside)]


class Settings(BaseSettings):
    """Settings of one server process; the names in the environment start with `MAAS_`."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="MAAS_", extra="ignore")

    data_dir: Annotated[Path, Field(description="Where the database and imported files lie.")] = (
        Path(".maas")
    )
    database_url: Annotated[
        str | None, Field(description="SQLAlchemy URL; without it SQLite in the data directory.")
    ] = None
    database_patience_s: Annotated[
        float, Field(ge=1, description="A PostgreSQL that says nothing for so long is away.")
    ] = 15.0
    roads: Annotated[
        Path | None,
        Field(description="Built road network; `roads` in the data directory when absent."),
    ] = None
    secret: Annotated[
        SecretStr | None,
        Field(description="Key that signs offers; made in the data directory when absent."),
    ] = None
    personal_keys: Annotated[
        SecretStr | None,
        Field(
            description="Keys that seal what is known of people, 64 hexadecimal digits each, "
            "comma-separated, the newest first; made in the data directory when absent."
        ),
    ] = None
    redis_url: Annotated[
        str | None,
        Field(description="Redis (or redis+cluster://) that joins processes, else one is alone."),
    ] = None
    ray: Annotated[
        str | None,
        Field(description="Ray cluster for what-if studies and better plans, else this machine."),
    ] = None
    mqtt_url: Annotated[
        str | None,
        Field(description="Broker that devices publish to: mqtt(s)://name:password@host/prefix."),
    ] = None
    smtp_url: Annotated[
        SecretStr | None,
        AfterValidator(lambda url: url and _mail_server(url)),
        Field(description="Mail server for messages: smtp(s)://name:password@host:port."),
    ] = None
    mail_from: Annotated[str | None, Field(description="Whom those messages come from.")] = None
    sms_url: Annotated[
        Outside | None, Field(description="Gateway that text messages are posted to.")
    ] = None
    voice_url: Annotated[
        Outside | None, Field(description="Gateway that spoken messages are posted to.")
    ] = None
    gateway_token: Annotated[
        SecretStr | None, Field(description="What the gateways know us by (a bearer token).")
    ] = None
    gateway_secret: Annotated[
        SecretStr | None,
        Field(min_length=16, description="Key by which the gateways sign their receipts."),
    ] = None
    line_token: Annotated[
        SecretStr | None, Field(description="Token of the town's LINE channel.")
    ] = None
    line_url: Annotated[Outside, Field(description="LINE's Messaging API.")] = "https://api.line.me"
    push_hosts: Annotated[
        str,
        Field(description="Push services of browsers that may be called, comma-separated."),
    ] = ""
    push_contact: Annotated[
        str | None, Field(description="Whom push services ask about us: mailto: or https:.")
    ] = None
    push_key: Annotated[
        SecretStr | None,
        Field(description="Key web push is signed with; made in the data directory when absent."),
    ] = None
    link_hosts: Annotated[
        str,
        Field(description="Hosts of other services that may be told of bookings, with commas."),
    ] = ""
    link_inside: Annotated[
        str,
        Field(description="Those of them on the town's own network (private addresses)."),
    ] = ""
    pbx_key: Annotated[
        SecretStr | None,
        Field(min_length=16, description="Key by which the telephone exchange is known."),
    ] = None
    clock_start: Annotated[
        float | None,
        Field(description="Epoch seconds the service clock showed at the anchor (simulation)."),
    ] = None
    clock_anchor: Annotated[
        float | None,
        Field(description="Real epoch seconds of the anchor; the start of the server if absent."),
    ] = None
    clock_speed: Annotated[float, Field(gt=0, description="Service seconds per real second.")] = 1.0
    log_format: Annotated[
        Literal["text", "json"], Field(description="Log as lines for people, or as JSON.")
    ] = "text"
    demo: Annotated[bool, Field(description="This is a demo; the screens say so.")] = False
    history_sql_days: Annotated[
        int, Field(ge=1, description="Days that positions stay in the database.")
    ] = 35
    history_raw_days: Annotated[
        int, Field(ge=1, description="Days after which vehicles on demand are thinned out.")
    ] = 30
    history_days: Annotated[int, Field(ge=1, description="Days that positions are kept.")] = 1095
    listeners: Annotated[
        int, Field(ge=1, description="Most connections to the live stream of one process.")
    ] = 20_000
    listeners_per_address: Annotated[
        int, Field(ge=1, description="Most of them from one address.")
    ] = 1_000
    public_url: Annotated[
        Outside | None,
        Field(description="Where riders reach the pages; messages then carry a link to the ride."),
    ] = None
    staff_url: Annotated[
        Outside | None,
        Field(
            description="Where staff reach the pages, which passkeys are bound to; "
            "`public_url` when absent, and localhost without either."
        ),
    ] = None
    oidc_issuer: Annotated[
        str | None,
        AfterValidator(lambda url: _outside(url) and url if url else None),
        Field(description="Organisation that signs staff in (OpenID Connect), by its issuer."),
    ] = None
    oidc_client: Annotated[
        str | None, Field(description="What the organisation knows us by (client id).")
    ] = None
    oidc_secret: Annotated[
        SecretStr | None,
        Field(description="Our secret there; else the file `oidc-secret` in the data directory."),
    ] = None
    oidc_name: Annotated[str, Field(description="What its button on the login page says.")] = "OIDC"
    oidc_scope: Annotated[str, Field(description="What is asked for there.")] = "openid"
    oidc_claim: Annotated[
        str | None,
        Field(description="Claim that names an account at the first sign-in; else people link it."),
    ] = None
    oidc_domain: Annotated[
        str | None, Field(description="What follows the account's name and an @ in that claim.")
    ] = None
    oidc_acr: Annotated[
        str | None,
        Field(description="Strength that is asked for (acr); a sign-in of another is refused."),
    ] = None
    host: Annotated[str, Field(description="Address the server listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port it listens on; 0 picks one.")] = (
        8000
    )

    tls_cert: Annotated[
        Path | None,
        Field(
            description="Certificate (PEM, with its chain) to speak TLS with; else a proxy does."
        ),
    ] = None
    tls_key: Annotated[Path | None, Field(description="Its key (PEM).")] = None

    @model_validator(mode="after")
    def _senders_are_named(self) -> Self:
        if self.smtp_url is not None and not self.mail_from:
            raise ValueError("MAAS_SMTP_URL needs MAAS_MAIL_FROM")
        if self.push_hosts and not self.push_contact:
            raise ValueError("MAAS_PUSH_HOSTS needs MAAS_PUSH_CONTACT")
        if self.oidc_issuer is not None and not self.oidc_client:
            raise ValueError("MAAS_OIDC_ISSUER needs MAAS_OIDC_CLIENT")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("MAAS_TLS_CERT needs MAAS_TLS_KEY, and the other way round")
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'maas.db'}"

    @property
    def roads_dir(self) -> Path | None:
        """The road network in force: the one set, else `roads` in the data directory, else None."""
        if self.roads is not None:
            return self.roads
        beside = self.data_dir / "roads"
        return beside if (beside / "meta.json").is_file() else None

    @property
    def feeds_dir(self) -> Path:
        """Where imported timetables lie."""
        return self.data_dir / "feeds"

    @property
    def history_dir(self) -> Path:
        """Where the days of positions lie as Parquet files."""
        return self.data_dir / "history"

    @property
    def rides_dir(self) -> Path:
        """Where the days of rides lie as Parquet files, without anybody in them."""
        return self.data_dir / "rides"

    def environment(self) -> dict[str, str]:
        """Return the variables that give another process these settings."""
        values = self.model_dump()
        plain = {
            k: v.get_secret_value() if isinstance(v, SecretStr) else v for k, v in values.items()
        }
        return {f"MAAS_{k.upper()}": str(v) for k, v in plain.items() if v is not None}

    def signing_key(self) -> bytes:
        """Return the signing key; made and kept in the data directory the first time."""
        if self.secret is not None:
            return self.secret.get_secret_value().encode()
        return self._kept("secret", lambda: secrets.token_hex(32)).encode()

    def sealing_keys(self) -> list[str]:
        """Return the keys that seal what is known of people, the newest first."""
        if self.personal_keys is not None:
            return self.personal_keys.get_secret_value().replace(",", " ").split()
        return self._kept(SEALING, lambda: secrets.token_hex(32)).split()

    def keep_sealing_keys(self, keys: Sequence[str]) -> None:
        """Keep other keys from now on; raises ValueError when the environment gives them."""
        if self.personal_keys is not None:
            raise ValueError("MAAS_PERSONAL_KEYS gives the keys: change them there")
        beside = self.data_dir / f"{SEALING}.new"
        beside.touch(mode=0o600)
        beside.write_text("\n".join(keys))
        beside.replace(self.data_dir / SEALING)

    def oidc_client_secret(self) -> str:
        """Return our secret at the organisation that signs staff in, empty without one."""
        if self.oidc_secret is not None:
            return self.oidc_secret.get_secret_value()
        beside = self.data_dir / "oidc-secret"
        return beside.read_text().strip() if beside.is_file() else ""

    def push_signing_key(self, new: Callable[[], str]) -> str:
        """Return the key of web push; the first time `new` makes it, and it is kept."""
        if self.push_key is not None:
            return self.push_key.get_secret_value()
        return self._kept("push-key", new)

    def _kept(self, name: str, new: Callable[[], str]) -> str:
        kept = self.data_dir / name
        if not kept.is_file():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            mine = self.data_dir / f"{name}.{secrets.token_hex(8)}"
            mine.touch(mode=0o600)
            mine.write_text(new())
            # Whole, and once: another process may be making one at this moment.
            with suppress(FileExistsError):
                kept.hardlink_to(mine)
            mine.unlink()
        return kept.read_text().strip()

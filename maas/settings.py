"""What an operator of the service may set, read once from the environment (`MAAS_...`)."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one server process; the names in the environment start with `MAAS_`."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="MAAS_", extra="ignore")

    data_dir: Annotated[Path, Field(description="Where the database and imported files lie.")] = (
        Path(".maas")
    )
    database_url: Annotated[
        str | None, Field(description="SQLAlchemy URL; without it SQLite in the data directory.")
    ] = None
    roads: Annotated[
        Path | None,
        Field(description="Built road network; `roads` in the data directory when absent."),
    ] = None
    secret: Annotated[
        SecretStr | None,
        Field(description="Key that signs offers; made in the data directory when absent."),
    ] = None
    redis_url: Annotated[
        str | None,
        Field(description="Redis that joins several server processes; without it one is alone."),
    ] = None
    mqtt_url: Annotated[
        str | None,
        Field(description="Broker that devices publish to: mqtt(s)://name:password@host/prefix."),
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
    host: Annotated[str, Field(description="Address the server listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port it listens on; 0 picks one.")] = (
        8000
    )

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

    def environment(self) -> dict[str, str]:
        """Return the variables that give another process these settings."""
        values = self.model_dump()
        values["secret"] = self.secret.get_secret_value() if self.secret else None
        return {f"MAAS_{k.upper()}": str(v) for k, v in values.items() if v is not None}

    def signing_key(self) -> bytes:
        """Return the signing key; made and kept in the data directory the first time."""
        if self.secret is not None:
            return self.secret.get_secret_value().encode()
        kept = self.data_dir / "secret"
        if not kept.is_file():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_hex(32))
        return kept.read_text().strip().encode()

"""The command line: one command a job; heavy imports inside the commands."""

from __future__ import annotations

from enum import StrEnum

import typer

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="乗合タクシーとバスの案内 / rural MaaS"
)


class Role(StrEnum):
    """Which parts of the service a process runs."""

    ALL = "all"


@app.command()
def serve(
    host: str | None = typer.Option(None, help="Address to listen on (MAAS_HOST)."),
    port: int | None = typer.Option(None, help="Port to listen on, 0 picks one (MAAS_PORT)."),
    role: Role = typer.Option(Role.ALL, help="Which parts to run: one process runs them all."),
) -> None:
    """Run the service."""
    from maas.serving import run
    from maas.settings import Settings

    del role  # one process runs every part; the option names it for scripts
    settings = Settings()
    given = {"host": host, "port": port}
    changed = {name: value for name, value in given.items() if value is not None}
    run(settings.model_copy(update=changed))


def main() -> None:
    """Run the command line."""
    app()

"""The command line. Each command imports its room only when it is called, so that none waits for the others."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import click

from compensation.core.errors import Problem
from compensation.core.lasting import lasting
from compensation.core.settings import Settings, load

_COMMANDS = {
    "serve": ("compensation.web.serve", "Answer HTTP: the API, the console and the pages."),
    "work": ("compensation.jobs.work", "Do what the outbox holds: issue, tell, follow up, sweep."),
    "simulate-payments": (
        "compensation.partners.payment_simulator.server",
        "Play the payment processor; no money moves.",
    ),
    "simulate-supplier": (
        "compensation.partners.supplier_simulator.server",
        "Play the supplier of other brands' cards; nothing is bought.",
    ),
    "migrate": ("compensation.db.migrate", "Bring the schema up to date, as its owner."),
    "rotate-keys": ("compensation.jobs.rotate", "Put everything under the present root key while all goes on."),
    "seed-demo": ("compensation.merchants.demo", "Make the demo merchant, its agent and its test API key."),
    "demo": ("compensation.demo", "Send the shipped incidents through the API and show what became of each."),
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="compensation")
def main() -> None:
    """Turn a harm done to a customer into a fair remedy."""


@main.command("up")
@click.option("--fresh", is_flag=True, help="Remove the data of earlier runs first.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port of the web server; 8000 by default.")
def up_command(fresh: bool, port: int | None) -> None:
    """Start everything on this machine: servers, web, worker, mailbox."""
    from compensation.up.run import up

    sys.exit(up(fresh=fresh, port=port))


@main.command("trial-balance")
@click.option("--at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]), help="A past moment, in UTC; else now.")
@click.option("--merchant", help="Only this merchant, by its id.")
def trial_balance(at: datetime | None, merchant: str | None) -> None:
    """Add up the books at one moment; the exit status tells whether they balance."""
    moment = None if at is None else at.replace(tzinfo=UTC)
    _run("compensation.ledger.trial", lambda run: run(_settings(), moment, merchant))


@main.command("verify-receipt")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", help="The public key, as GET /v1/receipt-keys gives it; else our own keys are used.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The text of your own policy that it names, as GET /v1/policies/{id} gives it.",
)
def verify_receipt(file: Path, key: str | None, policy: Path | None) -> None:
    """Check the signature of a decision receipt and decide it again. Needs no server."""
    from compensation.cases.verify import public_key
    from compensation.core.vault import Vault

    def run(verify: Callable[..., int]) -> int:
        if key is not None:
            return verify(file, [public_key(key)], policy)
        vault = Vault.parse(_environment().get("COMPENSATION_KEYS", ""))
        return verify(file, [vault.verifier(version) for version in vault.versions], policy)

    _run("compensation.cases.verify", run)


@main.command("audit")
@click.option("--objects", is_flag=True, help="Also look whether every file of evidence is in its store.")
def audit_command(objects: bool) -> None:
    """Check every invariant; the exit status tells whether all hold. Warns of legal rules whose review is overdue."""
    from compensation.catalog.legal import overdue
    from compensation.catalog.library import library
    from compensation.partners.missing import main as look_for_files

    def run(audit: Callable[..., int]) -> int:
        settings = _settings()
        status = audit(settings) | (look_for_files(settings) if objects else 0)
        for rule in overdue(library().law, datetime.now(UTC).date()):
            click.echo(f"warning: the review of the legal rule {rule.code} was due on {rule.review_by}", err=True)
        return status

    _run("compensation.db.audit", run)


@main.command("simulate")
@click.argument("policy", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--cases", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Others than the samples.")
def simulate(policy: Path, cases: Path | None) -> None:
    """Try a policy on the sample incidents, against the one that ships. Needs no server."""
    _run("compensation.cases.trials.samples", lambda run: run(policy, cases))


def _run(module: str, call: Callable[[Callable[..., int]], int]) -> None:
    """Call a room's ``main``; a refusal or a server out of reach is one sentence, not a traceback."""
    import asyncpg

    try:
        with lasting():
            room = import_module(module)
        sys.exit(call(room.main))
    except Problem as problem:
        sys.exit(problem.detail)
    except asyncpg.PostgresError as error:
        sys.exit(f"PostgreSQL refuses: {error}")
    except OSError as error:
        sys.exit(f"A server or a file cannot be reached: {error}")


def _settings() -> Settings:
    return load(_environment())


def _environment() -> dict[str, str]:
    """The environment; without a database there, that of the `up` that runs in this folder."""
    from compensation.up.place import Place

    environment = dict(os.environ)
    if not environment.get("DATABASE_URL"):
        environment.pop("DATABASE_URL", None)
        running = Place(Path(environment.get("COMPENSATION_DATA", "var"))).running()
        environment = (running.environment if running else {}) | environment
    return environment


def _add(name: str, module: str, help_text: str) -> None:
    @main.command(name, help=help_text)
    def command() -> None:
        _run(module, lambda run: run(_settings()))


for _name, (_module, _help) in _COMMANDS.items():
    _add(_name, _module, _help)

if __name__ == "__main__":
    main()

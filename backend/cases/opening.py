"""Creating a case: its code, its compartments, and the grants to everyone who may be alerted."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.roster_store import holders
from backend.cases.changes import NewCase
from backend.cases.recording import Publics
from backend.cases.routing import Routing, dump_routing
from backend.content import Edition
from backend.database.tables import cases
from backend.relais import Relais
from backend.vault import Compartment, create_compartments
from backend.vault.genuine import mark_of
from conversation import Wish, match

_LETTERS = "BCDFGHJKMNPQRTVWX"
_DIGITS = "23456789"


async def new_code(connection: AsyncConnection, relais: Relais) -> str:
    """A case code such as K7Q4 that is not in use: no vowels, nothing that looks alike."""
    for length in (4, 4, 4, 6, 6, 8):
        raw = relais.world.random(length)
        code = "".join(
            (_LETTERS if place % 2 == 0 else _DIGITS)[byte % (17 if place % 2 == 0 else 8)]
            for place, byte in enumerate(raw)
        )
        used = await connection.execute(select(cases.c.id).where(cases.c.code == code))
        if used.first() is None:
            return code
    return relais.world.new_id()[:8].upper()


async def recipients(relais: Relais, wish: Wish) -> list[str]:
    """Members of every tier that could ever be alerted for this wish, on call now or not."""
    found = match(await relais.directory.everyone(), wish)
    return list(dict.fromkeys(member for tier in found.tiers for member in tier.members))


async def make_compartments(
    connection: AsyncConnection,
    relais: Relais,
    case_id: str,
    names: Iterable[str],
    members: list[str],
    why: str,
    *,
    generation: int = 1,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of ``compartments`` and ``grants``. The seeds are forgotten when this returns."""
    granted = await holders(connection, relais, members)
    made = create_compartments(case_id, names, granted, relais.world.random, generation=generation)
    now = relais.world.now()
    rows = [_compartment_row(relais, case_id, one) for one in made]
    grants = [
        {
            "case_id": case_id,
            "name": one.name,
            "generation": one.generation,
            "holder": grant.holder,
            "sealed": grant.sealed,
            "granted_at": now,
            "granted_by": "server",
            "why": why,
        }
        for one in made
        for grant in one.grants
    ]
    return rows, grants


def _compartment_row(relais: Relais, case_id: str, one: Compartment) -> dict[str, Any]:
    public = one.public.raw
    return {
        "case_id": case_id,
        "name": one.name,
        "generation": one.generation,
        "public": public,
        "mark": mark_of(relais.vault.keyring, case_id, one.name, one.generation, public),
    }


def publics_of(case_id: str, rows: Iterable[dict[str, Any]]) -> Publics:
    """The public halves in these rows."""
    return Publics(case_id, {row["name"]: (row["generation"], row["public"]) for row in rows})


async def new_case(
    connection: AsyncConnection,
    relais: Relais,
    edition: Edition,
    routing: Routing,
    *,
    silent: bool,
    compartments: list[dict[str, Any]],
    grants: list[dict[str, Any]],
    case_id: str,
) -> NewCase:
    """Rows of a new case. ``silent``: an account without a request for help; nobody is alerted."""
    row = {
        "id": case_id,
        "code": await new_code(connection, relais),
        "status": "silent" if silent else "open",
        "interview": edition.interview.id,
        "content": edition.hash,
        "routing_sealed": relais.vault.keyring.seal(
            "routing", dump_routing(routing), "cases", "routing", case_id
        ),
        "tier": 0,
        "round": 0,
        "account_served": False,
        "keep": False,
        "created_at": relais.world.now(),
    }
    return NewCase(row, compartments, grants)

"""Cases for the console's tests, as a turn makes them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import insert

from backend.cases.opening import make_compartments, publics_of
from backend.cases.recording import answer, item_row
from backend.cases.routing import Routing, dump_routing
from backend.cases.steps import STEP, signed_step
from backend.database.tables import alerts, cases, compartments, grants, items
from backend.relais import Relais
from backend.vault.compartments import ACCOUNT, HELP
from sealing import Context, SigningKey
from tests.backend.consoles import Browser, b64

SENTINEL = "Zx9-sentinel-words"


async def open_case(
    relais: Relais,
    holders: Collection[str],
    *,
    number: int = 1,
    status: str = "open",
    alerted: Collection[str] = (),
    routing: Routing | None = None,
    account_served: bool = False,
) -> str:
    """A case with one item in every compartment, granted to ``holders``; returns its id."""
    case_id = f"{number:032x}"
    routing = routing or Routing(needs=("food_service",), urgency="high", area="demo-river")
    async with relais.db.read() as connection:
        made, granted = await make_compartments(
            connection, relais, case_id, (*HELP, *ACCOUNT), list(holders), "help"
        )
    publics = publics_of(case_id, made)
    rows = [
        item_row(
            relais,
            publics,
            answer(
                relais,
                step=f"step_{place}",
                compartment=place,
                code="",
                value=None,
                text=f"{SENTINEL} {place}",
                prompt="",
                locale="en",
            ),
        )
        for place in (*HELP, *ACCOUNT)
    ]
    sealed = relais.vault.keyring.seal(
        "routing", dump_routing(routing), "cases", "routing", case_id
    )
    async with relais.db.write() as tx:
        await tx.execute(
            insert(cases).values(
                id=case_id,
                code=f"K{number}Q4",
                status=status,
                interview="conflict-sexual-violence",
                content=relais.content.current.hash,
                routing_sealed=sealed,
                tier=0,
                round=0,
                account_served=account_served,
                keep=False,
                created_at=relais.world.now(),
            )
        )
        await tx.execute(insert(compartments), made)
        await tx.execute(insert(grants), granted)
        await tx.execute(insert(items), rows)
        for member in alerted:
            await tx.execute(
                insert(alerts).values(
                    case_id=case_id,
                    round=0,
                    tier=0,
                    member_id=member,
                    status="open",
                    alerted_at=relais.world.now(),
                )
            )
    return case_id


def step(
    case_id: str, who: Browser, item_id: str, sealed: bytes, generation: int = 1
) -> dict[str, Any]:
    """The body of a noted step, signed by this member."""
    place = Context(case_id, "team", generation, item_id, "step")
    signature = SigningKey(who.seed).sign(STEP, signed_step(place, sealed))
    return {
        "item_id": item_id,
        "generation": generation,
        "sealed": b64(sealed),
        "signature": b64(signature),
    }

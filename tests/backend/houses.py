"""A real installation for tests: production, its roster, members without a browser."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from backend.accounts.invitations import invite
from backend.ambient import DAY
from backend.database.tables import members, organisations
from backend.vault.keyring_source import load_keyring
from backend.vault.roster import Roster, RosterMember
from backend.vault.roster_root import root_text
from sealing import KeyPair, SigningKey
from tests.backend.consoles import Browser, Console, running_console
from tests.backend.worlds import START, Clock, counting_random

KEY = SigningKey(b"\x01" * 32)
NOW = START // 1000 * 1000


def entry(number: int = 1) -> RosterMember:
    """Someone with keys."""
    seed = bytes([number]) * 32
    return RosterMember(
        id=f"{number:032x}",
        name=f"Member {number}",
        organisation="Lantern",
        roles=("responder",),
        kem=KeyPair(seed).public.raw,
        sign=SigningKey(seed).public,
    )


def roster(**changes: object) -> Roster:
    """A right roster of ``KEY``; ``changes`` make it another."""
    made = Roster(
        version=1,
        previous="",
        issued_at=NOW,
        valid_until=NOW + 90 * DAY,
        signer=KEY.public,
        demo=False,
        members=(entry(),),
        recovery=KeyPair(b"\x09" * 32).public.raw,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


BOSS = replace(entry(8), roles=("coordinator",))
"""A second coordinator, without whom no roster counts outside the demo."""


def production(
    database_url: str, folder: Path, clock: Clock | None = None, **changes: Any
) -> AbstractAsyncContextManager[Console]:
    """A production console whose root is ``KEY``; ``changes`` are settings."""
    keyring = folder / "secrets" / "keyring.json"
    load_keyring(keyring, counting_random(7), create=True)
    settings: dict[str, Any] = {
        "mode": "production",
        "keyring_file": keyring,
        "draft_key_dir": folder / "secrets" / "day",
        "roster_root": root_text(KEY.public),
        "operator": "Test",
    }
    return running_console(database_url, folder, clock=clock, **(settings | changes))


async def add_member(console: Console, number: int, roles: list[str]) -> Browser:
    """An enrolled member of production, signed in, as `relais` and a browser would make one."""
    member_id = f"{number:032x}"
    async with console.relais.db.write() as tx:
        if number == 1:
            await tx.execute(
                organisations.insert().values(id="lantern", name="Lantern", restricted=False)
            )
        await tx.execute(
            members.insert().values(
                id=member_id,
                organisation_id="lantern",
                name=f"Member {number}",
                login_name=f"member {number}",
                sex="",
                locale="en",
                roles=roles,
                on_call=True,
                totp_step=0,
            )
        )
        token = await invite(tx, console.relais, member_id)
    browser = Browser(console.client(), console.clock, f"Member {number}", bytes([number]) * 32)
    browser.login_proof = bytes(32)
    browser.secret = (await browser.get(f"/v1/invitations/{token}")).json()["totp_secret"]
    answer = await browser.post(f"/v1/invitations/{token}", browser.enrolment())
    assert answer.status_code == 201
    browser.member_id = member_id
    return browser

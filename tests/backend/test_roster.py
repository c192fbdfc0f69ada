"""The roster: what is believed, what may follow what, and who may be sealed to."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from backend.accounts.roster_store import brought_into_force, current, holders, install
from backend.ambient import DAY
from backend.database.tables import members, organisations, rosters
from backend.demo.coordinator import admit, begin_roster, renew
from backend.demo.start import start_demo
from backend.errors import ConfigurationError
from backend.vault.compartments import RECOVERY
from backend.vault.roster import (
    Roster,
    RosterError,
    SignedRoster,
    canonical,
    read_roster,
    sign_roster,
    vouch,
)
from backend.vault.roster_floor import read_floor
from backend.vault.roster_root import demo_signing_key
from sealing import KeyPair, SigningKey
from tests.backend.consoles import Browser, Console, b64, running_console
from tests.backend.houses import BOSS, KEY, NOW, add_member, entry, production, roster

ADA = "Ada (demo)"
SAM = "Sam (demo)"
OTHER = SigningKey(b"\x02" * 32)


def code_of(signed: SignedRoster, root: bytes = KEY.public) -> str:
    """Why this is not read."""
    with pytest.raises(RosterError) as error:
        read_roster(signed, root)
    return error.value.code


def test_a_roster_reads_back_as_it_was_written() -> None:
    """Signing and reading are inverses; the document is canonical JSON."""
    signed = sign_roster(roster(), KEY)
    assert read_roster(signed, KEY.public) == roster()
    assert b" " not in signed.document.replace(b"Member 1", b"")
    assert signed.document.index(b'"demo"') < signed.document.index(b'"version"')


def test_what_another_key_signed_is_refused() -> None:
    """Neither a foreign signature, nor a root that is not the signer's, nor a changed byte."""
    signed = sign_roster(roster(), KEY)
    changed = signed.document.replace(b"Lantern", b"Lantorn")
    claimed = sign_roster(roster(signer=OTHER.public), OTHER)
    assert code_of(signed, OTHER.public) == "bad_signature"
    assert code_of(SignedRoster(changed, signed.signature)) == "bad_signature"
    assert code_of(SignedRoster(claimed.document, KEY.sign("roster", claimed.document))) == (
        "wrong_root"
    )
    purpose = SignedRoster(signed.document, KEY.sign("inbox-key", signed.document))
    assert code_of(purpose) == "bad_signature"


def signed_text(document: bytes) -> SignedRoster:
    """Rightly signed, whatever it is."""
    return SignedRoster(document, KEY.sign("roster", document))


def test_a_document_has_one_spelling() -> None:
    """Spaces, another order of keys or a doubled key are refused, so that hashes mean one thing."""
    document = sign_roster(roster(), KEY).document
    for other in (
        document.replace(b'"demo":', b'"demo": '),
        document.replace(b'{"demo":false', b'{"demo":true,"demo":false'),
        b"[" * 100_000,
        b"{}",
        b"\xff",
    ):
        assert code_of(signed_text(other)) in {"not_canonical", "malformed"}


def test_a_roster_is_valid_for_at_most_90_days_and_names_nobody_twice() -> None:
    """What would outlive its checks, or hold two keys for one member, is refused."""
    long = sign_roster(roster(valid_until=NOW + 91 * DAY), KEY)
    twice = sign_roster(roster(members=(entry(), entry())), KEY)
    broken = sign_roster(roster(members=(replace(entry(), kem=b"\xff" * 1216),)), KEY)
    assert code_of(long) == "too_long_valid"
    assert code_of(twice) == "malformed"
    assert code_of(broken) == "malformed"
    assert code_of(signed_text(canonical({"version": True}))) == "malformed"


# -- in use -----------------------------------------------------------------------------------


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """A demo console on either database."""
    async with running_console(database_url, tmp_path) as running:
        yield running


async def in_force(console: Console) -> Roster | None:
    """The roster that counts now."""
    async with console.relais.db.read() as connection:
        return await current(connection, console.relais.settings, console.clock.ms)


async def held_by(console: Console, *ids: str) -> list[str]:
    """Who of these may be sealed to."""
    async with console.relais.db.read() as connection:
        return [one.id for one in await holders(connection, console.relais, ids)]


async def install_next(console: Console, **changes: object) -> str:
    """Offer a changed successor, signed by the demo's key; the code, or "" when it is taken."""
    key = demo_signing_key(console.relais.settings, console.relais.world.random)
    async with console.relais.db.read() as connection:
        rows = await connection.execute(select(rosters.c.document).order_by(rosters.c.version))
        document = list(rows.scalars())[-1]
    before = await in_force(console)
    assert before is not None
    following = replace(
        before,
        version=before.version + 1,
        previous=SignedRoster(document, b"").digest,
    )
    following = replace(following, **changes)  # type: ignore[arg-type]
    try:
        async with console.relais.db.write() as tx:
            await install(
                tx, console.relais.settings, console.clock.ms, sign_roster(following, key)
            )
    except RosterError as error:
        return error.code
    return ""


async def test_only_the_next_version_may_follow(console: Console) -> None:
    """A lower, equal or skipped version, a wrong previous one or an expired one is refused."""
    await console.enrolled(ADA)
    assert await install_next(console, version=1) == "wrong_version"
    assert await install_next(console, version=2) == "wrong_version"
    assert await install_next(console, version=4) == "wrong_version"
    assert await install_next(console, previous="0" * 64) == "wrong_previous"
    assert await install_next(console, previous="") == "wrong_previous"
    assert await install_next(console, valid_until=console.clock.ms) == "expired"
    assert await install_next(console, demo=False) == "wrong_root"
    assert await install_next(console) == ""


async def test_a_database_put_back_does_not_bring_an_old_roster_back(console: Console) -> None:
    """The newest one is kept elsewhere: after a rollback it is the one that counts."""
    ada = await console.enrolled(ADA)
    assert await held_by(console, ada.member_id) == [ada.member_id, RECOVERY]
    assert await install_next(console, members=()) == ""
    assert await held_by(console, ada.member_id) == [RECOVERY]
    async with console.relais.db.write() as tx:
        await tx.execute(delete(rosters).where(rosters.c.version == 3))
    found = await in_force(console)
    assert found is not None
    assert found.version == 3
    assert await held_by(console, ada.member_id) == [RECOVERY]


async def test_the_roster_in_use_can_be_put_back(console: Console) -> None:
    """After a rollback the very same newest document is taken again."""
    await console.enrolled(ADA)
    async with console.relais.db.write() as tx:
        row = (await tx.execute(select(rosters).where(rosters.c.version == 2))).one()
        await tx.execute(delete(rosters).where(rosters.c.version == 2))
    assert await in_force(console) is not None, "it is kept beside the draft keys"
    relais = console.relais
    async with relais.db.write() as tx:
        signed = SignedRoster(row.document, row.signature)
        await install(tx, relais.settings, console.clock.ms, signed)
    assert (await in_force(console)) is not None


async def test_who_takes_the_newest_list_away_cannot_sign_another_in_its_place(
    console: Console,
) -> None:
    """It may have removed whoever did so, and the copy of an earlier version says nothing of that.

    Unless the operator pinned another root, which is outside the database.
    """
    await console.enrolled(ADA)
    before = await in_force(console)
    assert before is not None
    async with console.relais.db.write() as tx:
        row = (await tx.execute(select(rosters).where(rosters.c.version == 2))).one()
        await tx.execute(delete(rosters).where(rosters.c.version == 2))
    relais, days = console.relais, console.relais.settings.draft_keys_path
    digest = SignedRoster(row.document, b"").digest
    key = demo_signing_key(relais.settings, relais.world.random)
    following = sign_roster(replace(before, version=3, previous=digest), key)

    async def offered() -> str:
        try:
            async with relais.db.write() as tx:
                await install(tx, relais.settings, console.clock.ms, following)
        except RosterError as error:
            return error.code
        return ""

    floor = replace(read_floor(days), document="", signature="")
    (days / "roster-floor.json").write_text(json.dumps(asdict(floor)))
    assert await offered() == "not_the_last"
    (days / "roster-floor.json").write_text(json.dumps(asdict(replace(floor, root="another"))))
    async with relais.db.write() as tx:
        await tx.execute(delete(rosters))
    assert await offered() == ""


async def test_a_row_that_was_tampered_with_counts_for_nothing(console: Console) -> None:
    """A newest roster that does not verify gives way to the kept one, never to the one before.

    Without a kept one (of an earlier version) none counts.
    """
    await console.enrolled(ADA)
    async with console.relais.db.write() as tx:
        await tx.execute(update(rosters).where(rosters.c.version == 2).values(signature=bytes(64)))
    found = await in_force(console)
    assert found is not None
    assert found.version == 2
    days = console.relais.settings.draft_keys_path
    floor = replace(read_floor(days), document="", signature="")
    (days / "roster-floor.json").write_text(json.dumps(asdict(floor)))
    assert await in_force(console) is None


async def test_a_ghost_is_never_sealed_to(console: Console) -> None:
    """A row whose keys or roles differ from the roster, or that is not in it, is no holder."""
    ada, sam = await console.enrolled(ADA), await console.enrolled(SAM)
    assert await held_by(console, ada.member_id, sam.member_id) == [
        ada.member_id,
        sam.member_id,
        RECOVERY,
    ]
    other = KeyPair(b"\x44" * 32).public.raw
    async with console.relais.db.write() as tx:
        mine = members.c.id == ada.member_id
        await tx.execute(update(members).where(mine).values(kem_public=other))
    assert await held_by(console, ada.member_id, sam.member_id) == [sam.member_id, RECOVERY]
    async with console.relais.db.write() as tx:
        await tx.execute(
            update(members)
            .where(members.c.id == ada.member_id)
            .values(kem_public=ada.keys.public.raw, roles=["responder", "coordinator"])
        )
    assert await held_by(console, ada.member_id) == [RECOVERY]
    directory = await console.relais.directory.everyone()
    assert ada.member_id not in {one.id for one in directory.coordinators}


async def test_who_was_disabled_is_never_sealed_to(console: Console) -> None:
    """Leaving takes effect before the next roster is signed."""
    ada = await console.enrolled(ADA)
    async with console.relais.db.write() as tx:
        await tx.execute(update(members).values(disabled_at=1))
    assert await held_by(console, ada.member_id) == [RECOVERY]


async def test_an_expired_roster_is_not_used(console: Console) -> None:
    """After 90 days nothing is sealed to anybody until a new one is signed."""
    ada = await console.enrolled(ADA)
    console.clock.forward(days=90)
    assert await held_by(console, ada.member_id) == []


async def test_the_demo_signs_again_before_it_expires(console: Console) -> None:
    """With 30 days left the same members are signed for 90 days more."""
    ada = await console.enrolled(ADA)
    relais = console.relais
    console.clock.forward(days=59)
    async with relais.db.write() as tx:
        assert not await renew(tx, relais)
    console.clock.forward(days=1)
    async with relais.db.write() as tx:
        assert await renew(tx, relais)
    renewed = await in_force(console)
    assert renewed is not None
    assert renewed.valid_until > console.clock.ms + 89 * DAY
    assert await held_by(console, ada.member_id) == [ada.member_id, RECOVERY]


# -- production -------------------------------------------------------------------------------


async def test_production_waits_for_a_signed_roster(database_url: str, tmp_path: Path) -> None:
    """An enrolled member is not in the roster until a coordinator uploads one; then she is."""
    async with production(database_url, tmp_path) as console:
        boss = await add_member(console, 1, ["coordinator"])
        assert not (await boss.get("/v1/me")).json()["in_roster"]
        assert (await boss.get("/v1/tonight")).json()["code"] == "not_in_roster"
        assert (await boss.get("/v1/roster")).json()["code"] == "no_roster"
        mine = replace(entry(1), roles=("coordinator",))
        signed = sign_roster(roster(members=(mine, BOSS)), KEY)
        body = {"document": b64(signed.document), "signature": b64(signed.signature)}
        assert (await boss.post("/v1/roster", body)).status_code == 201
        assert (await boss.get("/v1/me")).json()["in_roster"]
        assert (await boss.get("/v1/tonight")).status_code == 200
        served = (await boss.get("/v1/roster")).json()
        assert base64.b64decode(served["document"]) == signed.document


async def test_a_roster_is_uploaded_by_coordinators_and_signed_by_the_root(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A responder may not upload; a coordinator may not upload what the root did not sign."""
    async with production(sqlite_url, tmp_path) as console:
        boss = await add_member(console, 1, ["coordinator"])
        other = await add_member(console, 2, ["responder"])
        bosses = (replace(entry(1), roles=("coordinator",)), BOSS)
        right = sign_roster(roster(members=bosses), KEY)
        wrong = sign_roster(roster(signer=OTHER.public), OTHER)
        demo = sign_roster(roster(demo=True), KEY)

        async def upload(browser: Browser, signed: SignedRoster) -> str:
            body = {"document": b64(signed.document), "signature": b64(signed.signature)}
            answer = await browser.post("/v1/roster", body)
            return str(answer.json().get("code", answer.status_code))

        assert await upload(other, right) == "role"
        assert await upload(boss, wrong) == "bad_signature"
        assert await upload(boss, demo) == "wrong_root"
        assert await upload(boss, right) == "201"
        assert await upload(boss, right) == "wrong_version"


async def test_production_refuses_every_shortcut_of_the_demo(
    sqlite_url: str, tmp_path: Path
) -> None:
    """No key on the server signs for a coordinator, whoever calls it."""
    async with production(sqlite_url, tmp_path) as console:
        relais = console.relais
        with pytest.raises(ConfigurationError):
            demo_signing_key(relais.settings, relais.world.random)
        async with relais.db.write() as tx:
            with pytest.raises(ConfigurationError):
                await begin_roster(tx, relais)
            with pytest.raises(ConfigurationError):
                await admit(tx, relais, "")
            with pytest.raises(ConfigurationError):
                await renew(tx, relais)
        with pytest.raises(ConfigurationError):
            await start_demo(relais)
    assert not list((tmp_path / "var").rglob("demo-*"))


async def test_who_was_moved_to_another_organisation_is_never_sealed_to(console: Console) -> None:
    """The organisation is signed, too: she may have left out the one that a member is really of."""
    ada = await console.enrolled("Ada (demo)")
    assert ada.member_id in await held_by(console, ada.member_id)
    async with console.relais.db.write() as tx:
        here = select(members.c.organisation_id).where(members.c.id == ada.member_id)
        mine = (await tx.execute(here)).scalar_one()
        other = select(organisations.c.id).where(organisations.c.id != mine).limit(1)
        moved = {"organisation_id": (await tx.execute(other)).scalar_one()}
        await tx.execute(update(members).where(members.c.id == ada.member_id).values(**moved))
    assert ada.member_id not in await held_by(console, ada.member_id)


async def test_a_row_that_a_revoked_key_signed_never_comes_into_force(
    database_url: str, tmp_path: Path
) -> None:
    """Whoever writes in the database and has such a key brings in nobody, and blocks nobody."""
    chain = (vouch(OTHER.public, "Ben", KEY.public, KEY),)
    async with production(database_url, tmp_path) as console:
        relais, people = console.relais, (replace(entry(1), roles=("coordinator",)), BOSS)
        first = sign_roster(roster(members=people, signers=chain), KEY)
        second = sign_roster(
            roster(
                members=people,
                signers=chain,
                version=2,
                previous=first.digest,
                revoked=(OTHER.public,),
            ),
            KEY,
        )
        for signed in (first, second):
            async with relais.db.write() as tx:
                await install(tx, relais.settings, console.clock.ms, signed)
            await brought_into_force(relais)
        for version in (3, 2**31 - 1):
            ghost = roster(
                members=(*people, entry(5)),
                signers=chain,
                version=version,
                previous=second.digest,
                signer=OTHER.public,
            )
            bad = sign_roster(ghost, OTHER)
            async with relais.db.write() as tx:
                row = {"document": bad.document, "signature": bad.signature, "signed_at": 0}
                await tx.execute(rosters.insert().values(version=version, **row))
        for _ in range(2):
            found = await in_force(console)
            assert found is not None
            assert (found.version, found.revoked) == (2, (OTHER.public,))
        third = sign_roster(
            roster(
                members=people,
                signers=chain,
                version=3,
                previous=second.digest,
                revoked=(OTHER.public,),
            ),
            KEY,
        )
        async with relais.db.write() as tx:
            await install(tx, relais.settings, console.clock.ms, third)
        found = await in_force(console)
        assert found is not None
        assert found.version == 3


async def test_a_server_that_missed_several_lists_follows_them_one_by_one(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Another replica took them: what was kept here leads to the newest."""
    people = (replace(entry(1), roles=("coordinator",)), BOSS)
    async with production(sqlite_url, tmp_path) as console:
        relais, before, kept = console.relais, "", ""
        days = relais.settings.draft_keys_path
        for version in (1, 2, 3):
            made = roster(members=people, version=version, previous=before)
            signed = sign_roster(made, KEY)
            before = signed.digest
            async with relais.db.write() as tx:
                await install(tx, relais.settings, console.clock.ms, signed)
            await brought_into_force(relais)
            if version == 1:
                kept = (days / "roster-floor.json").read_text()
        (days / "roster-floor.json").write_text(kept)
        found = await in_force(console)
        assert found is not None
        assert found.version == 3
        assert read_floor(days).version == 3

"""The vectors of `tests/vectors`, passed by the server's own code, as they are by the browser's."""

import base64
import re
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.roster_store import install, newest
from backend.settings import Settings
from backend.vault.roster import RosterError, SignedRoster
from sealing import Context, KeyPair, SealError, open_text
from tests.backend.houses import production
from tests.vectors.make import vectors, written_down

_FILE: Final = written_down()
_ROSTERS: Final = _FILE["rosters"]
_GRANTS: Final = _FILE["grants"]
_AFTER: Final = (None, *_ROSTERS["chain"])


def signed(one: dict[str, str]) -> SignedRoster:
    """A list as the file has it: a letter a byte, long keys by their number."""
    keys = _ROSTERS["keys"]
    text = re.sub(r"<(\d)>", lambda found: keys[int(found[1])], one["document"])
    return SignedRoster(text.encode("latin-1"), base64.b64decode(one["signature"]))


async def offered(tx: AsyncConnection, settings: Settings, case: dict[str, Any]) -> str | None:
    """Why this list may not be the next here; None: it may. Nothing of it stays."""
    savepoint = await tx.begin_nested()
    try:
        await install(tx, settings, case["now"], signed(case))
    except RosterError as error:
        return error.code
    finally:
        await savepoint.rollback()
    return None


def test_the_file_is_what_would_be_written() -> None:
    """Nobody changed a vector by hand, and no format changed without them."""
    assert vectors(_FILE) == _FILE


@pytest.mark.parametrize("after", _AFTER)
async def test_the_server_believes_the_right_lists_and_no_other(
    after: str | None, sqlite_url: str, tmp_path: Path
) -> None:
    """Each list is taken, or refused for the reason that the file names."""
    names = list(_ROSTERS["chain"])
    seen = names[: names.index(after) + 1] if after else []
    async with production(sqlite_url, tmp_path, roster_root=_ROSTERS["root"]) as console:
        settings, found = console.relais.settings, {}
        for name in seen:
            async with console.relais.db.write() as tx:
                await install(tx, settings, 0, signed(_ROSTERS["chain"][name]))
                await newest(tx, settings)
        wanted = [one for one in _ROSTERS["cases"] if one["after"] == after]
        assert wanted
        for case in wanted:
            async with console.relais.db.write() as tx:
                found[case["name"]] = await offered(tx, settings, case)
        assert found == {one["name"]: one["python"] for one in wanted}


def place(of: dict[str, Any]) -> Context:
    """What a grant is bound to."""
    return Context(of["case"], of["compartment"], of["generation"], of["holder"], "grant")


def test_a_grant_opens_in_its_place() -> None:
    """The holder gets exactly the compartment's seed, which makes its public half."""
    holder = KeyPair(base64.b64decode(_GRANTS["holder_seed"]))
    sealed = base64.b64decode(_GRANTS["sealed"]["brief"])
    seed = open_text(sealed, holder, place(_GRANTS["place"]))
    assert seed == base64.b64decode(_GRANTS["seed"])
    assert KeyPair(seed).public.raw == base64.b64decode(_GRANTS["public"])


@pytest.mark.parametrize("case", _GRANTS["refused"], ids=lambda one: one["why"])
def test_a_grant_that_was_moved_or_changed_stays_closed(case: dict[str, Any]) -> None:
    """It is refused with the code that the file names."""
    holder = KeyPair(base64.b64decode(_GRANTS["holder_seed"]))
    with pytest.raises(SealError) as refused:
        open_text(base64.b64decode(case["sealed"]), holder, place(case["place"]))
    assert refused.value.code == case["code"]


def test_a_grant_opens_for_its_holder_alone() -> None:
    """In its very place it stays closed to another key."""
    other = KeyPair(base64.b64decode(_GRANTS["other_seed"]))
    with pytest.raises(SealError, match="cannot_open"):
        open_text(base64.b64decode(_GRANTS["sealed"]["brief"]), other, place(_GRANTS["place"]))

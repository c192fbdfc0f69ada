"""Grants and rosters under any input: they read back, or are refused with our own error."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.ambient import DAY
from backend.vault.compartments import COMPARTMENTS, Holder, create_compartments
from backend.vault.roster import (
    Roster,
    RosterError,
    SignedRoster,
    canonical,
    read_roster,
    sign_roster,
    vouch,
)
from sealing import Context, KeyPair, SealError, SigningKey, open_text
from tests.backend.houses import KEY, entry, roster
from tests.damage import damages

HOLDER = KeyPair(b"\x21" * 32)
IDS = st.text("0123456789abcdef", min_size=1, max_size=8)
SEEDS = st.binary(min_size=32, max_size=32)
MOMENTS = st.integers(10**9, 4 * 10**9).map(lambda seconds: seconds * 1000)
WORDS = st.text(max_size=12)
Damage = Callable[[bytes], bytes]

# -- grants -----------------------------------------------------------------------------------


@given(IDS, st.sampled_from(COMPARTMENTS), st.integers(1, 10**6), IDS, SEEDS, damages())
def test_a_grant_gives_its_seed_whole_or_nothing(
    case: str, name: str, generation: int, holder: str, seed: bytes, damage: Damage
) -> None:
    """In its place it opens to the compartment's seed; damaged it does not open."""
    to = [Holder(holder, HOLDER.public)]
    [made] = create_compartments(case, [name], to, lambda _: seed, generation=generation)
    place = Context(case, name, generation, holder, "grant")
    assert open_text(made.grants[0].sealed, HOLDER, place) == seed
    assert KeyPair(seed).public == made.public
    with pytest.raises(SealError):
        open_text(damage(made.grants[0].sealed), HOLDER, place)


@given(st.tuples(IDS, IDS, st.integers(1, 99), IDS), st.tuples(IDS, IDS, st.integers(1, 99), IDS))
def test_a_grant_opens_in_its_place_alone(
    place: tuple[str, str, int, str], other: tuple[str, str, int, str]
) -> None:
    """Another case, compartment, generation or holder: no two of them are one."""
    assume(place != other)
    case, name, generation, holder = place
    to = [Holder(holder, HOLDER.public)]
    [made] = create_compartments(case, [name], to, bytes, generation=generation)
    with pytest.raises(SealError, match="cannot_open"):
        open_text(made.grants[0].sealed, HOLDER, Context(*other, "grant"))


# -- rosters ----------------------------------------------------------------------------------


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """Any right roster of the root: names in any script, with or without the later fields."""
    issued = draw(MOMENTS)
    names = draw(st.lists(WORDS, max_size=3))
    people = tuple(
        replace(
            entry(number),
            name=name,
            organisation=draw(WORDS),
            roles=tuple(draw(st.lists(WORDS, max_size=2))),
        )
        for number, name in enumerate(names, 1)
    )
    second = SigningKey(b"\x51" * 32).public
    return roster(
        version=draw(st.integers(1, 2**53 - 1)),
        previous=draw(WORDS),
        issued_at=issued,
        valid_until=issued + draw(st.integers(0, 90)) * DAY,
        demo=draw(st.booleans()),
        members=people,
        recovery=draw(st.sampled_from((None, entry(9).kem))),
        signers=draw(st.sampled_from(((), (vouch(second, draw(WORDS), KEY.public, KEY),)))),
        revoked=draw(st.sampled_from(((), (second,)))),
        recovery_from=draw(st.none() | MOMENTS),
    )


@given(rosters())
def test_a_roster_reads_back_as_it_was_signed(made: Roster) -> None:
    """Whatever people and organisations are called."""
    assert read_roster(sign_roster(made, KEY), KEY.public) == made


@given(rosters(), damages(), st.booleans())
def test_a_roster_that_is_not_whole_is_refused(made: Roster, damage: Damage, text: bool) -> None:
    """One changed byte of the document or the signature, and nobody in it is believed."""
    whole = sign_roster(made, KEY)
    broken = (
        SignedRoster(damage(whole.document), whole.signature)
        if text
        else SignedRoster(whole.document, damage(whole.signature))
    )
    with pytest.raises(RosterError):
        read_roster(broken, KEY.public)


@given(rosters(), damages())
def test_a_damaged_document_that_is_rightly_signed_is_read_or_refused(
    made: Roster, damage: Damage
) -> None:
    """A signer's own slip is our own error, or another document in the one spelling."""
    document = damage(sign_roster(made, KEY).document)
    try:
        read_roster(SignedRoster(document, KEY.sign("roster", document)), KEY.public)
    except RosterError:
        return
    assert canonical(json.loads(document)) == document


@given(rosters(), SEEDS)
def test_a_roster_is_believed_under_its_root_alone(made: Roster, seed: bytes) -> None:
    """Any other root leads nowhere."""
    other = SigningKey(seed).public
    assume(other != KEY.public)
    with pytest.raises(RosterError):
        read_roster(sign_roster(made, KEY), other)

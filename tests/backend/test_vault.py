"""Keyring, draft keys and inbox keys: what opens, what goes dark, what the operator is told."""

from pathlib import Path

import pytest

from backend.errors import ConfigurationError
from backend.vault import DraftKeyGone, DraftKeys, InboxKeys, InboxKeyUnknown, Keyring
from backend.vault.compartments import Holder, create_compartments
from backend.vault.draft_keys import oldest_needed
from backend.vault.keyring_source import load_keyring
from sealing import Context, KeyPair, SealError, SigningKey, open_text, seal_envelope
from sealing.xwing import PublicKey
from tests.backend.worlds import counting_random


def test_a_value_opens_only_in_its_place() -> None:
    """A sealed column moved to another row, column or purpose does not open."""
    ring = Keyring({1: bytes(32)}, counting_random())
    sealed = ring.seal("addresses", b"+236", "conversations", "address", "a")
    assert ring.open("addresses", sealed, "conversations", "address", "a") == b"+236"
    with pytest.raises(SealError):
        ring.open("addresses", sealed, "conversations", "address", "b")
    with pytest.raises(SealError):
        ring.open("routing", sealed, "conversations", "address", "a")


def test_an_older_key_version_still_opens() -> None:
    """After a rotation new values use the new key, and old ones stay readable."""
    old = Keyring({1: bytes(32)}, counting_random())
    sealed = old.seal("routing", b"x", "cases")
    new = Keyring({1: bytes(32), 2: bytes([2]) * 32}, counting_random())
    assert new.open("routing", sealed, "cases") == b"x"
    assert new.seal("routing", b"x", "cases")[:2] == b"\x00\x02"
    with pytest.raises(SealError, match="key_missing"):
        old.open("routing", new.seal("routing", b"x", "cases"), "cases")


def test_a_blind_index_survives_rotation_and_differs_by_purpose() -> None:
    """An address is found again after a new key version; a token with the same text is not it."""
    old = Keyring({1: bytes(32)}, counting_random())
    new = Keyring({1: bytes(32), 2: bytes([2]) * 32}, counting_random())
    assert old.index("address", "page", "a") == new.index("address", "page", "a")
    assert old.index("address", "page", "a") != old.index("token", "page", "a")


def test_a_missing_keyring_stops_the_start(tmp_path: Path) -> None:
    """A fresh keyring would open nothing: the operator is told to mount the old one."""
    with pytest.raises(ConfigurationError, match="mount it"):
        load_keyring(tmp_path / "keyring.json", counting_random(), create=False)


def test_a_damaged_keyring_is_named(tmp_path: Path) -> None:
    """Rubbish in the file is an error that says what to do, never a new key."""
    path = tmp_path / "keyring.json"
    path.write_text('{"keys": {"1": "zz"}}')
    with pytest.raises(ConfigurationError, match="restore it"):
        load_keyring(path, counting_random(), create=True)
    assert path.read_text() == '{"keys": {"1": "zz"}}'


def test_the_keyring_file_is_private_and_kept(tmp_path: Path) -> None:
    """Made once with mode 0600; the second start reads the same one."""
    path = tmp_path / "keys" / "keyring.json"
    first = load_keyring(path, counting_random(), create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    again = load_keyring(path, counting_random(99), create=True)
    assert again.index("event", "x") == first.index("event", "x")


def test_a_destroyed_day_is_dark(tmp_path: Path) -> None:
    """Once a day's key is gone, what it sealed cannot be opened by anyone."""
    keys = DraftKeys(tmp_path, counting_random())
    sealed = keys.seal("2026-11-20", b"words", "conversations", "state", "a")
    today = keys.seal("2026-11-24", b"words", "conversations", "state", "a")
    assert keys.destroy_before("2026-11-24") == ["2026-11-20"]
    with pytest.raises(DraftKeyGone):
        keys.open("2026-11-20", sealed, "conversations", "state", "a")
    assert keys.open("2026-11-24", today, "conversations", "state", "a") == b"words"
    assert [path.name for path in tmp_path.iterdir()] == ["2026-11-24.key"]


def test_what_one_backend_destroyed_another_forgets_with_the_next_day(tmp_path: Path) -> None:
    """Only one of them runs the job; the others' memory goes dark, too."""
    one, two = DraftKeys(tmp_path, counting_random()), DraftKeys(tmp_path, counting_random(7))
    sealed = one.seal("2026-11-20", b"words", "x")
    assert two.open("2026-11-20", sealed, "x") == b"words"
    one.destroy_before("2026-11-24")
    two.seal("2026-11-24", b"words", "x")
    with pytest.raises(DraftKeyGone):
        two.open("2026-11-20", sealed, "x")


def test_two_backends_share_a_days_key(tmp_path: Path) -> None:
    """Whichever process makes the file, both open each other's drafts."""
    one, two = DraftKeys(tmp_path, counting_random()), DraftKeys(tmp_path, counting_random(7))
    sealed = one.seal("2026-11-24", b"words", "x")
    assert two.open("2026-11-24", sealed, "x") == b"words"
    assert one.open("2026-11-24", two.seal("2026-11-24", b"w2", "x"), "x") == b"w2"


@pytest.mark.parametrize(
    ("hours", "oldest"), [(72, "2026-11-20"), (1, "2026-11-22"), (25, "2026-11-21")]
)
def test_a_draft_key_lives_as_long_as_a_draft_may(hours: int, oldest: str) -> None:
    """Keys are kept for expire_after and one day more, no longer."""
    assert oldest_needed("2026-11-24", hours) == oldest


def test_inbox_keys_rotate_and_go_dark(tmp_path: Path) -> None:
    """A week's private half is kept 30 days after its end, then destroyed."""
    keys = InboxKeys(tmp_path, counting_random(), SigningKey(bytes(32)))
    published = keys.current("2026-11-24")
    assert published.key_id == "2026-W48"
    envelope = seal_envelope(
        b"{}",
        key_id=published.key_id,
        to=PublicKey(published.public),
        channel="page",
        event_id="1",
    )
    assert keys.destroy_old("2026-12-29") == []
    assert keys.open(envelope, channel="page", event_id="1") == b"{}"
    assert keys.destroy_old("2026-12-30") == ["2026-W48"]
    with pytest.raises(InboxKeyUnknown):
        keys.open(envelope, channel="page", event_id="1")


@pytest.mark.parametrize("name", ["", "../keyring", "2026-W99", "2026-W48/../x", "x" * 400])
def test_a_forged_key_name_reaches_no_file(tmp_path: Path, name: str) -> None:
    """A key id that is no week is unknown, whatever it contains."""
    keys = InboxKeys(tmp_path, counting_random(), SigningKey(bytes(32)))
    envelope = seal_envelope(
        b"{}", key_id=name, to=KeyPair(bytes(32)).public, channel="page", event_id="1"
    )
    with pytest.raises(InboxKeyUnknown):
        keys.open(envelope, channel="page", event_id="1")


def test_a_compartment_opens_for_its_holders_and_for_nobody_else() -> None:
    """Each holder gets the same seed; the server keeps the public half only."""
    alice, bob, eve = (KeyPair(bytes([n]) * 32) for n in (1, 2, 3))
    (brief,) = create_compartments(
        "case",
        ["brief"],
        [Holder("alice", alice.public), Holder("bob", bob.public)],
        counting_random(),
    )
    seeds = [
        open_text(grant.sealed, keys, Context("case", "brief", 1, grant.holder, "grant"))
        for grant, keys in zip(brief.grants, (alice, bob), strict=True)
    ]
    assert seeds[0] == seeds[1]
    assert KeyPair(seeds[0]).public == brief.public
    with pytest.raises(SealError):
        open_text(brief.grants[0].sealed, eve, Context("case", "brief", 1, "alice", "grant"))
    with pytest.raises(SealError):
        open_text(brief.grants[0].sealed, alice, Context("case", "brief", 1, "bob", "grant"))


def test_nothing_is_collected_that_nobody_can_open() -> None:
    """Without a holder no compartment is made."""
    with pytest.raises(ValueError, match="holder"):
        create_compartments("case", ["brief"], [], counting_random())

"""What a responder can write and press, and what is answered."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from backend.alerts.words import UNKNOWN, Command, read_text, read_token, verbs
from backend.database.tables import members
from conversation import Chose, Deleted, Edited, Said, Sent, Started
from i18n import CAPABILITIES, phrases, render
from tests.backend.alert_scene import ANA, BEN, EVE, Scene, edition, keys_of, open_scene


@pytest.fixture
async def scene(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """The town."""
    async with open_scene(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("take K7Q4", Command("take", "K7Q4")),
        ("  TAKE   k7q4 ", Command("take", "K7Q4")),
        ("/take K7Q4", Command("take", "K7Q4")),
        ("K7Q4 take", Command("take", "K7Q4")),
        ("prends K7Q4", Command("take", "K7Q4")),
        ("Je passe K7Q4", Command("pass", "K7Q4")),
        ("terminé K7Q4", Command("done", "K7Q4")),
        ("termine K7Q4", Command("done", "K7Q4")),
        ("1", Command("number", n=1)),
        ("٢", Command("number", n=2)),
        ("2 K7Q4", Command("number", "K7Q4", 2)),
        ("qui", Command("who")),
        ("K7Q4", Command("who", "K7Q4")),
        ("oncall on", Command("on")),
        ("de garde", Command("on")),
        ("plus de garde", Command("off")),
        ("until 18:00", Command("until", time=(18, 0))),
        ("oncall until 6:05", Command("until", time=(6, 5))),
        ("de garde jusqu’à 18h30", Command("until", time=(18, 30))),
        ("until 25:00", Command("until")),
        ("language fr", Command("language", locale="fr")),
        ("langue", Command("language")),
        ("Français", Command("language", locale="fr")),
        ("\u200etake\u00a0K7Q4\u200f", Command("take", "K7Q4")),
        ("take", Command("take")),
        ("", UNKNOWN),
        ("I would take K7Q4", UNKNOWN),
        ("4", UNKNOWN),
        ("x" * 10_000, UNKNOWN),
    ],
)
def test_words_are_understood_without_case_accents_or_unseen_characters(
    text: str, command: Command
) -> None:
    """In English and French at once."""
    assert read_text(text) == command


@given(st.text(max_size=100))
def test_no_text_and_no_token_breaks_the_reading(text: str) -> None:
    """Whatever is written or forged is read as some command or as unknown."""
    assert read_text(text).verb in {*verbs().values(), "number", "unknown"}
    assert read_token(text).verb in {*verbs().values(), "unknown"}


def test_a_forged_button_is_nothing() -> None:
    """Only buttons that alerts really have, with a code that could be one."""
    assert read_token("a:take:K7Q4") == Command("take", "K7Q4")
    for token in ("a:done:K7Q4", "a:take:", "a:off:", "q:1", "a:take:K7Q4:x", "a:take:'; DROP"):
        assert read_token(token).verb == "unknown" or not read_token(token).code


async def test_a_number_takes_only_when_exactly_one_alert_is_open(scene: Scene) -> None:
    """Two open: the bot asks which, as lines that can be pressed or written; none changes."""
    first = await scene.case()
    second = await scene.case(code="M2R5")
    replies = await scene.hears(ANA, Said("1"))
    assert keys_of(replies) == ["which_case"]
    tokens = {option.token for option in replies[0].options}
    assert tokens == {"a:take:K7Q4", "a:take:M2R5"}
    assert {(await scene.row(one)).status for one in (first, second)} == {"open"}
    assert await scene.says(ANA, "pass M2R5") == ["passed"]
    assert await scene.says(ANA, "1") == ["taken_yours"]
    assert (await scene.row(first)).taker_id == ANA


async def test_with_nothing_open_numbers_stand_for_the_buttons_of_the_taken_case(
    scene: Scene,
) -> None:
    """1 how to open it, 2 give it back; 1 never takes what is not open."""
    assert await scene.says(ANA, "take") == ["nothing_open"]
    assert await scene.says(ANA, "1") == ["mine_none"]
    await scene.case()
    await scene.says(ANA, "1")
    assert await scene.says(ANA, "1") == ["open_console"]
    assert await scene.says(ANA, "2") == ["given_back"]


async def test_mine_lists_what_is_mine_and_what_is_open(scene: Scene) -> None:
    """One line a case, with the first step's deadline or the state."""
    await scene.case()
    await scene.case(code="M2R5")
    await scene.says(ANA, "take K7Q4")
    assert await scene.says(ANA, "mine") == ["mine_first_step", "mine_line"]
    assert await scene.says(EVE, "mes demandes") == ["mine_none"]


async def test_who_names_me_my_colleagues_on_call_and_the_taker_of_a_case(scene: Scene) -> None:
    """Members' names only."""
    await scene.case()
    assert await scene.says(ANA, "who") == ["who", "team_on_call"]
    assert await scene.says(ANA, "who K7Q4") == ["mine_line"]
    await scene.says(BEN, "take K7Q4")
    assert await scene.says(ANA, "qui K7Q4") == ["taken_other"]


async def test_on_call_off_and_until_an_hour(scene: Scene) -> None:
    """Until 18:00 in the pilot's zone (UTC+1): at 17:00 UTC the shift ends by itself."""
    assert await scene.says(ANA, "oncall off") == ["oncall_off"]
    assert not await _on_call(scene, ANA)
    assert await scene.says(ANA, "until 18:00") == ["oncall_until"]
    assert await _on_call(scene, ANA)
    await scene.later(minutes=159)  # it is 14:20 UTC
    assert await _on_call(scene, ANA)
    await scene.later(minutes=1)
    assert not await _on_call(scene, ANA)


async def test_a_later_word_about_being_on_call_outlives_an_earlier_until(scene: Scene) -> None:
    """An "on" after "until" stays on; the same "until" again works again."""
    await scene.says(ANA, "until 18:00")
    await scene.says(ANA, "on")
    await scene.later(hours=4)
    assert await _on_call(scene, ANA)
    await scene.says(ANA, "until 20:00")
    await scene.says(ANA, "off")
    await scene.says(ANA, "until 20:00")
    await scene.later(hours=2)
    assert not await _on_call(scene, ANA)
    assert await scene.says(ANA, "until soon") == ["until_when"]


async def test_the_last_one_to_go_is_told(scene: Scene) -> None:
    """Nobody else of the team and no coordinator is on call."""
    for member in (BEN, EVE, "f".rjust(32, "0")):
        await scene.change_member(member, on_call=False)
    assert await scene.says(ANA, "off") == ["oncall_off_last"]


async def test_the_test_alarm_rings_on_every_messenger_like_an_alert(scene: Scene) -> None:
    """Through job and outbox, audible; "heard" is answered."""
    assert await scene.says(ANA, "test") == ["test_coming"]
    rung = await scene.inbox(ANA) + await scene.inbox(ANA, "signal")
    assert [row.purpose for _, row in rung] == ["alert", "alert"]
    assert {row.channel for _, row in rung} == {"telegram", "signal"}
    assert await scene.presses(ANA, "a:heard:") == ["test_heard"]


async def test_language_is_chosen_by_word_and_kept(scene: Scene) -> None:
    """One on offer is taken; another gets the list."""
    assert await scene.says(ANA, "language") == ["language_which"]
    assert await scene.says(ANA, "language xx") == ["language_which"]
    assert await scene.says(ANA, "language fr") == ["language_changed"]
    await scene.case()
    (_, row), *_ = await scene.inbox(ANA)
    assert row is not None
    assert await scene.says(ANA, "aide") == ["help"]


async def test_what_is_not_understood_gets_the_help(scene: Scene) -> None:
    """Unknown words, media, start and edits each have an answer; a deletion has none."""
    assert await scene.says(ANA, "hello there") == ["unknown_command", "help"]
    assert await scene.presses(ANA, "q:12:yes") == ["unknown_command", "help"]
    assert keys_of(await scene.hears(ANA, Sent("photo"))) == ["media_refused"]
    assert keys_of(await scene.hears(ANA, Started())) == ["help"]
    assert keys_of(await scene.hears(ANA, Edited("1"))) == ["unknown_command", "help"]
    assert await scene.hears(ANA, Deleted()) == []


async def test_unlink_with_one_messenger_ends_it_and_with_two_asks_for_the_console(
    scene: Scene,
) -> None:
    """A chat cannot tell which of several is meant."""
    assert await scene.says(ANA, "unlink") == ["unlink_where"]
    assert await scene.says(BEN, "unlink") == ["unlinked"]
    case_id = await scene.case()
    assert list(await scene.alerted(case_id)) == ["Ana"]


async def test_every_sentence_exists_and_has_what_it_needs(scene: Scene) -> None:
    """Rendered in every language on every channel, no reply has a gap."""
    current, locales = edition()
    await scene.case("urgent", code="M2R5", area="elsewhere", needs=("strange",))
    await scene.later(hours=3)
    await scene.says(BEN, "take M2R5")
    await scene.later(hours=2)
    await scene.case(restricted=True, code="R2S3")
    replies = [reply for one in (ANA, BEN, EVE) for reply, _ in await scene.inbox(one)]
    for text in (
        "help",
        "mine",
        "who",
        "until 9",
        "off",
        "on",
        "test",
        "language",
        "take",
        "1",
        "x",
    ):
        replies += await scene.hears(ANA, Said(text))
    replies += await scene.hears(EVE, Said("take M2R5"))
    replies += await scene.hears(EVE, Chose("a:open:M2R5"))
    replies += await scene.hears(EVE, Chose("a:conflict:M2R5"))
    for reply in replies:
        for locale in locales:
            for channel in ("telegram", "signal"):
                for bubble in render(
                    reply, locale, CAPABILITIES[channel], current.catalogues, zone="Africa/Bangui"
                ):
                    assert "…" not in bubble.text
                    assert "{" not in bubble.text


def test_the_words_of_two_commands_never_collide() -> None:
    """Reading the table would fail otherwise; and no word is a number or looks like a code."""
    assert all(not word.isdigit() for word in verbs())
    assert "responder/open_since/text" in {one.id for one in phrases.load()}


async def _on_call(scene: Scene, member: str) -> bool:
    (row,) = await scene.rows(select(members.c.on_call).where(members.c.id == member))
    return bool(row.on_call)

"""Recordings: what is to be spoken, which files may be played, and what is said of the rest."""

import contextlib
import datetime
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from i18n import Catalogues, audio, languages, ogg, spoken
from i18n.audio import Audio
from i18n.errors import AudioError
from tests.i18n.opus import opus, page

DAY = datetime.date(2026, 11, 25)
SEVEN = [f"o{n}" for n in range(1, 10)]

SOURCES = {
    "safety/safe_now/text": "Are you safe?",
    "safety/safe_now/more": "More about it.",
    "safety/safe_now/by/path/helping": "Is this person safe?",
    "safety/safe_now/options/yes": "Yes",
    "safety/safe_now/options/not_now": "Not now ✕",
    "care/long/text": "Which of these?",
    **{f"care/long/options/{one}": f"Choice {one}" for one in SEVEN},
    "services/ask/text": "May I tell {organisations}?",
    "services/ask/options/yes": "Yes",
    "engine/menu/text": "What would you like?",
    **{f"engine/menu/options/{one}": f"Thing {one}" for one in SEVEN},
    "engine/voice_button/text": "🔊",
    "engine/season/options/dry": "dry season",
    "responder/hello/text": "Hello.",
}
FRENCH = {
    "safety/safe_now/text": "Êtes-vous en sécurité ?",
    "safety/safe_now/options/yes": "Oui",
    "safety/safe_now/options/not_now": "Pas maintenant",
    "care/long/text": "Lequel ?",
}


@pytest.fixture
def texts() -> Catalogues:
    """English, a French that lacks some texts, and nothing in Arabic."""
    return Catalogues(SOURCES, {"fr": FRENCH})


def put(root: Path, name: str, data: bytes) -> Path:
    """A file below the folder of recordings."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def accept(root: Path, texts: Catalogues, locale: str) -> tuple[str, ...]:
    """Accept what is new, as the command does."""
    text, taken = Audio.load(root).accept(texts, locale, "Anna", DAY)
    (root / locale / audio.INDEX).write_text(text, encoding="utf-8")
    return taken


def codes(root: Path, texts: Catalogues, locale: str = "en") -> set[str]:
    """Codes of what is wrong, without what is only missing."""
    found = Audio.load(root).findings(texts, locale)
    return {one.code for one in found} - {"AUD001"}


def of(texts: Catalogues, locale: str, message_id: str) -> spoken.Spoken:
    """The first page of a message."""
    return spoken.of_message(texts, locale, message_id)[0]


def test_a_question_is_spoken_with_its_choices(texts: Catalogues) -> None:
    """Question, then number and label of each choice, in plain sentences without signs."""
    one = of(texts, "en", "safety/safe_now/text")
    assert one.text == "Are you safe? 1. Yes. 2. Not now."
    assert one.file == "safety/safe_now.ogg"
    assert one.options == ("yes", "not_now")
    assert one.sha256 == hashlib.sha256(one.text.encode()).hexdigest()


def test_numbers_are_those_of_the_language(texts: Catalogues) -> None:
    """The script of a language without any text yet shows the source under its own digits."""
    assert of(texts, "ar", "safety/safe_now/text").text == "Are you safe? ١. Yes. ٢. Not now."


def test_another_wording_is_spoken_with_the_same_choices(texts: Catalogues) -> None:
    """A question's wording for another path has its own recording, choices included."""
    one = of(texts, "en", "safety/safe_now/by/path/helping")
    assert one.text == "Is this person safe? 1. Yes. 2. Not now."
    assert one.file == "safety/safe_now.by.path.helping.ogg"
    assert of(texts, "en", "safety/safe_now/more").text == "More about it."


def test_a_long_list_is_spoken_page_by_page(texts: Catalogues) -> None:
    """Choices 8 and 9 stand in a recording of their own; the engine's menu is never split."""
    first, second = spoken.of_message(texts, "en", "care/long/text")
    assert first.text.startswith("Which of these? 1. Choice o1.")
    assert (second.file, second.first, second.options) == ("care/long.2.ogg", 8, ("o8", "o9"))
    assert second.text == "8. Choice o8. 9. Choice o9."
    (menu,) = spoken.of_message(texts, "en", "engine/menu/text")
    assert len(menu.options) == 9


def test_what_cannot_be_recorded_is_not_expected(texts: Catalogues) -> None:
    """Texts with names, signs, lists alone and what responders read have no recording."""
    files = {one.file for one in spoken.expected(texts, "en")}
    assert files == {
        "safety/safe_now.ogg",
        "safety/safe_now.more.ogg",
        "safety/safe_now.by.path.helping.ogg",
        "care/long.ogg",
        "care/long.2.ogg",
        "engine/menu.ogg",
    }
    assert spoken.unspeakable(texts) == ("services/ask/text",)


def test_half_translated_questions_wait(texts: Catalogues) -> None:
    """A question whose choices are not all translated is no recording of that language."""
    assert [one.file for one in spoken.expected(texts, "fr")] == ["safety/safe_now.ogg"]


@pytest.mark.parametrize("locale", ["en", "fr"])
def test_shipped_questions_have_files_of_their_own(locale: str) -> None:
    """No two recordings of the shipped texts share a file, and none is silent."""
    from launch.locale import _chat

    found = spoken.expected(Catalogues.load(_chat()), locale)
    assert len(found) > 150
    assert len({one.file for one in found}) == len(found)
    assert all(one.text for one in found)


def test_only_accepted_words_are_played(tmp_path: Path, texts: Catalogues) -> None:
    """A new file is silent; accepted it plays; when the words change it is stale and silent."""
    put(tmp_path, "en/safety/safe_now.ogg", opus())
    one = of(texts, "en", "safety/safe_now/text")
    assert Audio.load(tmp_path).find(one) is None
    assert codes(tmp_path, texts) == {"AUD006"}
    assert accept(tmp_path, texts, "en") == ("safety/safe_now.ogg",)
    library = Audio.load(tmp_path)
    voice = library.find(one)
    assert voice is not None
    assert voice.read() == opus()
    assert voice.sha256 == hashlib.sha256(opus()).hexdigest()
    assert voice.accepted is not None
    assert (voice.accepted.speaker, voice.accepted.date) == ("Anna", "2026-11-25")
    assert codes(tmp_path, texts) == set()
    assert library.locales(texts) == ("en",)

    changed = Catalogues(SOURCES | {"safety/safe_now/options/yes": "Yes, I am"}, {"fr": FRENCH})
    assert library.find(of(changed, "en", "safety/safe_now/text")) is None
    assert codes(tmp_path, changed) == {"AUD002"}
    assert library.locales(changed) == ()


def test_a_stale_recording_is_not_accepted_by_itself(tmp_path: Path, texts: Catalogues) -> None:
    """Accepting again does not renew old bytes; a new file does."""
    path = put(tmp_path, "en/safety/safe_now.ogg", opus())
    accept(tmp_path, texts, "en")
    changed = Catalogues(SOURCES | {"safety/safe_now/text": "Are you safe here?"}, {})
    assert accept(tmp_path, changed, "en") == ()
    assert codes(tmp_path, changed) == {"AUD002"}
    path.write_bytes(opus(2))
    assert codes(tmp_path, changed) == {"AUD006"}
    assert accept(tmp_path, changed, "en") == ("safety/safe_now.ogg",)
    assert codes(tmp_path, changed) == set()


def test_a_replaced_file_is_silent(tmp_path: Path, texts: Catalogues) -> None:
    """Bytes that nobody accepted are not played, even under an accepted name."""
    path = put(tmp_path, "en/safety/safe_now.ogg", opus())
    accept(tmp_path, texts, "en")
    path.write_bytes(opus(tag="another"))
    assert Audio.load(tmp_path).find(of(texts, "en", "safety/safe_now/text")) is None


def test_another_language_is_never_played(tmp_path: Path, texts: Catalogues) -> None:
    """French does not fall back to the English recording."""
    put(tmp_path, "en/safety/safe_now.ogg", opus())
    accept(tmp_path, texts, "en")
    assert Audio.load(tmp_path).find(of(texts, "fr", "safety/safe_now/text")) is None


def test_left_over_files_and_lines_are_told(tmp_path: Path, texts: Catalogues) -> None:
    """A file for no text, a file that is no recording and a line without a file have codes."""
    path = put(tmp_path, "en/safety/safe_now.ogg", opus())
    put(tmp_path, "en/safety/gone.ogg", opus())
    accept(tmp_path, texts, "en")
    path.unlink()
    put(tmp_path, "en/safety/safe_now.mp3", b"ID3")
    assert codes(tmp_path, texts) == {"AUD003", "AUD004", "AUD007"}
    accept(tmp_path, texts, "en")
    assert codes(tmp_path, texts) == {"AUD003", "AUD004"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "AUD004"),
        (b"RIFF" * 20, "AUD004"),
        (opus()[:-1], "AUD004"),
        (opus() + b"x", "AUD004"),
        (opus() + opus(), "AUD004"),
        (page([b"\x01vorbis" + bytes(20)], 0, 2, 0), "AUD004"),
        (opus(0), "AUD004"),
        (opus(4, padding=120), "AUD005"),
        (opus(90, padding=40), "AUD005"),
    ],
)
def test_faulty_files_are_told_and_silent(
    tmp_path: Path, texts: Catalogues, data: bytes, code: str
) -> None:
    """What is no whole Opus stream, or too large for a cheap phone, is named and never played."""
    put(tmp_path, "en/safety/safe_now.ogg", data)
    assert accept(tmp_path, texts, "en") == ()
    assert codes(tmp_path, texts) == {code}
    assert Audio.load(tmp_path).find(of(texts, "en", "safety/safe_now/text")) is None


def test_how_long_a_recording_is() -> None:
    """Its length comes from the last position, less what a player leaves out."""
    assert ogg.duration(opus(1)) == pytest.approx(1)
    assert ogg.duration(opus(2.5)) == pytest.approx(2.5)


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(1, 255))
def test_any_bytes_are_a_length_or_a_fault(data: bytes, at: int, change: int) -> None:
    """Random and damaged bytes raise nothing but the fault."""
    good = bytearray(opus())
    good[at % len(good)] ^= change
    for one in (data, bytes(good)):
        with contextlib.suppress(ogg.NotOpus):
            assert ogg.duration(one) > 0


def test_a_broken_index_is_told(tmp_path: Path) -> None:
    """An index that cannot be read, or lacks a field, is one finding and no traceback."""
    for text in ("[", '["a"]\ntext = "x"\n'):
        put(tmp_path, f"en/{audio.INDEX}", text.encode())
        with pytest.raises(AudioError, match="AUD008"):
            Audio.load(tmp_path)


def test_nothing_recorded_is_no_fault(tmp_path: Path, texts: Catalogues) -> None:
    """Without a folder every recording is missing, which is a warning, and nothing plays."""
    library = Audio.load(tmp_path / "none")
    found = list(library.findings(texts, "en"))
    assert {one.code for one in found} == {"AUD001"}
    assert {one.level for one in found} == {"warning"}
    assert library.locales(texts) == ()


def test_what_ships_is_sound() -> None:
    """Recordings that ship have no error in any language."""
    from launch.locale import _chat

    catalogues = Catalogues.load(_chat())
    found = [f for locale in languages() for f in audio.packaged().findings(catalogues, locale)]
    assert [str(f) for f in found if f.level == "error"] == []

"""What is sent with a reply to a person who listens or looks."""

import datetime
import hashlib
from pathlib import Path

import pytest

from conversation.replies import Name, Option, Part, Ref, Reply
from i18n import Catalogues, audio, pictures
from i18n.attachments import Attachment, attachments
from i18n.audio import Audio
from i18n.drawings import packaged
from tests.i18n.opus import opus
from tests.i18n.test_audio import FRENCH, SEVEN, SOURCES, put

SAFE = "safety/safe_now"


@pytest.fixture
def texts() -> Catalogues:
    """The texts of the recordings' tests."""
    return Catalogues(SOURCES, {"fr": FRENCH})


@pytest.fixture
def library(tmp_path: Path, texts: Catalogues) -> Audio:
    """Every English recording, each with bytes of its own, all accepted."""
    for n, one in enumerate(Audio().findings(texts, "en")):
        put(tmp_path, one.file.removeprefix("i18n/audio/"), opus(1 + n))
    text, taken = Audio.load(tmp_path).accept(texts, "en", "Anna", datetime.date(2026, 11, 25))
    assert len(taken) == 6
    (tmp_path / "en" / audio.INDEX).write_text(text, encoding="utf-8")
    return Audio.load(tmp_path)


def reply(*ids: str, base: str = SAFE, text: str = "text", first: int = 1) -> Reply:
    """A question with these options."""
    options = tuple(Option(f"nonce:{one}", Ref(f"{base}/options/{one}")) for one in ids)
    return Reply((Part(f"{base}/{text}"),), options, first=first)


def sent(shown: Reply, texts: Catalogues, library: Audio) -> tuple[Attachment, ...]:
    """Its recordings."""
    return attachments(shown, "en", texts, voice=True, pictures=False, audio=library)


def file_of(library: Audio, name: str) -> bytes:
    """The bytes of a recording."""
    return library.voices["en"][name].read()


def test_nothing_is_sent_unasked(texts: Catalogues, library: Audio) -> None:
    """Without voice or pictures there is nothing."""
    shown = reply("yes", "not_now")
    assert attachments(shown, "en", texts, voice=False, pictures=False, audio=library) == ()


def test_picture_and_voice_have_neutral_names(texts: Catalogues, library: Audio) -> None:
    """The recording comes first, then the picture; names tell nothing, hashes fit, none prints."""
    shown = reply("yes", "not_now")
    one, two = attachments(shown, "en", texts, voice=True, pictures=True, audio=library)
    assert (one.kind, one.mime, one.name) == ("audio", "audio/ogg", "1.ogg")
    assert (two.kind, two.mime, two.name) == ("image", "image/webp", "2.webp")
    assert one.data == file_of(library, "safety/safe_now.ogg")
    cells = [(1, "home_safe"), (2, "phone_off")]
    assert two.data == pictures.numbered(cells, texts.languages["en"])
    for each in (one, two):
        assert each.sha256 == hashlib.sha256(each.data).hexdigest()
        assert "data" not in repr(each)


def test_numbers_go_on_from_page_to_page(texts: Catalogues) -> None:
    """The second page's picture begins with its own number."""
    shown = reply("yes", base="care/q", first=8)
    (image,) = attachments(shown, "en", texts, voice=False, pictures=True)
    assert image.data == pictures.numbered([(8, "yes")], texts.languages["en"])


def test_lists_without_any_drawing_have_no_picture(texts: Catalogues) -> None:
    """Names of places, and acts of violence, are not turned into a picture of numbers."""
    names = Reply((Part(f"{SAFE}/text"),), (Option("n:a", Name("Town")),))
    acts = reply("penetration", "other", base="acts/acts")
    for shown in (names, acts, Reply((Part(f"{SAFE}/text"),))):
        assert attachments(shown, "en", texts, voice=False, pictures=True) == ()


def test_a_list_that_differs_is_not_spoken(texts: Catalogues, library: Audio) -> None:
    """With an option left out, added or moved, spoken numbers would be wrong: nothing plays."""
    assert len(sent(reply("yes", "not_now"), texts, library)) == 1
    for ids in (("yes",), ("not_now", "yes"), ("yes", "not_now", "third"), ()):
        assert sent(reply(*ids), texts, library) == ()
    assert sent(reply("yes", "not_now", first=2), texts, library) == ()


def test_each_page_has_its_recording(texts: Catalogues, library: Audio) -> None:
    """A long list's pages play their own files; a menu of nine plays whole."""
    first = sent(reply(*SEVEN[:7], base="care/long"), texts, library)
    second = sent(reply(*SEVEN[7:], base="care/long", first=8), texts, library)
    menu = sent(reply(*SEVEN, base="engine/menu"), texts, library)
    names = ("care/long.ogg", "care/long.2.ogg", "engine/menu.ogg")
    assert [one.data for one in (*first, *second, *menu)] == [file_of(library, n) for n in names]


def test_another_wording_plays_with_its_choices(texts: Catalogues, library: Audio) -> None:
    """A helper hears the helper's wording."""
    shown = reply("yes", "not_now", text="by/path/helping")
    (one,) = sent(shown, texts, library)
    assert one.data == file_of(library, "safety/safe_now.by.path.helping.ogg")


def test_several_parts_are_spoken_in_their_order(texts: Catalogues, library: Audio) -> None:
    """What is said before the question is heard before it; texts with names stay silent."""
    ids = (f"{SAFE}/more", "services/ask/text", "no/such/text", f"{SAFE}/text")
    shown = Reply(tuple(map(Part, ids)), reply("yes", "not_now").options)
    found = sent(shown, texts, library)
    assert [one.name for one in found] == ["1.ogg", "2.ogg"]
    wanted = ("safety/safe_now.more.ogg", "safety/safe_now.ogg")
    assert [one.data for one in found] == [file_of(library, n) for n in wanted]


def test_no_recording_in_another_language(texts: Catalogues, library: Audio) -> None:
    """A French reader gets the picture, and no English voice."""
    shown = reply("yes", "not_now")
    found = attachments(shown, "fr", texts, voice=True, pictures=True, audio=library)
    assert [one.kind for one in found] == ["image"]


def test_a_file_that_vanished_or_changed_is_left_out(texts: Catalogues, library: Audio) -> None:
    """Between the check and the sending nothing unknown slips in, and nothing raises."""
    path = library.voices["en"]["safety/safe_now.ogg"].path
    path.write_bytes(opus(3, tag="other words"))
    assert sent(reply("yes", "not_now"), texts, library) == ()
    path.unlink()
    assert sent(reply("yes", "not_now"), texts, library) == ()


def test_unknown_languages_and_texts_raise_nothing() -> None:
    """A locale or a text that nobody knows gives what can be given."""
    shown = reply("yes", "unheard_of")
    found = attachments(shown, "tlh", Catalogues({}, {}), voice=True, pictures=True)
    assert [one.kind for one in found] == ["image"]
    assert packaged().of("safety/safe_now/options/unheard_of") is None

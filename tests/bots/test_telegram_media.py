"""Files both ways on Telegram: what people send is fetched, what we show is shown once."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.bots.fake_backend import FakeBackend
from tests.bots.slow_world import until
from tests.bots.telegrams import Telegrams, telegrams
from tests.e2e.fake_bot_api import TOKEN

DATA = b"\x00\r\n\xff" * 60_000
IMAGE, VOICE = b"RIFF\r\n\x00WEBP-picture", b"OggS\n\x00voice"
BUTTONS = [[{"text": "Yes", "token": "t1"}]]


def answer_nothing(_inbound: dict[str, Any]) -> list[dict[str, Any]]:
    """A script that answers nothing."""
    return []


async def test_each_kind_of_file(tmp_path: Path) -> None:
    """Every kind of file that Telegram has arrives whole, under one of our four kinds."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend) as run:
        kinds = {
            "photo": ("photo", "image/jpeg"),
            "video": ("video", "video/quicktime"),
            "video_note": ("video", "video/mp4"),
            "voice": ("voice", "audio/ogg"),
            "audio": ("voice", "audio/mp4"),
            "animation": ("video", "video/mp4"),
            "document": ("document", "application/pdf"),
        }
        for name, (_, mime) in kinds.items():
            if name == "photo":
                run.telegram.photo(7, DATA + b"photo", caption="what I saw")
                continue
            said = {} if name == "video_note" else {"mime_type": mime}
            one = run.telegram.file(DATA + name.encode(), file_name="SENTINEL.xyz", **said)
            more = {"document": one} if name == "animation" else {}
            run.telegram.send(7, {name: one} | more)
        await until(lambda: len(backend.received) == 7)
        kept = list(backend.files.values())
        assert [file.data for file in kept] == [DATA + name.encode() for name in kinds]
        assert [(file.kind, file.mime) for file in kept] == list(kinds.values())
        assert [inbound["media"] for _, inbound in backend.received] == [
            k for k, _ in kinds.values()
        ]
        assert backend.received[0][1]["text"] == "what I saw"
        assert "SENTINEL" not in str(backend.received)


async def test_an_album_is_messages_in_their_order(tmp_path: Path) -> None:
    """Photos sent together arrive as they were ordered, the caption with the first."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend) as run:
        for n in range(5):
            more = {"caption": "all of it"} if n == 0 else {}
            run.telegram.photo(7, bytes([n]) * 1000, media_group_id="g1", **more)
        run.telegram.write(7, "after")
        await until(lambda: len(backend.received) == 6)
        assert backend.files_in_order() == [bytes([n]) * 1000 for n in range(5)]
        assert backend.texts("7") == ["all of it", *["None"] * 4, "after"]


async def test_what_is_not_kept_names_no_file(tmp_path: Path) -> None:
    """Stickers, contacts, polls and dice are told apart, and nothing of them is fetched."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend) as run:
        run.telegram.send(7, {"sticker": run.telegram.file(b"sticker")})
        for name in ("contact", "poll", "dice", "story"):
            run.telegram.send(7, {name: {"x": 1}})
        await until(lambda: len(backend.received) == 5)
        kinds = [inbound["media"] for _, inbound in backend.received]
        assert kinds == ["sticker", "contact", "poll", "dice", "story"]
        assert set(map(str, backend.named.values())) == {"None"}
        assert run.telegram.made("getFile") == []


async def test_a_place_is_two_numbers(tmp_path: Path) -> None:
    """Of a location or a venue the position goes, sealed, and nothing else of it."""
    backend = FakeBackend(script=answer_nothing)
    spot = {"latitude": 4.3667, "longitude": 18.5833, "horizontal_accuracy": 5, "heading": 9}
    async with telegrams(tmp_path, backend) as run:
        message = run.telegram.send(7, {"location": spot | {"live_period": 900}})
        venue = {"location": spot, "title": "SENTINEL", "address": "SENTINEL"}
        run.telegram.send(7, {"venue": venue, "location": spot})
        moved = {"message_id": message, "chat": {"id": 7, "type": "private"}, "location": spot}
        run.telegram.push({"edited_message": moved | {"date": 1, "edit_date": 2}})
        run.telegram.send(7, {"location": {"latitude": "north"}})
        await until(lambda: len(backend.received) == 3)
        for _, inbound in backend.received[:2]:
            assert (inbound["kind"], inbound["media"]) == ("media", "location")
            assert (inbound["latitude"], inbound["longitude"]) == (4.3667, 18.5833)
        broken = backend.received[2][1]
        assert broken["media"] == "location"
        assert "latitude" not in broken
        assert "SENTINEL" not in str(backend.received)
        assert set(map(str, backend.named.values())) == {"None"}


@pytest.mark.parametrize(
    ("faults", "refused"),
    [
        (["gone"], "gone"),
        (["expired"], "gone"),
        (["temporarily", "cut", "broken"], None),
        (["flood", "flood"], None),
    ],
    ids=["gone", "expired", "breaking", "flood"],
)
async def test_faults_of_the_file_server(
    tmp_path: Path, faults: list[str], refused: str | None
) -> None:
    """A file that is gone is said to be; whatever passes is tried again until it is whole."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend, slow=True) as run:
        voice = run.telegram.file(DATA)
        run.telegram.file_faults[voice["file_id"]] = list(faults)
        run.telegram.send(7, {"voice": voice})
        run.telegram.write(7, "after")
        await run.clock.advance_until(lambda: len(backend.received) == 2)
        (named, after) = (backend.named[event_id] for event_id, _ in backend.received)
        assert after is None
        if refused:
            assert named == {"refused": refused}
        else:
            assert backend.files_in_order() == [DATA]


async def test_what_is_too_large_is_not_fetched(tmp_path: Path) -> None:
    """Over 20 MB Telegram gives nothing out, and nothing is asked; of a photo a smaller size is."""
    backend = FakeBackend(script=answer_nothing)
    big = 21 * 1024 * 1024
    async with telegrams(tmp_path, backend) as run:
        run.telegram.send(7, {"video": run.telegram.file(b"x", file_size=big)})
        small, large = run.telegram.file(b"small"), run.telegram.file(b"x", file_size=big)
        run.telegram.send(7, {"photo": [small, large]})
        run.telegram.send(7, {"document": {"no": "id"}})
        await until(lambda: len(backend.received) == 3)
        assert list(backend.named.values()) == [
            {"refused": "too_large"},
            {"id": "f1"},
            {"refused": "gone"},
        ]
        assert backend.files_in_order() == [b"small"]


async def test_the_token_is_never_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file's address holds the bot's token: no log line has it, whatever goes wrong."""
    backend = FakeBackend(script=answer_nothing)
    async with telegrams(tmp_path, backend, slow=True) as run:
        voice = run.telegram.file(DATA)
        run.telegram.file_faults[voice["file_id"]] = ["cut", "broken", "expired"]
        run.telegram.send(7, {"voice": voice})
        await run.clock.advance_until(lambda: len(backend.received) == 1)
    printed = "".join(capfd.readouterr())
    assert "file_failed" in printed
    assert TOKEN.partition(":")[2] not in printed
    assert voice["file_id"] not in printed


# -- out -----------------------------------------------------------------------------------------


def both(backend: FakeBackend) -> list[dict[str, str]]:
    """A picture and a voice."""
    return [
        backend.attached("image", "image/webp", IMAGE),
        backend.attached("audio", "audio/ogg", VOICE),
    ]


async def shown_after(run: Telegrams, **body: Any) -> list[str]:
    """Queue, wait until it is sent; the message ids of the receipt."""
    job = run.backend.queue("7", text="Are you safe?", buttons=BUTTONS, **body)
    await until(lambda: run.backend.job(job).status == "sent")
    ids: list[str] = run.backend.job(job).settled["message_ids"]
    return ids


async def test_picture_and_voice_come_before_the_words(tmp_path: Path) -> None:
    """Silent and protected, first; the words with their buttons at the bottom, first in the ids."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        ids = await shown_after(run, attachments=both(backend))
        picture, voice, words = run.telegram.shown(7)
        assert (picture.attached, voice.attached) == (IMAGE, VOICE)
        assert picture.silent
        assert picture.protected
        assert voice.protected
        assert (words.text, words.buttons[0][0]["text"]) == ("Are you safe?", "Yes")
        assert ids == [str(m.message_id) for m in (words, picture, voice)]


async def test_bytes_go_up_once(tmp_path: Path) -> None:
    """The second time, to anybody, Telegram's own id is enough; a lost id is uploaded anew."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        attachments = both(backend)
        await shown_after(run, attachments=attachments)
        for one in attachments:
            backend.lose(one["sha256"])
        other = backend.queue("8", text="again", attachments=attachments)
        await until(lambda: backend.job(other).status == "sent")
        assert [m.attached for m in run.telegram.shown(8)] == [IMAGE, VOICE, b""]
        run.telegram._files.clear()
        third = backend.queue("8", text="once more", attachments=both(backend))
        await until(lambda: backend.job(third).status == "sent")
        assert [m.attached for m in run.telegram.shown(8)][3:] == [IMAGE, VOICE, b""]


@pytest.mark.parametrize("trouble", ["refused", "not to be had", "other bytes", "unknown kind"])
async def test_the_words_never_wait_for_a_picture(tmp_path: Path, trouble: str) -> None:
    """What cannot be shown is left out and counted; the words and the buttons come."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        attachment = backend.attached("image", "image/webp", IMAGE)
        if trouble == "refused":
            run.telegram.refuse_uploads = True
        elif trouble == "not to be had":
            backend.lose(attachment["sha256"])
        elif trouble == "other bytes":
            backend._attached[attachment["sha256"]] = b"forged"
        else:
            attachment["kind"] = "hologram"
        ids = await shown_after(run, attachments=[attachment])
        assert run.telegram.texts(7) == ["Are you safe?"]
        assert len(ids) == 1
        assert run.relay.health.metrics.attachments.labels("left_out")._value.get() == 1


async def test_a_pause_in_the_middle_shows_nothing_twice(tmp_path: Path) -> None:
    """Asked to wait between picture and words, the bot goes on with the words."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend, slow=True) as run:
        run.telegram.flood[7] = [2]
        attachments = [backend.attached("image", "image/webp", IMAGE)]
        job = backend.queue("7", text="first", attachments=attachments)
        await run.clock.advance_until(lambda: backend.job(job).status == "sent")
        run.telegram.fail_next["sendMessage"] = 0
        assert [m.attached for m in run.telegram.shown(7)] == [IMAGE, b""]
        run.telegram.blocked.add(8)
        gone = backend.queue("8", text="never", attachments=attachments)
        await run.clock.advance_until(lambda: backend.job(gone).status == "failed")
        assert backend.job(gone).settled["reason"] == "blocked"


async def test_words_that_fail_after_the_picture(tmp_path: Path) -> None:
    """The try that repeats the words does not repeat the picture."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend, slow=True) as run:
        run.telegram.fail_next["sendMessage"] = 1
        attachments = [backend.attached("image", "image/webp", IMAGE)]
        job = backend.queue("7", text="first", attachments=attachments)
        await run.clock.advance_until(lambda: backend.job(job).status == "sent")
        assert len(run.telegram.made("sendPhoto")) == 1
        assert len(run.telegram.made("sendMessage")) == 2


async def test_a_tick_edits_the_words_alone(tmp_path: Path) -> None:
    """With the same picture the words change in place, and the receipt keeps every id."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        attachments = both(backend)
        target = await shown_after(run, attachments=attachments)
        ids = await shown_after(run, kind="edit", target=target, attachments=attachments, lang="en")
        assert ids == target
        assert len(run.telegram.shown(7)) == 3


async def test_another_page_has_another_picture(tmp_path: Path) -> None:
    """An edit whose pictures changed, or may have, is shown anew: no number beside a wrong one."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        numbers = itertools.count()

        def picture() -> list[dict[str, str]]:
            return [backend.attached("image", "image/webp", b"page %d" % next(numbers))]

        target = await shown_after(run, attachments=picture())
        ids = await shown_after(run, kind="edit", target=target, attachments=picture())
        assert not set(ids) & set(target)
        assert [m.attached for m in run.telegram.shown(7)] == [b"page 1", b""]
        await shown_after(run, kind="edit", target=ids)
        assert [m.attached for m in run.telegram.shown(7)] == [b""]


async def test_forgetting_takes_the_pictures_too(tmp_path: Path) -> None:
    """Every message that a delivery made is among the ids that quick exit deletes."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        target = await shown_after(run, attachments=both(backend))
        forget = backend.queue("7", kind="forget", target=target, text="")
        await until(lambda: backend.job(forget).status == "sent")
        assert run.telegram.shown(7) == []

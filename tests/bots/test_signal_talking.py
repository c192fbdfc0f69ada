"""What people do on Signal, as the backend reads it, and what the bot does there."""

from pathlib import Path
from typing import Any

import pytest

from tests.bots.fake_backend import FakeBackend
from tests.bots.signals import signals
from tests.bots.slow_world import until
from tests.e2e.fake_signal import NUMBER, FakeSignal, envelope

HER = "6f0c1a52-6f5e-4f6e-9a55-0d9b4f6f0001"
OTHER = "6f0c1a52-6f5e-4f6e-9a55-0d9b4f6f0002"


def nothing(_inbound: dict[str, Any]) -> list[dict[str, Any]]:
    """A script that answers nothing."""
    return []


async def test_words_go_both_ways(tmp_path: Path) -> None:
    """By the account's id (her number is hidden); an answer comes from the number she wrote to."""
    backend = FakeBackend()
    async with signals(tmp_path, backend) as run:
        stamp = run.signal.write(HER, "hello")
        await until(lambda: run.signal.texts(HER) == ["you said hello"])
        (_, inbound) = backend.received[0]
        assert (inbound["kind"], inbound["text"], inbound["address"]) == ("text", "hello", HER)
        assert inbound["message_id"] == str(stamp)
        assert inbound["sent_at"].startswith("2026-09-21T14:13:2")
        (job,) = backend.jobs.values()
        await until(lambda: job.status == "sent")
        tag = run.adapter._accounts.tag(NUMBER)
        assert job.settled["message_ids"] == [f"o{run.signal.shown(HER)[0].timestamp}@{tag}"]


async def test_each_kind_of_event(tmp_path: Path) -> None:
    """Edit, deletion, sticker, contact card, poll, call, reaction, place: each as its kind."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        signal = run.signal
        first = signal.write(HER, "hello")
        signal.edit(HER, first, "hello again")
        signal.take_back(HER, first)
        signal.send(HER, {"sticker": {"packId": "p", "stickerId": 1}})
        signal.send(HER, {"contacts": [{"name": {"display": "x"}}]})
        vote = {"authorNumber": "+1", "targetSentTimestamp": 5, "voteCount": 1}
        signal.send(HER, {"pollVote": vote | {"optionIndexes": [0]}})
        signal.frame(envelope(HER, 5, callMessage={"offerMessage": {"id": 1, "type": "audio"}}))
        reaction = {"emoji": "x", "targetSentTimestamp": 1, "isRemove": False, "targetAuthor": "+1"}
        signal.send(HER, {"reaction": reaction})
        place = "https://maps.google.com/maps?q=4.361%2C18.555"
        signal.write(HER, f"Home\n{place}")
        signal.write(HER, f"They took her here {place} and I saw it")
        await until(lambda: len(backend.received) == 10)
        kinds = [(one["kind"], one.get("media")) for _, one in backend.received]
        assert kinds == [
            *(("text", None), ("edit", None), ("delete", None), ("media", "sticker")),
            *(("media", "contact"), ("media", "poll"), ("media", "other"), ("media", "other")),
            *(("media", "location"), ("text", None)),
        ]
        events = [one for _, one in backend.received]
        assert (events[1]["text"], events[1]["message_id"]) == ("hello again", str(first))
        assert events[2]["message_id"] == str(first)
        assert (events[8]["latitude"], events[8]["longitude"]) == (4.361, 18.555)
        assert events[8]["text"] == "Home"
        assert events[9]["text"] == f"They took her here {place} and I saw it"


async def test_what_concerns_nobody_is_passed_over(tmp_path: Path) -> None:
    """Receipts, typing, stories, a changed timer, and what is typed on a linked phone of ours."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        signal = run.signal
        signal.frame(
            envelope(
                HER,
                1,
                receiptMessage={"when": 1, "isDelivery": True, "isRead": False, "isViewed": False},
            )
        )
        signal.frame(envelope(HER, 2, typingMessage={"action": "STARTED", "timestamp": 2}))
        signal.frame(envelope(HER, 3, storyMessage={"allowsReplies": False}))
        signal.send(HER, {"isExpirationUpdate": True, "expiresInSeconds": 60})
        sent = {"destinationUuid": HER, "timestamp": 4, "message": "typed on our own phone"}
        signal.frame(envelope("+15550000001", 4, syncMessage={"sentMessage": sent}))
        signal.write(HER, "hello")
        await until(lambda: backend.texts(HER) == ["hello"])
        assert len(backend.received) == 1
        await until(lambda: frames_left(run.relay) == 0)


def frames_left(relay: Any) -> int:
    """Frames in the spool that are not done with."""
    query = "SELECT count(*) FROM frames"
    count: int = relay._spool._connection.execute(query).fetchone()[0]
    return count


async def test_read_receipt_and_timer_follow_the_spool(tmp_path: Path) -> None:
    """The tick "read" comes for each message once it is kept; the timer once for each person."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        stamps = [run.signal.write(HER, str(number)) for number in range(3)]
        await until(lambda: len(run.signal.made("sendReceipt")) == 3)
        told = [call.parameters["targetTimestamp"][0] for call in run.signal.made("sendReceipt")]
        assert sorted(told) == stamps
        await until(lambda: len(run.signal.made("updateContact")) >= 1)
        (timer,) = run.signal.made("updateContact")
        assert timer.parameters["expiration"] == 168 * 3600
        assert timer.parameters["recipient"] == HER


@pytest.mark.parametrize(
    ("mime", "kind"),
    [
        ("image/jpeg", "photo"),
        ("audio/aac", "voice"),
        ("video/mp4", "video"),
        ("application/pdf", "document"),
    ],
)
async def test_a_file_arrives_and_the_daemons_copy_goes(
    tmp_path: Path, mime: str, kind: str
) -> None:
    """Byte for byte at the backend; once its turn is taken, no copy is left in the clear."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        data = bytes(range(256)) * 500
        run.signal.send(HER, {"message": "look", "attachments": [run.signal.file(data, mime)]})
        await until(lambda: len(backend.received) == 1)
        (_, inbound) = backend.received[0]
        assert (inbound["kind"], inbound["media"], inbound["text"]) == ("media", kind, "look")
        (file,) = backend.files.values()
        assert file.data == data
        folder = run.signal.attachments
        assert folder is not None
        await until(lambda: not list(folder.iterdir()))


async def test_an_album_is_one_event_for_each_file(tmp_path: Path) -> None:
    """Three pictures with one caption: three files, the words with the first."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        files = [run.signal.file(bytes([n]) * 9, "image/jpeg") for n in (1, 2, 3)]
        run.signal.send(HER, {"message": "three", "attachments": files})
        await until(lambda: len(backend.received) == 3)
        assert [one.get("text") for _, one in backend.received] == ["three", None, None]
        assert sorted(file.data for file in backend.files.values()) == [
            bytes([n]) * 9 for n in (1, 2, 3)
        ]


async def test_long_words_come_whole(tmp_path: Path) -> None:
    """Words over 2,000 bytes travel as a file: they arrive as words."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        words = "word " * 3_000
        file = run.signal.file(words.encode(), "text/x-signal-plain")
        run.signal.send(HER, {"message": words[:2000], "attachments": [file]})
        await until(lambda: len(backend.received) == 1)
        assert backend.texts(HER) == [words]


async def test_a_file_that_is_not_there_is_refused_not_lost(tmp_path: Path) -> None:
    """Its message arrives, and says that the file is gone; a name from outside opens nothing."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        for name in ("missing.bin", "../../etc/passwd"):
            file = {"contentType": "image/png", "id": name, "size": 4, "isVoiceNote": False}
            run.signal.send(HER, {"attachments": [file]})
        await until(lambda: len(backend.received) == 2)
        assert [named["refused"] for named in backend.named.values() if named] == ["gone", "gone"]


async def test_groups_are_refused(tmp_path: Path) -> None:
    """One sentence into the group, out of it; nothing of it reaches the backend."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        group = {"groupId": "Z3JvdXA=", "type": "DELIVER"}
        for _ in range(2):
            run.signal.send(HER, {"message": "hello all", "groupInfo": group})
        run.signal.send(HER, {"groupInfo": {**group, "groupId": "b3RoZXI=", "type": "UPDATE"}})
        run.signal.write(OTHER, "hello")
        await until(lambda: len(run.signal.made("quitGroup")) == 2)
        await until(lambda: backend.texts() == ["hello"])
        said = [call.parameters for call in run.signal.made("send") if "groupId" in call.parameters]
        assert len(said) == 2
        assert said[0]["message"] == "<offline/group_refused/text>"


async def test_a_flood_of_groups_does_not_use_up_the_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many are refused and no more; a person's own chat goes on."""
    monkeypatch.setattr("bots.signal.aftercare.GROUPS", 3)
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        for number in range(9):
            group = {"groupId": f"group{number}", "type": "DELIVER"}
            run.signal.send(HER, {"message": "hello all", "groupInfo": group})
        run.signal.write(OTHER, "hello")
        await until(lambda: backend.texts() == ["hello"])
        await until(lambda: len(run.signal.made("quitGroup")) == 3)
        await until(lambda: not run.adapter._aftercare._tasks)
        assert len(run.signal.made("quitGroup")) == 3


async def test_ticks_that_wait_behind_a_slow_daemon_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing hangs on them: the words arrive, and memory does not grow with what is sent."""
    monkeypatch.setattr("bots.signal.aftercare.WAITING", 0)
    backend = FakeBackend()
    async with signals(tmp_path, backend) as run:
        run.signal.write(HER, "hello")
        await until(lambda: run.signal.texts(HER) == ["you said hello"])
        assert run.signal.made("sendReceipt") == []


async def test_deliveries(tmp_path: Path) -> None:
    """Pictures with the words, an edit in place, a timer, quick exit of ours alone, erasure."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        hers = run.signal.write(HER, "hello")
        await until(lambda: len(backend.received) == 1)
        picture = backend.attached("image", "image/webp", b"RIFF picture")
        first = backend.queue(HER, text="Which fits?", attachments=[picture])
        await until(lambda: backend.job(first).status == "sent")
        ids = backend.job(first).settled["message_ids"]
        assert (
            run.signal.shown(HER)[0]
            .attachments[0]
            .startswith("data:image/webp;filename=1.webp;base64,")
        )
        edit = backend.queue(HER, kind="edit", text="Which fits now?", target=ids)
        timer = backend.queue(HER, kind="timer", text="3600")
        await until(lambda: backend.job(timer).status == "sent")
        (shown,) = run.signal.shown(HER)
        assert (shown.text, shown.edits) == ("Which fits now?", 1)
        assert run.signal.made("updateContact")[-1].parameters["expiration"] == 3600
        everything = [*backend.job(edit).settled["message_ids"], str(hers)]
        leave = backend.queue(HER, kind="forget", target=everything, text="Goodbye.")
        await until(lambda: backend.job(leave).status == "sent")
        assert run.signal.texts(HER) == ["Goodbye."]
        deleted = {call.parameters["targetTimestamp"] for call in run.signal.made("remoteDelete")}
        assert hers not in deleted
        backend.queue(HER, kind="forget", target=[], erased=True)
        last = backend.queue(HER, text="It is done.")
        await until(lambda: backend.job(last).status == "sent")
        forgotten = run.signal.made("removeContact")[0].parameters
        assert (forgotten["recipient"], forgotten["forget"]) == (HER, True)
        assert run.adapter._state.account_of(HER) is None


async def test_people_who_are_gone_or_never_wrote(tmp_path: Path) -> None:
    """Reported with the reason, so that a human is told."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        run.signal.write(HER, "hello")
        await until(lambda: len(backend.received) == 1)
        run.signal.gone.add(HER)
        jobs = [backend.queue(address, text="hello") for address in (HER, "nobody")]
        await until(lambda: len(backend.settled("failed")) == 2)
        reasons = {backend.job(job).settled["reason"] for job in jobs}
        assert reasons == {"unknown_address"}


def holding(folder: Path, word: bytes) -> list[str]:
    """Files with this word in them."""
    return [one.name for one in folder.rglob("*") if one.is_file() and word in one.read_bytes()]


async def test_nothing_in_the_bots_folder_can_be_read(tmp_path: Path) -> None:
    """Her id, her words, our numbers: none is in the clear in the spool or the state."""
    backend = FakeBackend(script=nothing)
    async with signals(tmp_path, backend) as run:
        run.signal.write(HER, "Qzx7 vermillion heron")
        await until(lambda: len(run.signal.made("sendReceipt")) == 1)
    for word in (HER.encode(), b"vermillion", b"15550000001"):
        assert not holding(tmp_path, word)


async def test_a_second_daemon_version_is_refused_with_words(tmp_path: Path) -> None:
    """An old signal-cli, which Signal no longer serves, ends the bot and says why."""
    backend = FakeBackend()
    with FakeSignal(version="0.12.1") as signal:
        from tests.bots.signals import start

        running = start(tmp_path, backend, signal)
        await until(running.task.done)
        error = running.task.exception()
        assert "0.13.19 or later is needed" in str(error)

"""The Matrix bot against a real Synapse: two clients of the library, end-to-end encrypted."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import nio
import pytest

from bots.matrix import syncing
from bots.matrix.translate import _own_words
from tests.bots.fake_backend import FakeBackend
from tests.bots.matrices import (
    Scene,
    bot,
    meeting,
    person,
    settings_for,
    vouched_devices,
)
from tests.bots.slow_world import until
from tests.synapse import Synapse

pytestmark = pytest.mark.slow
_NUMBERS = itertools.count(1)


@pytest.fixture
def bot_user(synapse: Synapse) -> str:
    """An account of its own for each test's bot."""
    return synapse.register(f"bot-{next(_NUMBERS)}")


def files_in(folder: Path) -> list[Path]:
    """Everything that the bot wrote."""
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_words_go_both_ways_encrypted(
    tmp_path: Path, synapse: Synapse, bot_user: str
) -> None:
    """What she writes reaches the backend, the reply reaches her, and the server reads neither."""
    backend = FakeBackend()
    async with (
        bot(settings_for(tmp_path, synapse, bot_user), backend),
        person(synapse, f"amina-{next(_NUMBERS)}", bot_user) as amina,
    ):
        await amina.meet()
        await amina.says("blue kite")
        await amina.hears("you said blue kite")
        assert [inbound["address"] for _, inbound in backend.received] == [amina.user]
    kept = b"".join(path.read_bytes() for path in synapse.home.glob("synapse.db*"))
    assert b"m.megolm" in kept
    assert b"blue kite" not in kept
    for path in files_in(tmp_path):
        assert b"blue kite" not in path.read_bytes(), path
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.fixture
async def scene(tmp_path: Path, synapse: Synapse) -> AsyncIterator[Scene]:
    """They have met; nothing was said yet."""
    async with meeting(tmp_path, synapse) as one:
        yield one


async def test_edits_and_deletions_reach_the_backend_as_such(scene: Scene) -> None:
    """With the id of the message that they are about."""
    first = await scene.amina.says("one")
    await scene.amina.says(
        "* two",
        **{
            "m.new_content": {"msgtype": "m.text", "body": "two"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": first},
        },
    )
    await scene.amina.client.room_redact(scene.amina.room, first)
    text, edit, delete = await scene.received(3)
    assert (text["kind"], text["message_id"], text["text"]) == ("text", first, "one")
    assert (edit["kind"], edit["message_id"], edit["text"]) == ("edit", first, "two")
    assert (delete["kind"], delete["message_id"]) == ("delete", first)


async def test_what_she_answers_to_is_not_her_answer(scene: Scene) -> None:
    """The quotation that old clients put before a reply is left out."""
    quoted = await scene.amina.says("hello")
    await scene.amina.says(
        "> <@bot:relais.test> How old are you?\n> 1. 12 to 17\n\n2",
        **{"m.relates_to": {"m.in_reply_to": {"event_id": quoted}}},
    )
    assert (await scene.received(2))[1]["text"] == "2"


@pytest.mark.parametrize(
    ("kind", "content", "media"),
    [
        ("m.room.message", {"msgtype": "m.location", "body": "here", "geo_uri": "geo:4.36,18.55"},
         "location"),
        ("m.sticker", {"body": "s", "url": "mxc://x/y", "info": {}}, "other"),
        ("org.matrix.msc3381.poll.start", {"org.matrix.msc3381.poll": {}}, "other"),
        ("m.room.message", {"msgtype": "m.image", "body": "p.jpg", "url": "mxc://x/y"}, "other"),
        ("m.room.message", {"msgtype": "org.example.odd", "body": "odd"}, "other"),
    ],
)  # fmt: skip
async def test_whatever_else_she_sends_gets_an_answer(
    scene: Scene, kind: str, content: dict[str, object], media: str
) -> None:
    """As the kind it is, so that the conversation can take it or decline it kindly."""
    await scene.amina.sends(dict(content), kind)
    (inbound,) = await scene.received(1)
    assert (inbound["kind"], inbound["media"]) == ("media", media)
    assert inbound.get("latitude") == (4.36 if media == "location" else None)
    await scene.amina.hears("you said media")


async def test_a_reaction_is_declined_and_not_looked_at(scene: Scene) -> None:
    """Reactions travel in the clear."""
    first = await scene.amina.says("hello")
    await scene.received(1)
    await scene.amina.sends(
        {"m.relates_to": {"rel_type": "m.annotation", "event_id": first, "key": "knife"}},
        "m.reaction",
    )
    inbound = (await scene.received(2))[1]
    assert (inbound["kind"], inbound["media"]) == ("media", "other")
    assert "knife" not in repr(inbound)


async def test_notices_of_other_machines_are_not_answered(scene: Scene) -> None:
    """Two machines that answer each other would never end."""
    await scene.amina.sends({"msgtype": "m.notice", "body": "beep"})
    await scene.amina.says("after")
    assert [one["text"] for one in await scene.received(1)] == ["after"]


async def test_a_room_without_encryption_is_left_with_one_notice(
    synapse: Synapse, scene: Scene
) -> None:
    """Nothing that is said in it reaches the backend."""
    amina = scene.amina
    await amina.meet(encrypted=False)
    await amina.client.room_send(
        amina.room, "m.room.message", {"msgtype": "m.text", "body": "seen by all"}
    )
    await amina.hears("<offline/not_encrypted/text>")
    await amina.until(lambda: amina.bot not in amina.client.rooms[amina.room].users)
    assert scene.backend.received == []


async def test_a_room_of_three_is_left(synapse: Synapse, scene: Scene) -> None:
    """A third person who is invited later ends it, too."""
    amina = scene.amina
    other = synapse.register(f"other-{next(_NUMBERS)}")
    await amina.says("alone")
    await amina.hears("you said alone")
    await amina.client.room_invite(amina.room, other)
    await amina.until(lambda: amina.bot not in amina.client.rooms[amina.room].users)
    assert "<offline/group_refused/text>" in amina.texts()
    assert len(scene.backend.received) == 1


async def test_an_event_in_the_clear_is_refused(scene: Scene) -> None:
    """In an encrypted room: it is not kept, and she is told."""
    amina = scene.amina
    await amina.says("sealed")
    await scene.received(1)
    path = f"/_matrix/client/v3/rooms/{amina.room}/send/m.room.message/bare1"
    import httpx

    async with httpx.AsyncClient(base_url=amina.client.homeserver) as http:
        answer = await http.put(
            path,
            json={"msgtype": "m.text", "body": "in the clear"},
            headers={"Authorization": f"Bearer {amina.client.access_token}"},
        )
        assert answer.is_success, answer.text
    await amina.hears("<offline/sent_plain/text>")
    assert scene.backend.texts() == ["sealed"]


async def test_deliveries_as_events(scene: Scene) -> None:
    """Quiet ones are notices, others texts; an edit replaces; what is deleted is redacted."""
    amina, backend = scene.amina, scene.backend
    await amina.says("hello")
    await amina.hears("you said hello")
    backend.queue(amina.user, text="quiet", silent=True)
    backend.queue(amina.user, text="loud", silent=False)
    await amina.hears("loud")
    kinds = {content["body"]: content["msgtype"] for _, content in amina.heard}
    assert (kinds["quiet"], kinds["loud"]) == ("m.notice", "m.text")
    loud = amina.heard[-1][0]
    backend.queue(amina.user, kind="edit", text="louder", target=[loud])
    await amina.hears("* louder")
    edit, content = amina.heard[-1]
    assert content["m.relates_to"] == {"rel_type": "m.replace", "event_id": loud}
    assert content["m.new_content"]["body"] == "louder"
    backend.queue(amina.user, kind="delete", target=[loud, edit])
    await amina.until(lambda: {loud, edit} <= amina.redacted)
    backend.queue(amina.user, text="still here")
    await amina.hears("still here")


async def test_what_matrix_does_not_know_holds_nothing_up(scene: Scene) -> None:
    """A timer cannot be set here: the backend hears so, and what follows is sent."""
    amina, backend = scene.amina, scene.backend
    await amina.says("hello")
    await amina.hears("you said hello")
    timer = backend.queue(amina.user, kind="timer", text="86400")
    backend.queue(amina.user, text="goes on")
    await amina.hears("goes on")
    assert backend.job(timer).settled["reason"] == "unsupported"


async def test_after_an_erasure_the_bot_says_its_last_word_and_goes(scene: Scene) -> None:
    """Redacted, left, forgotten; and whoever invites it anew is a new conversation."""
    amina, backend = scene.amina, scene.backend
    await amina.says("hello")
    await amina.hears("you said hello")
    said = [event_id for event_id, _ in amina.heard]
    backend.queue(amina.user, kind="forget", target=said, erased=True)
    backend.queue(amina.user, text="Goodbye.")
    await amina.until(lambda: amina.bot not in amina.client.rooms[amina.room].users)
    assert "Goodbye." in amina.texts()
    assert set(said) <= amina.redacted
    state = scene.running.adapter._state
    # it left before it wrote down that it did
    await amina.until(lambda: state.room_of(amina.user) is None)
    await (await amina.meet()).says("again")
    await amina.hears("you said again")


def _settled(backend: FakeBackend, job: str) -> bool:
    return backend.job(job).status != "pending"


async def test_a_person_who_left_is_reported_not_dropped(scene: Scene) -> None:
    """The backend hears `blocked`, so that a human is told."""
    amina, backend = scene.amina, scene.backend
    await amina.says("hello")
    await amina.hears("you said hello")
    await amina.client.room_leave(amina.room)
    job = ""
    for _ in range(100):  # what the server took before the bot heard of it counts as sent
        job = backend.queue(amina.user, text="too late")
        await until(partial(_settled, backend, job))
        if backend.job(job).status == "failed":
            break
    assert backend.job(job).settled["reason"] == "blocked"


async def test_a_silent_restart_loses_and_doubles_nothing(
    tmp_path: Path, synapse: Synapse, bot_user: str
) -> None:
    """Messages of the meantime, more than one sync shows at once, arrive once and in order."""
    backend = FakeBackend()
    settings = settings_for(tmp_path, synapse, bot_user)
    async with person(synapse, f"amina-{next(_NUMBERS)}", bot_user) as amina:
        async with bot(settings, backend):
            await (await amina.meet()).says("0")
            await amina.hears("you said 0")
        for number in range(1, 131):
            await amina.says(str(number))
        async with bot(settings, backend):
            await amina.hears("you said 130", 60)
        assert backend.texts() == [str(number) for number in range(131)]
        assert len(amina.heard) == 131


async def test_the_bot_vouches_for_its_own_device(
    tmp_path: Path, synapse: Synapse, bot_user: str
) -> None:
    """Its device is signed by keys that stay the same, also after the server ended the session."""
    backend = FakeBackend()
    settings = settings_for(tmp_path, synapse, bot_user)
    async with person(synapse, f"amina-{next(_NUMBERS)}", bot_user) as amina:
        async with bot(settings, backend) as running:
            await (await amina.meet()).says("hello")
            await amina.hears("you said hello")
            first = running.adapter.fingerprint
            device = running.adapter._open.client.device_id  # type: ignore[union-attr]
            assert device in await vouched_devices(amina.client, bot_user)
        gone = nio.AsyncClient(synapse.url, bot_user)
        await gone.login("password of a test")
        assert gone.device_id not in await vouched_devices(amina.client, bot_user)
        await gone.logout(all_devices=True)
        await gone.close()
        async with bot(settings, backend) as running:
            await amina.says("once more")
            await amina.hears("you said once more", 40)
            assert running.adapter.fingerprint == first
            assert running.adapter._open.client.device_id == device  # type: ignore[union-attr]
            assert device in await vouched_devices(amina.client, bot_user)


async def test_who_must_wait_to_be_joined_is_not_forgotten(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that limits invitations, or is away, is asked again."""
    usual = scene.client.join
    refused: list[str] = []

    async def join(room_id: str) -> object:
        if len(refused) < 2:
            refused.append(room_id)
            if len(refused) == 1:
                raise aiohttp.ClientConnectionError
            return nio.JoinError("wait", "M_LIMIT_EXCEEDED", 300)
        return await usual(room_id)

    monkeypatch.setattr(scene.client, "join", join)
    await (await scene.amina.meet()).says("anybody?")
    await scene.amina.hears("you said anybody?", 30)
    assert len(refused) == 2


async def test_after_an_erasure_nothing_of_her_is_in_the_bots_folder(
    scene: Scene, tmp_path: Path
) -> None:
    """Neither the room nor her account."""
    amina, backend = scene.amina, scene.backend
    await amina.says("hello")
    await amina.hears("you said hello")
    said = [event_id for event_id, _ in amina.heard]
    backend.queue(amina.user, kind="forget", target=said, erased=True)
    backend.queue(amina.user, text="Goodbye.")
    await amina.until(lambda: amina.bot not in amina.client.rooms[amina.room].users)
    await until(lambda: scene.running.adapter._state.room_of(amina.user) is None)
    await scene.running.kill()
    for path in files_in(tmp_path / "matrix"):
        raw = path.read_bytes()
        for trace in (amina.user, amina.room):
            assert trace.encode() not in raw, (path.name, trace)


async def test_what_she_wrote_before_she_left_arrives(
    tmp_path: Path, synapse: Synapse, bot_user: str
) -> None:
    """She writes, leaves so that nobody sees it, and the bot hears both at once."""
    backend = FakeBackend()
    settings = settings_for(tmp_path, synapse, bot_user)
    async with person(synapse, f"amina-{next(_NUMBERS)}", bot_user) as amina:
        async with bot(settings, backend):
            await (await amina.meet()).says("hello")
            await amina.hears("you said hello")
        await amina.says("he is coming")
        await amina.client.room_leave(amina.room)
        async with bot(settings, backend):
            await until(lambda: backend.texts() == ["hello", "he is coming"], 30)


async def test_what_she_wrote_before_a_third_came_arrives(
    tmp_path: Path, synapse: Synapse, bot_user: str
) -> None:
    """Somebody with her phone invites a third one; her words of before were private: kept."""
    backend = FakeBackend()
    settings = settings_for(tmp_path, synapse, bot_user)
    third = synapse.register(f"third-{next(_NUMBERS)}")
    async with person(synapse, f"amina-{next(_NUMBERS)}", bot_user) as amina:
        async with bot(settings, backend):
            await (await amina.meet()).says("hello")
            await amina.hears("you said hello")
        await amina.says("one")
        await amina.says("two")
        await amina.client.room_invite(amina.room, third)
        async with bot(settings, backend):
            await until(lambda: backend.texts() == ["hello", "one", "two"], 30)
            await amina.hears("<offline/group_refused/text>", 30)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("> <@chat:x> Are you safe?\n> Really?\n\nno", "no"),
        ("> * <@chat:x> waves\n\nhello", "hello"),
        ("He wrote:\n> I will find you\n\nplease help", None),
        ("> I will find you\n\nplease help", None),
        ("5 > 3\n\nyes", None),
        ("> a\n" * 20_000, None),
    ],
)
def test_only_the_quote_of_an_answer_is_cut(body: str, kept: str | None) -> None:
    """What she quotes herself is testimony."""
    assert _own_words(body) == (body if kept is None else kept)


async def test_a_gap_that_is_not_given_out_is_fetched_later(
    tmp_path: Path, synapse: Synapse, bot_user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is newer goes on, an operator hears of it, and nothing is lost, over a restart too."""
    backend = FakeBackend()
    settings = settings_for(tmp_path, synapse, bot_user)
    usual = syncing.Syncing._between

    async def refuses(*_: object) -> list[object]:
        raise TimeoutError

    monkeypatch.setattr(syncing, "GAP_AGAIN", 0.2)
    async with person(synapse, f"amina-{next(_NUMBERS)}", bot_user) as amina:
        async with bot(settings, backend):
            await (await amina.meet()).says("0")
            await amina.hears("you said 0")
        for number in range(1, 121):
            await amina.says(str(number))
        monkeypatch.setattr(syncing.Syncing, "_between", refuses)
        async with bot(settings, backend) as running:
            await amina.hears("you said 120", 60)
            assert "matrix_gap" in running.relay.health.problems
            assert len(backend.received) < 121
        monkeypatch.setattr(syncing.Syncing, "_between", usual)
        async with bot(settings, backend) as running:
            await amina.says("now")
            await until(lambda: len(backend.received) == 122, 60)
            await until(lambda: "matrix_gap" not in running.relay.health.problems, 20)
    assert sorted(backend.texts()) == sorted(["now", *(str(number) for number in range(121))])


async def test_a_room_that_cannot_be_joined_keeps_nobody_waiting(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A join that hangs: who is in a room is answered, and who invites the bot next is joined."""
    hanging: list[str] = []
    usual = scene.client.join

    async def join(room_id: str) -> object:
        if not hanging:
            hanging.append(room_id)
        if room_id in hanging:
            await asyncio.Event().wait()
        return await usual(room_id)

    await scene.amina.says("hello")
    await scene.amina.hears("you said hello")
    monkeypatch.setattr(scene.client, "join", join)
    other = await scene.amina.client.room_create(is_direct=True, invite=(scene.amina.bot,))
    assert isinstance(other, nio.RoomCreateResponse)
    await until(lambda: bool(hanging), 20)
    await scene.amina.says("anybody?")
    await scene.amina.hears("you said anybody?")
    await (await scene.amina.meet()).says("and here?")
    await scene.amina.hears("you said and here?")

"""What anybody may send to the Matrix bot: files, late keys, and bytes made to break it."""

import json
import logging
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import nio
import pytest

from bots.core import silence_libraries
from bots.matrix import reading
from tests.bots.matrices import Person, Scene, meeting
from tests.synapse import Synapse

pytestmark = pytest.mark.slow


@pytest.fixture
async def scene(tmp_path: Path, synapse: Synapse) -> AsyncIterator[Scene]:
    """They have met and said hello, so that keys are exchanged."""
    async with meeting(tmp_path, synapse) as one:
        await one.amina.says("hello")
        await one.amina.hears("you said hello")
        yield one


async def encrypted_file(one: Person, data: bytes, msgtype: str, mime: str) -> dict[str, Any]:
    """Uploaded as clients do it; the content of the message."""
    answer, keys = await one.client.upload(
        lambda _a, _b: BytesIO(data), "application/octet-stream", encrypt=True, filesize=len(data)
    )
    assert isinstance(answer, nio.UploadResponse), answer
    return {
        "msgtype": msgtype,
        "body": "IMG_0001.jpg",
        "file": {**keys, "url": answer.content_uri},
        "info": {"mimetype": mime, "size": len(data)},
    }


@pytest.mark.parametrize(
    ("msgtype", "mime", "kind"),
    [
        ("m.image", "image/jpeg", "photo"),
        ("m.audio", "audio/ogg", "voice"),
        ("m.video", "video/mp4", "video"),
        ("m.file", "application/pdf", "document"),
    ],
)
async def test_a_file_arrives_as_it_was_sent(
    scene: Scene, msgtype: str, mime: str, kind: str
) -> None:
    """Decrypted on the way to the backend, byte for byte; its name stays behind."""
    data = bytes(range(256)) * 1000
    await scene.amina.sends(await encrypted_file(scene.amina, data, msgtype, mime))
    await scene.amina.until(lambda: len(scene.backend.received) >= 2)
    inbound = scene.backend.received[-1][1]
    assert (inbound["kind"], inbound["media"]) == ("media", kind)
    assert scene.backend.files_in_order() == [data]
    assert [file.mime for file in scene.backend.files.values()] == [mime]
    assert "IMG_0001" not in repr(scene.backend.received)


@pytest.mark.parametrize("spoilt", ["hash", "key", "gone"])
async def test_a_file_that_is_not_what_she_sent_is_refused(scene: Scene, spoilt: str) -> None:
    """Changed, under another key, or not there: nothing of it is kept, and she is answered."""
    content = await encrypted_file(scene.amina, b"x" * 200_000, "m.image", "image/jpeg")
    file = content["file"]
    if spoilt == "hash":
        file["hashes"]["sha256"] = "A" * 43
    elif spoilt == "key":
        file["key"]["k"] = "A" * 20
    else:
        file["url"] += "gone"
    await scene.amina.sends(content)
    await scene.amina.hears("you said media")
    assert scene.backend.files_in_order() == []
    assert scene.backend.files == {}


async def test_pictures_and_voices_reach_her_encrypted(scene: Scene) -> None:
    """Before the words, under keys that only the two have."""
    backend, amina = scene.backend, scene.amina
    data = b"RIFF" + bytes(3000)
    image = backend.attached("image", "image/webp", data)
    backend.queue(amina.user, text="1. Yes", attachments=[image])
    await amina.hears("1. Yes")
    (_, shown), (_, words) = amina.heard[-2:]
    assert (shown["msgtype"], words["msgtype"]) == ("m.image", "m.notice")
    assert "url" not in shown
    file = shown["file"]
    got = await amina.client.download(mxc=file["url"])
    assert isinstance(got, nio.DownloadResponse), got
    opened = nio.crypto.decrypt_attachment(
        got.body, file["key"]["k"], file["hashes"]["sha256"], file["iv"]
    )
    assert opened == data


async def say_without_key(one: Person, text: str) -> list[dict[str, Any]]:
    """An event whose key the bot does not have yet; the messages that would bring it."""
    olm = one.client.olm
    olm.create_outbound_group_session(one.room)
    shares = olm.share_group_session_parallel(one.room, [one.bot], ignore_unverified_devices=True)
    held_back = [messages for _users, messages in shares]
    olm.outbound_group_sessions[one.room].shared = True
    content = {"msgtype": "m.text", "body": text}
    answer = await one.client.room_send(one.room, "m.room.message", content)
    assert isinstance(answer, nio.RoomSendResponse), answer
    return held_back


async def test_a_key_that_comes_late_opens_what_waited(scene: Scene) -> None:
    """The event is kept until then, and read as if it had come in order."""
    amina = scene.amina
    (held_back,) = await say_without_key(amina, "late")
    await amina.until(lambda: scene.running.adapter._state.unread(0, 999)[0] != [])
    assert scene.backend.texts() == ["hello"]
    assert await scene.put("/sendToDevice/m.room.encrypted/late", held_back)
    await amina.hears("you said late")
    assert scene.running.adapter._state.unread(0, 999)[0] == []


async def test_who_sends_what_cannot_be_read_is_asked_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, however many wait."""
    monkeypatch.setattr(reading, "RESEND_AFTER", 0.5)
    amina = scene.amina
    await say_without_key(amina, "one")
    await say_without_key(amina, "two")
    await amina.hears("<offline/send_again/text>")
    await amina.sync(2000)
    assert amina.texts().count("<offline/send_again/text>") == 1


def _to_device(bot_key: str) -> list[object]:
    """Sixteen kinds of payload that no client sends."""
    bodies: list[object] = [
        {"type": 0, "body": "AwoA"},
        {"type": 0, "body": ""},
        {"type": 0, "body": "not base64 !"},
        {"type": 1, "body": "AwoA"},
        {"type": 1, "body": ""},
        {"type": 1, "body": "%%%"},
        {"type": 2, "body": "AwoA"},
        {"type": -1, "body": "x" * 10_000},
        {"type": 0, "body": "é\u0000"},
        {"type": 0, "body": "AwogAAAA" + "A" * 400},
    ]
    olm = {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": "A" * 43}
    found: list[object] = [{**olm, "ciphertext": {bot_key: body}} for body in bodies]
    found += [
        {**olm, "ciphertext": {"other": bodies[0]}},
        {**olm, "ciphertext": {}},
        {**olm, "ciphertext": []},
        {**olm, "sender_key": 7, "ciphertext": {bot_key: bodies[0]}},
        {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwoA"},
        {"algorithm": ["x"], "sender_key": {}, "ciphertext": None},
        {},
    ]
    return found


_MEGOLM: list[dict[str, object]] = [
    {"ciphertext": ""},
    {"ciphertext": "not base64 !"},
    {"ciphertext": "AwgA"},
    {"ciphertext": "A" * 20_000},
    {"ciphertext": {"x": 1}},
    {"ciphertext": None},
    {"session_id": 5},
    {"session_id": ""},
    {"sender_key": ["x"]},
    {"device_id": {"x": "y"}},
    {"algorithm": "m.none"},
    {"algorithm": 3},
    {"m.relates_to": "x"},
]


async def test_hostile_payloads_stop_nothing(scene: Scene) -> None:
    """17 to-device and 13 Megolm payloads later the bot still listens, and it has counted them."""
    amina = scene.amina
    bot_client = scene.client
    bodies = _to_device(bot_client.olm.account.identity_keys["curve25519"])
    for number, body in enumerate(bodies):
        messages = {"messages": {amina.bot: {bot_client.device_id: body}}}
        await scene.put(f"/sendToDevice/m.room.encrypted/t{number}", messages)
    for kind in ("m.room_key", "m.forwarded_room_key", "m.room_key_request", "m.dummy"):
        messages = {"messages": {amina.bot: {bot_client.device_id: {"action": 5, "body": [1]}}}}
        await scene.put(f"/sendToDevice/{kind}/k", messages)
    usual = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "sender_key": "A" * 43,
        "session_id": "s",
        "device_id": "D",
        "ciphertext": "AwgA",
    }
    for number, change in enumerate(_MEGOLM):
        await scene.put(f"/rooms/{amina.room}/send/m.room.encrypted/m{number}", {**usual, **change})
    for number, content in enumerate(({}, {"body": 5}, {"msgtype": ["m.text"], "body": "x"})):
        await scene.put(f"/rooms/{amina.room}/send/m.room.message/b{number}", content)
    await amina.says("still there?")
    await amina.hears("you said still there?", 40)
    assert not scene.running.task.done()
    assert scene.counted("malformed_to_device") >= 5
    assert scene.counted("malformed_timeline") >= 1
    assert scene.counted("quarantined") >= 1


async def test_half_characters_cost_nobody_a_message(scene: Scene) -> None:
    """Encrypted JSON may hold lone surrogates: the words around them arrive, and what follows."""
    amina, backend = scene.amina, scene.backend
    await amina.says("before \ud83d after")
    await amina.sends({"msgtype": "\ud800", "body": "\udfff"})
    await amina.sends({"msgtype": "m.image", "body": "x", "file": {"url": "\ud800"}})
    file = await encrypted_file(amina, b"x" * 10, "m.image", "image/\ud800")
    await amina.sends(file)
    await amina.says("still there?")
    await amina.hears("you said still there?", 40)
    assert "before ? after" in backend.texts()
    assert [inbound["kind"] for _, inbound in backend.received][1:] == [
        *("text", "media", "media", "media", "text"),
    ]


async def test_random_events_stop_nothing(scene: Scene) -> None:
    """A hundred events of random JSON, in the room and to the device."""
    import random

    chance = random.Random(4)

    def value(depth: int = 0) -> object:
        kinds: list[object] = [None, True, -7, "", "x" * 50, "\u202e\u0000", 10**15]
        if depth < 3:
            kinds += [
                [value(depth + 1) for _ in range(3)],
                {key: value(depth + 1) for key in chance.sample(_NAMES, 4)},
            ]
        return chance.choice(kinds)

    amina = scene.amina
    device = scene.client.device_id
    for number in range(50):
        kind = chance.choice(_TYPES)
        body = {key: value() for key in chance.sample(_NAMES, 5)}
        json.dumps(body)
        await scene.put(f"/rooms/{amina.room}/send/{kind}/r{number}", body)
        messages = {"messages": {amina.bot: {device: body}}}
        await scene.put(f"/sendToDevice/{chance.choice(_TYPES)}/r{number}", messages)
    await amina.says("still there?")
    await amina.hears("you said still there?", 40)


_NAMES = [
    *("algorithm", "ciphertext", "sender_key", "session_id", "device_id", "body", "msgtype"),
    *("m.relates_to", "m.new_content", "url", "file", "info", "geo_uri", "membership", "keys"),
]
_TYPES = [
    *("m.room.encrypted", "m.room.message", "m.reaction", "m.sticker", "m.room_key"),
    *("m.key.verification.start", "m.room_key_request", "org.example.odd", "m.call.invite"),
]


@pytest.mark.parametrize("path", ["sendToDevice", "keys/claim", "keys/query"])
@pytest.mark.parametrize("kind", ["unreachable", "refused"])
async def test_a_server_that_goes_away_while_keys_are_shared(
    scene: Scene, path: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said under a new key can be read all the same, and no room is locked by it."""
    client, amina = scene.client, scene.amina
    client.olm.rotate_outbound_group_session(amina.room)
    client.olm.session_store._entries.clear()
    client.olm.users_for_key_query.add(amina.user)
    failed: list[str] = []
    usual = client.send

    async def send(method: str, where: str, *rest: Any, **more: Any) -> Any:
        if path in where and len(failed) < 2:
            failed.append(where)
            if kind == "unreachable":
                raise aiohttp.ClientConnectionError
            return await usual(method, where.replace(path, "nothing/here"), *rest, **more)
        return await usual(method, where, *rest, **more)

    monkeypatch.setattr(client, "send", send)
    scene.backend.queue(amina.user, text="first under the new key")
    await amina.hears("first under the new key", 40)
    assert failed
    scene.backend.queue(amina.user, text="second")
    await amina.hears("second")


def test_the_library_says_nothing_at_any_level() -> None:
    """Its loggers would print rooms, users, keys and what could not be decrypted."""
    silence_libraries()
    try:
        names = [
            name
            for name in logging.root.manager.loggerDict
            if name.partition(".")[0] in {"nio", "peewee", "aiohttp", "vodozemac"}
        ]
        assert "nio.crypto.log" in names or "nio.crypto" in names
        for name in names:
            assert not logging.getLogger(name).isEnabledFor(logging.CRITICAL), name
    finally:
        for name in ("nio", "peewee", "aiohttp", "vodozemac"):
            logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.parametrize("spoilt", ["ed25519", "curve25519", "signature", "shape"])
async def test_rubbish_for_keys_stops_nobody(
    scene: Scene, spoilt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody publishes keys that are none: they get no answer, and everybody else does."""
    usual = scene.client.receive_response
    amina = scene.amina
    devices = scene.client.device_store.active_user_devices(amina.user)
    name = next(iter(devices)).id

    async def spoil(response: Any) -> None:
        if isinstance(response, nio.KeysQueryResponse):
            evil = {
                "user_id": "@evil:relais.test",
                "device_id": "E",
                "keys": {"ed25519:E": "A" * 43, "curve25519:E": "A" * 43},
                "signatures": {"@evil:relais.test": {"ed25519:E": "A" * 86}},
            }
            if spoilt == "signature":
                evil["signatures"] = {"@evil:relais.test": {"ed25519:E": "!!!"}}
            elif spoilt == "shape":
                evil = {"user_id": "@evil:relais.test", "keys": [], "unsigned": "x"}
            else:
                evil["keys"] = {"ed25519:E": "A" * 43, "curve25519:E": "A" * 43}
                evil["keys"][f"{spoilt}:E"] = "!!!"  # type: ignore[index]
            response.device_keys["@evil:relais.test"] = {"E": evil}
        await usual(response)

    monkeypatch.setattr(scene.client, "receive_response", spoil)
    scene.client.olm.users_for_key_query.add(amina.user)
    await scene.client.keys_query()
    assert scene.counted("malformed_device")  # twice, when the bot asked by itself meanwhile
    await amina.says("still there?")
    await amina.hears("you said still there?", 40)
    assert name in {one.id for one in scene.client.device_store.active_user_devices(amina.user)}
    assert not scene.running.task.done()


async def test_one_time_keys_that_make_no_session_stop_nobody(scene: Scene) -> None:
    """A signed key that is none is counted and passed over."""
    client, user = scene.client, scene.amina.user
    device = next(iter(client.device_store.active_user_devices(user)))
    keys = {"signed_curve25519:AAAA": {"key": "!!!", "signatures": {user: {"x": "y"}}}}
    answer = nio.KeysClaimResponse({user: {device.id: keys}, "@evil:x": {"E": {}}}, {})
    await client.receive_response(answer)
    await client.receive_response(nio.KeysClaimResponse({user: {device.id: {"a": "b"}}}, {}))
    assert scene.counted("malformed_one_time_key") >= 1
    await scene.amina.says("still there?")
    await scene.amina.hears("you said still there?", 40)


async def test_a_notice_that_cannot_be_said_ends_nothing(scene: Scene) -> None:
    """A room in the clear whose notice fails for whatever reason: the next message is answered."""

    async def broken(*_: object) -> object:
        raise ValueError("a key that is none")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene.running.adapter._open.sender, "say", broken)  # type: ignore[union-attr]
        assert await scene.put(
            f"/rooms/{scene.amina.room}/send/m.room.message/clear",
            {"msgtype": "m.text", "body": "in the clear"},
        )
        await scene.amina.says("encrypted")
        await scene.amina.hears("you said encrypted", 40)

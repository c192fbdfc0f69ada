"""Pictures and voices out: named in the delivery, served while it waits, never needed for words."""

import hashlib
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from backend.database.tables import conversations
from backend.deliveries import Outgoing, attaching, enqueue
from conversation import Option, Part, Ref, Reply
from i18n.attachments import Attachment
from tests.backend.chats import TOKENS, Chat
from tests.backend.consoles import Console

QUESTION = "engine/back_stops/text"
LONG = tuple(Part(QUESTION) for _ in range(120))
"""More than one bubble on Telegram."""


@pytest.fixture
async def chat(chat: Chat) -> Chat:
    """A person who began."""
    await chat.says("hello")
    return chat


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Attachment]:
    """A picture and a voice for every reply that wants them, instead of the drawn and recorded."""
    made = [
        Attachment(kind, mime, name, data, hashlib.sha256(data).hexdigest())  # type: ignore[arg-type]
        for kind, mime, name, data in (
            ("image", "image/webp", "1.webp", b"RIFF picture"),
            ("audio", "audio/ogg", "1.ogg", b"OggS voice"),
        )
    ]

    def attachments(*_: object, voice: bool, pictures: bool) -> tuple[Attachment, ...]:
        return tuple(a for a in made if (pictures if a.kind == "image" else voice))

    monkeypatch.setattr(attaching, "attachments", attachments)
    return made


async def queues(
    console: Console,
    *,
    parts: tuple[Part, ...] = (),
    voice: bool = False,
    pictures: bool = False,
) -> None:
    """A question with two options for everybody."""
    options = tuple(Option(f"n:{one}", Ref(f"engine/{one}/text")) for one in ("skip", "back"))
    reply = Reply(parts or (Part(QUESTION),), options, voice=voice, pictures=pictures)
    async with console.relais.db.write() as tx:
        for row in (await tx.execute(select(conversations.c.id))).all():
            outgoing = [Outgoing(locale="en", reply=reply)]
            await enqueue(tx, console.relais, row.id, "telegram", outgoing)


async def fetches(
    chat: Chat, delivery: dict[str, Any], number: int, channel: str = "telegram"
) -> httpx.Response:
    """The bytes."""
    path = f"/v1/channels/{channel}/deliveries/{delivery['id']}/attachments/{number}"
    token = TOKENS[f"bot_token_{channel}"]
    return await chat.client.get(path, headers={"Authorization": f"Bearer {token}"})


async def test_what_she_asked_for_is_named_and_served(
    console: Console, chat: Chat, drawn: list[Attachment]
) -> None:
    """Kind, type, neutral name and hash in the delivery; the bytes at its number, of this hash."""
    await queues(console, voice=True, pictures=True)
    (delivery,) = await chat.waiting()
    assert delivery["attachments"] == [
        {"kind": a.kind, "mime": a.mime, "name": a.name, "sha256": a.sha256} for a in drawn
    ]
    for number, one in enumerate(drawn):
        answer = await fetches(chat, delivery, number)
        assert (answer.content, answer.headers["content-type"]) == (one.data, one.mime)
        assert answer.headers["etag"] == f'"{one.sha256}"'


@pytest.mark.parametrize(
    ("voice", "pictures", "kinds"),
    [(False, False, []), (False, True, ["image"]), (True, False, ["audio"])],
)
@pytest.mark.usefixtures("drawn")
async def test_nothing_comes_unasked(
    console: Console, chat: Chat, *, voice: bool, pictures: bool, kinds: list[str]
) -> None:
    """Without a wish there is none; a wish for one brings not the other."""
    await queues(console, voice=voice, pictures=pictures)
    (delivery,) = await chat.waiting()
    assert [one["kind"] for one in delivery["attachments"]] == kinds


@pytest.mark.usefixtures("drawn")
async def test_only_the_bubble_with_the_options_has_them(console: Console, chat: Chat) -> None:
    """A long question of several bubbles shows its picture once, with its buttons."""
    await queues(console, parts=LONG, pictures=True)
    delivery: dict[str, Any] | None = (await chat.waiting())[0]
    seen = []
    while delivery is not None:
        seen.append((bool(delivery["buttons"]), len(delivery["attachments"])))
        if not delivery["attachments"]:
            assert (await fetches(chat, delivery, 0)).status_code == 404
        answer = await chat.reports(delivery, outcome="sent", message_ids=["m"])
        delivery = answer.json()["delivery"]
    assert len(seen) > 1
    assert seen == [(False, 0)] * (len(seen) - 1) + [(True, 1)]


@pytest.mark.usefixtures("drawn")
async def test_they_can_be_had_only_by_their_channel_and_only_while_it_waits(
    console: Console, chat: Chat
) -> None:
    """Another channel's token, a number too high, another delivery, a settled one: nothing."""
    await queues(console, pictures=True)
    (delivery,) = await chat.waiting()
    assert (await fetches(chat, delivery, 1)).json()["code"] == "no_attachment"
    assert (await fetches(chat, delivery, 0, "page")).status_code == 404
    assert (await fetches(chat, {"id": "0" * 32}, 0)).status_code == 404
    path = f"/v1/channels/telegram/deliveries/{delivery['id']}/attachments/0"
    foreign = {"Authorization": f"Bearer {TOKENS['bot_token_page']}"}
    assert (await chat.client.get(path, headers=foreign)).status_code == 403
    assert (await chat.client.get(path)).status_code == 401
    await chat.reports(delivery, outcome="sent", message_ids=["m"])
    assert (await fetches(chat, delivery, 0)).json()["code"] == "no_attachment"


async def press(chat: Chat, label: str) -> dict[str, Any]:
    """Press a button under the last bubble; the bubble that follows."""
    buttons = [button for row in chat.last["buttons"] for button in row]
    token = next(one["token"] for one in buttons if one["text"].endswith(label))
    chat.count += 1
    answer = await chat.posts({"kind": "choice", "token": token}, f"press-{chat.count}")
    await chat.settles(answer.json()["delivery"])
    return chat.last


async def test_the_real_pictures_come_with_the_real_questions(chat: Chat) -> None:
    """Asked for by its button, a picture comes with the next question, and numbers on buttons."""
    await press(chat, "▦")
    await press(chat, "English")
    (one,) = chat.last["attachments"]
    assert (one["kind"], one["mime"], one["name"]) == ("image", "image/webp", "1.webp")
    labels = [button["text"] for row in chat.last["buttons"] for button in row]
    assert "1. Yes" in labels


async def test_a_picture_that_fails_keeps_no_question_back(
    console: Console, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words go without it."""

    def broken(*_: object, **__: object) -> tuple[Attachment, ...]:
        raise ValueError("a spoilt drawing")

    monkeypatch.setattr(attaching, "attachments", broken)
    await queues(console, pictures=True)
    (delivery,) = await chat.waiting()
    assert "I cannot go back" in delivery["text"]
    assert delivery["attachments"] == []

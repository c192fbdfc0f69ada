"""signalbot's private parts: this breaks when a new version moves them."""

import asyncio
import inspect
import json
import logging
from importlib.metadata import version

import pytest
from signalbot import DataMessage, SignalBot
from signalbot._pipeline import MessagePipeline
from signalbot.messages import parse

from bots.signal.signalbots import TESTED, Parser, completed
from tests.e2e.fake_signal import NUMBER, envelope

HER = "6f0c1a52-6f5e-4f6e-9a55-0d9b4f6f0001"
DATA = {"timestamp": 5, "message": "hello", "expiresInSeconds": 0, "viewOnce": False}


def frame(**more: object) -> str:
    """As the daemon gives it to a subscriber."""
    return json.dumps({"envelope": envelope(HER, 5, dataMessage=DATA | more), "account": NUMBER})


def test_the_pinned_version_is_the_tested_one() -> None:
    """A new version is looked at before it is used: see bots/signal/signalbots.py."""
    assert version("signalbot") in TESTED


async def test_private_parts_are_where_they_were() -> None:
    """The parser takes (client, text); dispatching puts (handler, job, time) into one queue."""
    assert list(inspect.signature(parse).parameters) == ["signal", "raw_message_str"]
    assert inspect.iscoroutinefunction(MessagePipeline._dispatch_to_handlers)
    assert inspect.iscoroutinefunction(MessagePipeline.resolve_handlers)
    bot = SignalBot({"phone_number": "+0", "storage": {"type": "in-memory"}})
    assert isinstance(bot._pipeline._q, asyncio.Queue)
    await bot.close()
    bot.storage._sqlite.close()  # type: ignore[union-attr]


async def test_a_frame_is_handled_before_the_next_one() -> None:
    """One in, one out, in the order of the calls; nothing stays in the library's queue."""
    parser = Parser()
    for number in range(20):
        message = await parser.read(frame(message=str(number)))
        assert isinstance(message, DataMessage)
        assert message.text == str(number)
    assert parser._bot._pipeline._q.empty()
    await parser.close()


async def test_what_this_daemon_leaves_out_is_completed() -> None:
    """signal-cli 0.13.19 says nothing of voice notes: the library alone would refuse every file."""
    raw = frame(attachments=[{"contentType": "image/png", "id": "a.png", "size": 4}])
    parser = Parser()
    with pytest.raises(ValueError, match="isVoiceNote"):
        await parse(parser._bot._signal, raw)
    message = await parser.read(raw)
    assert isinstance(message, DataMessage)
    assert message.attachments is not None
    assert message.attachments[0].local_filename == "a.png"
    assert json.loads(completed(raw))["envelope"]["dataMessage"]["message"] == "hello"
    await parser.close()


async def test_the_library_says_nothing_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    """It would log each raw message; not here, also at DEBUG."""
    with caplog.at_level(logging.DEBUG):
        parser = Parser()
        await parser.read(frame(message="Qzx7 vermillion heron"))
        await parser.close()
    assert "vermillion" not in caplog.text
    assert HER not in caplog.text

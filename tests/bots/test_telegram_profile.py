"""What Telegram shows of the bot itself."""

from pathlib import Path

from bots.core import Pacer, World, offline_texts
from bots.telegram.adapter import PACE
from bots.telegram.calls import open_bot
from bots.telegram.profile import Profile, spoken
from i18n import Catalogues
from tests.bots.fake_backend import FakeBackend
from tests.bots.slow_world import until
from tests.bots.telegrams import telegrams
from tests.e2e.fake_bot_api import TOKEN, FakeBotApi

KINDS = ("Name", "Description", "ShortDescription", "Commands")


async def dress(telegram: FakeBotApi, name: str = "") -> None:
    """One start of the bot, as far as its profile goes."""
    bot = open_bot(TOKEN, telegram.url)
    async with bot:
        await Profile(bot, offline_texts(Catalogues.load()), Pacer(World(), PACE), name).set()


async def test_every_language_has_its_neutral_words() -> None:
    """Name, descriptions and commands, for everybody and in each offered language."""
    with FakeBotApi() as telegram:
        await dress(telegram)
    languages = {code or "" for _, code in spoken()}
    assert set(telegram.profile) == {(kind, code) for kind in KINDS for code in languages}
    assert telegram.profile["Name", ""] == "Messages"
    assert len(telegram.profile["Commands", "fr"]) == 3
    assert telegram.profile["Description", "fr"] != telegram.profile["Description", "en"]
    for (kind, _), text in telegram.profile.items():
        if kind != "Commands":
            limit = {"Name": 64, "Description": 512, "ShortDescription": 120}[kind]
            assert 0 < len(text) <= limit


async def test_only_what_differs_is_changed() -> None:
    """Telegram allows few changes a day: a second start changes nothing."""
    with FakeBotApi() as telegram:
        await dress(telegram)
        telegram.calls.clear()
        telegram.profile["Description", ""] = "something else"
        await dress(telegram)
    changed = [call.method for call in telegram.calls if call.method.startswith("setMy")]
    assert changed == ["setMyDescription"]


async def test_the_operators_own_name_is_kept() -> None:
    """One name for every language, or the one that @BotFather has."""
    with FakeBotApi() as telegram:
        await dress(telegram, "Market 7")
        assert {telegram.profile["Name", code or ""] for _, code in spoken()} == {"Market 7"}
        await dress(telegram, "-")
        assert telegram.profile["Name", ""] == "Market 7"


async def test_a_profile_that_telegram_refuses_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Messages come and go while every change of the profile is refused for ten hours."""
    backend = FakeBackend()
    async with telegrams(tmp_path, backend) as run:
        run.telegram.refuse_profile = True
        run.telegram.write(7, "hello")
        await until(lambda: run.telegram.texts(7) == ["you said hello"])

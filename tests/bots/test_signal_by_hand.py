"""`relais-bot signal register|link|status|challenge`, as a person at a terminal."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bots.cli import app
from bots.core import BotSettings, World
from bots.signal.state import Hold, load_holds, open_state, store_holds
from tests.e2e.fake_signal import NUMBER, SECOND, FakeSignal

NEW = "+23675000000"
Run = Callable[..., Result]


@pytest.fixture
def signal() -> FakeSignal:
    """A daemon with one number."""
    return FakeSignal()


def runner(signal: FakeSignal, folder: Path) -> Run:
    """The command line beside this daemon."""
    environment = {
        "RELAIS_SIGNAL_DAEMON": signal.address,
        "RELAIS_BOT_TOKEN_SIGNAL": "token-of-a-test",
        "RELAIS_DATA_DIR": str(folder),
    }
    cli = CliRunner(env=environment)

    def run(*words: str, typed: str = "") -> Result:
        return cli.invoke(app, ["signal", *words], input=typed)

    return run


def test_registering_a_number(signal: FakeSignal, tmp_path: Path) -> None:
    """Captcha (a wrong one is asked again), code, then a neutral profile and the lock's PIN."""
    signal.captcha_wanted = True
    with signal:
        run = runner(signal, tmp_path)
        typed = "https://no-captcha\nsignalcaptcha://good\n123-456\n"
        result = run("register", NEW, typed=typed)
        assert result.exit_code == 0, result.output
        assert "it begins with signalcaptcha://" in result.output
        assert NEW in signal.numbers
        (pin,) = signal.made("setPin")
        assert len(pin.parameters["pin"]) == 8
        assert pin.parameters["pin"] in result.output
        assert signal.made("updateProfile")[0].parameters["givenName"] == "Messages"
        assert signal.made("updateAccount")[0].parameters["numberSharing"] is False


def test_registering_goes_on_where_it_broke_off(signal: FakeSignal, tmp_path: Path) -> None:
    """The number is there, its lock is not: no code is asked for again."""
    signal.offline = True
    with signal:
        run = runner(signal, tmp_path)
        broken = run("register", NEW, typed="123456\n")
        assert (broken.exit_code, "goes on from here" in broken.output) == (2, True)
        signal.offline = False
        assert run("register", NEW, typed="n\n").exit_code == 0
        assert signal.made("setPin") == []
        result = run("register", NEW, typed="y\n")
        assert result.exit_code == 0, result.output
    (pin,) = signal.made("setPin")
    assert pin.parameters["pin"] in result.output
    assert len(signal.made("verify")) == 1


def test_a_locked_number_wants_its_pin(signal: FakeSignal, tmp_path: Path) -> None:
    """And a wrong code, or a wrong PIN, is said in Signal's own words."""
    signal.pin = "11112222"
    with signal:
        run = runner(signal, tmp_path)
        wrong = run("register", NEW, typed="000000\n")
        assert (wrong.exit_code, "code is wrong" in wrong.output) == (2, True)
        locked = run("register", NEW, typed="123456\n99999999\n")
        assert (locked.exit_code, "locked with a pin" in locked.output) == (2, True)
        right = run("register", NEW, typed="123456\n11112222\n")
        assert right.exit_code == 0, right.output
        assert "11112222" not in right.output


def test_what_is_no_number_is_refused(signal: FakeSignal, tmp_path: Path) -> None:
    """Before anybody is asked."""
    with signal:
        assert runner(signal, tmp_path)("register", "75000000").exit_code == 2
        assert signal.made("register") == []


def test_linking_shows_a_square(signal: FakeSignal, tmp_path: Path) -> None:
    """To be scanned by the phone, with a warning about that phone."""
    with signal:
        result = runner(signal, tmp_path)("link")
        assert result.exit_code == 0, result.output
        assert "█" in result.output or "▀" in result.output
        assert "use the phone for nothing else" in " ".join(result.output.split())
        assert SECOND in signal.numbers


def test_status_says_whether_signal_knows_the_numbers(signal: FakeSignal, tmp_path: Path) -> None:
    """One line a number."""
    with signal:
        run = runner(signal, tmp_path)
        assert f"{NUMBER}: registered" in run("status").output
        signal.offline = True
        assert "Signal cannot be asked" in run("status").output


def test_a_user_name_gives_a_link_for_the_sheet(signal: FakeSignal, tmp_path: Path) -> None:
    """People who write by it do not see the number."""
    with signal:
        result = runner(signal, tmp_path)("username", NUMBER, "river.42")
        assert result.exit_code == 0, result.output
        assert "river.42" in result.output
        assert "signal.me/#eu/" in result.output


def test_a_challenge_is_solved_by_hand(signal: FakeSignal, tmp_path: Path) -> None:
    """For every number that waits; a running bot sees it within a minute."""
    settings = BotSettings.model_validate(
        {"data_dir": tmp_path, "bot_token_signal": "token-of-a-test"}
    )
    with signal:
        run = runner(signal, tmp_path)
        assert "No number waits" in run("challenge").output
        signal.limited[NUMBER] = ("token-1", 86_400)
        state = open_state(settings, World())
        store_holds(state, {NUMBER: Hold("token-1", World().now() + 86_400)})
        refused = run("challenge", typed="signalcaptcha://bad\n")
        assert (refused.exit_code, "Captcha rejected" in refused.output) == (2, True)
        assert NUMBER in load_holds(state)
        solved = run("challenge", typed="signalcaptcha://good\n")
        assert (solved.exit_code, "It is free" in solved.output) == (0, True)
        assert load_holds(state) == {}
        assert signal.limited == {}
        state.close()

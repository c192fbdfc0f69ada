"""Interview, alert, take, quick exit and erasure over Signal: real backend and bot."""

import re
from pathlib import Path

import httpx
import pytest

from tests.e2e.bots import signal_process
from tests.e2e.console_client import enrol_and_get_code, go_on_call
from tests.e2e.fake_signal import NUMBER, FakeSignal
from tests.e2e.processes import free_port, run_process

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
SENTINEL = "Qzx7 vermillion heron"
ADA = "6f0c1a52-6f5e-4f6e-9a55-00000000ada0"
AMINA = "6f0c1a52-6f5e-4f6e-9a55-0000000a314a"


class SignalPhone:
    """A messenger without buttons: she reads the numbers and types them."""

    def __init__(self, signal: FakeSignal, person: str) -> None:
        self.signal = signal
        self.person = person

    def says(self, text: str, expects: str) -> None:
        """Type; wait for what must follow."""
        known = {one.timestamp for one in self.signal.shown(self.person)}
        self.signal.write(self.person, text)
        self.signal.wait(
            lambda: any(
                expects in one.text
                for one in self.signal.shown(self.person)
                if one.timestamp not in known
            ),
            30,
        )

    def chooses(self, label: str, expects: str) -> None:
        """Type the number that stands before a label, on the latest list that shows it."""
        for said in reversed(self.signal.texts(self.person)):
            found = re.search(rf"^(\d+)\. (?:\S+ )?{re.escape(label)}$", said, re.MULTILINE)
            if found:
                self.says(found[1], expects)
                return
        raise AssertionError(f"no line {label!r} under {self.signal.texts(self.person)[-1]!r}")


def asks_for_help(phone: SignalPhone) -> None:
    """From the first word to the yes."""
    phone.says("hello", "Choose your language")
    phone.chooses("English", "Are you safe")
    phone.chooses("Yes", "Which fits")
    phone.chooses("Something happened to me", "How old")
    phone.chooses("26 to 40", "Is any of this true")
    phone.chooses("None of these", "Where are you")
    phone.chooses("River Town (demo)", "When was the last")
    phone.chooses("In the last 3 days", "What would help")
    phone.chooses("Health care", "Who should answer")
    phone.chooses("Either", "May I tell")
    phone.chooses("Yes", "May a helper write")


def test_a_person_is_heard_over_signal(tmp_path: Path) -> None:
    """The alert rings at the responder's, is taken there; she leaves in a hurry, and is erased."""
    port = free_port()
    with FakeSignal() as signal:
        backend = run_process(tmp_path, port)
        bot = signal_process(tmp_path, port, signal.address)
        backend.start()
        bot.start()
        try:
            _story(signal, port, backend.log)
        finally:
            bot.stop()
            backend.stop()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert SENTINEL.encode() not in path.read_bytes(), path.name
        if path.suffix == ".log":
            for word in (ADA, AMINA, NUMBER[1:], "Somebody"):
                assert word.encode() not in path.read_bytes(), (path.name, word)


def _story(signal: FakeSignal, port: int, log: Path) -> None:
    signal.wait(lambda: signal.listened_to, 30)
    ada, amina = SignalPhone(signal, ADA), SignalPhone(signal, AMINA)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        code = enrol_and_get_code(client, log.read_text())
        ada.says(code, "")
        go_on_call(client)
    asks_for_help(amina)
    signal.wait(lambda: any("health care" in said for said in signal.texts(ADA)), 30)
    ada.says("1", "is yours")
    before = {one.timestamp for one in signal.shown(AMINA)}
    amina.says("00", "Goodbye")
    assert not before & {one.timestamp for one in signal.shown(AMINA)}
    amina.says("hello", "Choose your language")
    amina.chooses("English", "Are you safe")
    amina.says("erase", "Erase everything?")
    amina.says("1", "sent to helpers")
    signal.write(AMINA, "1")
    signal.wait(lambda: bool(signal.made("removeContact")), 30)
    assert signal.made("removeContact")[0].parameters["recipient"] == AMINA
    amina.says(SENTINEL, "Choose your language")

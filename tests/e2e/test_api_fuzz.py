"""Schemathesis asks every operation of the API for what its description allows, and does not allow.

No answer may be a fault of ours, be undocumented, or break its own description; and what the bytes
are does not matter: sense, nonsense, and what is not even UTF-8.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import create_engine, select

from backend.database.tables import cases
from tests.e2e.console_client import HEADER, enrol, enrol_demo_member, keys
from tests.e2e.processes import Process, bot_token, free_port, run_process
from tests.e2e.talking import Person

TO_CONSENT = ("hello", "1", "1", "1", "4", "5", "2", "1", "1", "3", "1")
LAST = "/v1/logout"
"""After it nothing of the console would be reached."""


@dataclass
class Target:
    """A demo with members of every role who are signed in, and a case."""

    process: Process
    client: httpx.Client
    case_id: str
    invitation: str
    """A token that nobody has used."""
    members: dict[str, httpx.Client]
    """By role: each in a browser of its own."""
    seen: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Statuses by operation."""

    def arguments(self, path: str, role: str = "responder") -> dict[str, Any]:
        """What makes a request of this operation get past the door."""
        if path.startswith("/v1/channels/"):
            return {"headers": {"Authorization": f"Bearer {bot_token('telegram')}"}}
        return {"headers": HEADER, "cookies": dict(self.members[role].cookies)}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """`relais run`, a member with a linked chat, and one person who asked for help."""
    folder = tmp_path_factory.mktemp("fuzz")
    port = free_port()
    process = run_process(folder, port)
    process.environment["RELAIS_PUBLIC_URL"] = f"http://localhost:{port}"  # passkeys are possible
    process.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            printed = process.log.read_text()
            enrol_demo_member(client, printed)
            members = {"responder": client} | _others(str(client.base_url), printed)
            person = Person(client, "person")
            for text in TO_CONSENT:
                person.says(text)
            engine = create_engine(f"sqlite:///{folder}/var/relais.db")
            with engine.connect() as connection:
                case_id = connection.execute(select(cases.c.id)).scalar_one()
            engine.dispose()
            invitation = _invited(members["coordinator"], "translator", "Someone to come")
            yield Target(process, client, case_id, invitation, members)
            for one in members.values():
                one.close()
    finally:
        process.stop()


def _others(base: str, printed: str) -> dict[str, httpx.Client]:
    """A coordinator, by the second printed invitation; and whom she invites, one of each role."""
    boss = httpx.Client(base_url=base, timeout=30)
    enrol(boss, re.findall(r"/invite/([^/\s]+)/", printed)[1])
    found = {"coordinator": boss}
    for role in ("translator", "analyst", "auditor", "operator"):
        found[role] = httpx.Client(base_url=base, timeout=30)
        enrol(found[role], _invited(boss, role, f"The {role}"))
    return found


def _invited(boss: httpx.Client, role: str, name: str) -> str:
    """The token of a new invitation."""
    body = {"name": name, "organisation": "Lantern", "roles": [role]}
    url: str = boss.post("/v1/members", json=body, headers=HEADER).json()["url"]
    return url.split("/invite/")[1].split("/", maxsplit=1)[0]


def _failures(
    target: Target, operation: Any, mode: GenerationMode, role: str, examples: int
) -> list[str]:
    """What schemathesis says against one operation asked by this role, or nothing."""
    arguments = target.arguments(operation.path, role)

    @hypothesis_settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            known = {
                "channel": "telegram", "case_id": target.case_id, "token": target.invitation,
            }  # fmt: skip
            case.path_parameters = {**case.path_parameters, **_some(known, case.path_parameters)}
            if isinstance(case.body, dict):  # chance makes no base64 of 32 bytes
                case.body = {**case.body, **_some(keys(), case.body)}
        if operation.path.endswith("/deliveries"):
            case.query = {"wait": 0}
        answer = case.call(base_url=str(target.client.base_url), timeout=30, **arguments)
        target.seen[operation.label].add(answer.status_code)
        # An envelope of the right shape that no key opens is refused: no schema can say that.
        case.validate_response(answer, excluded_checks=[positive_data_acceptance])

    try:
        ask()
    except Unsatisfiable:  # there is nothing in it that could be wrong
        return []
    except BaseExceptionGroup as group:
        return [f"{operation.label} as {role}: {one}" for one in group.exceptions]
    return []


def _examples(operation: Any, role: str, times: int) -> int:
    """Bots have no role; the two who do most are asked most."""
    if operation.path.startswith("/v1/channels/") and role != "responder":
        return 1
    return times * (12 if role == "responder" else 8 if role == "coordinator" else 2)


def _described(found: Any) -> Any:
    """The operation; raises when its description is no OpenAPI."""
    return found.ok()


def _some(known: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in known.items() if name in there}


@pytest.mark.parametrize("times", [1, pytest.param(4, marks=pytest.mark.long)])
def test_every_operation_answers_as_described(target: Target, times: int) -> None:
    """Right and wrong requests to every operation: described answers, and never a fault of ours.

    By members of every role, each of whom gets past the doors that are hers.
    """
    load_all_checks()
    schema = schemathesis.openapi.from_url(f"{target.client.base_url}/openapi.json")
    operations = [_described(found) for found in schema.get_all_operations()]
    assert len(operations) > 25
    operations.sort(key=lambda one: one.path == LAST)
    wrong = [
        failure
        for operation in operations
        for role in target.members
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for failure in _failures(target, operation, mode, role, _examples(operation, role, times))
    ]
    assert not wrong, "\n\n".join(wrong)
    assert 200 in target.seen["POST /v1/invitations/{token}/passkey"]
    assert 200 in target.seen["POST /v1/login/passkey"]
    assert target.client.get(f"/v1/invitations/{target.invitation}").status_code == 200
    at_the_door = {name for name, seen in target.seen.items() if seen <= {401, 403}}
    assert not at_the_door
    assert target.client.get("/readyz").json()["status"] == "ready"


def test_no_word_of_a_refused_request_is_logged(target: Target) -> None:
    """What was sent in a request that is refused stands in no log line."""
    secret = "Qzx7-vermillion-heron"
    for path in ("/v1/login", "/v1/me/locale", "/v1/channels/telegram/turns", f"/v1/{secret}"):
        target.client.post(path, json={secret: secret}, headers=target.arguments(path)["headers"])
    assert secret not in target.process.log.read_text()

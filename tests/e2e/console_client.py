"""A responder without a browser: enrols, logs in, links a chat, goes on call, over HTTP."""

import base64
import re
from typing import Any

import httpx

from sealing import KeyPair, SigningKey
from tests.e2e.codes import totp
from tests.e2e.talking import Person

HEADER = {"X-Relais": "console"}


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def enrol_demo_member(client: httpx.Client, printed: str, address: str = "responder") -> Person:
    """The first printed invitation is answered; the member's chat is linked and on call."""
    chat = Person(client, address)
    chat.says(enrol_and_get_code(client, printed))
    go_on_call(client)
    return chat


def enrol_and_get_code(client: httpx.Client, printed: str) -> str:
    """Answer the first printed invitation; returns the one-time code that links a chat."""
    enrol(client, re.findall(r"/invite/([^/\s]+)/", printed)[0])
    code: str = _ok(client.post("/v1/me/link-codes", headers=HEADER))["code"]
    return code


def keys() -> dict[str, Any]:
    """What a browser makes, and proves the words with; everybody here has the same."""
    seed = b"s" * 32
    return {
        "kem_public": _b64(KeyPair(seed).public.raw),
        "sign_public": _b64(SigningKey(seed).public),
        "wrapped_seed": _b64(b"w" * 60),
        "argon": {"salt": _b64(b"saltsaltsaltsalt"), "memory_kib": 65536, "passes": 3, "lanes": 1},
        "login": _b64(b"l" * 32),
    }


def enrol(client: httpx.Client, token: str) -> None:
    """Answer this invitation and sign in."""
    invitation: dict[str, Any] = client.get(f"/v1/invitations/{token}").json()
    body = keys() | {"totp": totp(invitation["totp_secret"])}
    _ok(client.post(f"/v1/invitations/{token}", json=body, headers=HEADER))
    _ok(
        client.post(
            "/v1/login",
            json={
                "name": invitation["member"],
                "login": body["login"],
                "totp": totp(invitation["totp_secret"], 1),
            },
            headers=HEADER,
        )
    )


def go_on_call(client: httpx.Client) -> None:
    """The switch of Tonight."""
    _ok(client.post("/v1/me/on-call", json={"on_call": True}, headers=HEADER))


def _ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in {200, 201}, (answer.status_code, answer.text)
    found: dict[str, Any] = answer.json()
    return found

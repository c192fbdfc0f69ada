"""A backend with its console, and members' browsers, all in one process."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from fastapi import FastAPI

from backend.app import create_app
from backend.relais import Relais
from backend.settings import Settings
from sealing import KeyPair, SigningKey
from tests.backend.worlds import Clock, TestWorld

HEADER = {"X-Relais": "console"}
ARGON = {
    "salt": base64.b64encode(b"saltsaltsaltsalt").decode(),
    "memory_kib": 65536,
    "passes": 3,
    "lanes": 1,
}


def b64(raw: bytes) -> str:
    """As the API takes bytes."""
    return base64.b64encode(raw).decode()


def totp(secret: str, clock: Clock, *, steps: int = 0) -> str:
    """The code an authenticator shows, ``steps`` times 30 seconds from now."""
    raw = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    return raw.generate(clock.ms // 1000 + 30 * steps).decode()


def every_byte(folder: Path) -> bytes:
    """The content of every file below, one after the other."""
    return b"\n".join(one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file())


@dataclass
class Browser:
    """One member's browser: keys made from a seed, cookies kept by the client."""

    client: httpx.AsyncClient
    clock: Clock
    name: str
    seed: bytes
    secret: str = ""
    member_id: str = ""
    login_proof: bytes = field(default=b"", repr=False)

    @property
    def keys(self) -> KeyPair:
        """The key pair that grants are sealed to."""
        return KeyPair(self.seed)

    def enrolment(self, **changes: Any) -> dict[str, Any]:
        """A right body for the invitation; ``changes`` make it wrong."""
        return {
            "kem_public": b64(self.keys.public.raw),
            "sign_public": b64(SigningKey(self.seed).public),
            "wrapped_seed": b64(b"w" * 60),
            "argon": ARGON,
            "login": b64(self.login_proof),
            "totp": totp(self.secret, self.clock),
        } | changes

    async def get(self, path: str, **params: str) -> httpx.Response:
        """GET; a ``reason`` goes in its header."""
        said = params.pop("reason", None)
        headers = {} if said is None else {"X-Relais-Reason": quote(said)}
        return await self.client.get(path, params=params, headers=headers)

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """POST with the header that pages send."""
        return await self.client.post(path, json=dict(body or {}), headers=HEADER)

    async def log_in(self, **changes: Any) -> httpx.Response:
        """Log in with the code of now."""
        body = {
            "name": self.name,
            "login": b64(self.login_proof),
            "totp": totp(self.secret, self.clock),
        }
        return await self.post("/v1/login", body | changes)


@dataclass
class Console:
    """The application, its insides, and its clock."""

    app: FastAPI
    relais: Relais
    clock: Clock

    def client(self, cookies: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        """A browser nobody has used."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000",
            cookies=dict(cookies or {}),
        )

    def invitation(self, name: str) -> str:
        """The token of the demo invitation of this member."""
        url = next(one.url for one in self.app.state.demo.invitations if one.name == name)
        return str(url.split("/invite/")[1].split("/")[0])

    async def invited(self, name: str) -> Browser:
        """A browser that opened the invitation and has not answered it."""
        number = len(name) + sum(name.encode())
        browser = Browser(self.client(), self.clock, name, number.to_bytes(32, "big"))
        browser.login_proof = (number + 1).to_bytes(32, "big")
        answer = await browser.get(f"/v1/invitations/{self.invitation(name)}")
        browser.secret = answer.json()["totp_secret"]
        return browser

    async def enrolled(self, name: str) -> Browser:
        """A browser that enrolled and is signed in."""
        browser = await self.invited(name)
        path = f"/v1/invitations/{self.invitation(name)}"
        answer = await browser.post(path, browser.enrolment())
        assert answer.status_code == 201, answer.text
        browser.member_id = answer.json()["member_id"]
        self.clock.forward(minutes=1)  # the next code
        return browser


@asynccontextmanager
async def running_console(
    database_url: str, folder: Path, *, clock: Clock | None = None, seed: int = 1, **changes: Any
) -> AsyncIterator[Console]:
    """Start everything but the jobs' runner; a second one in the same folder finds its data."""
    clock = clock or Clock()
    settings = Settings(data_dir=folder / "var", database_url=database_url, **changes)
    world = TestWorld(clock, seed).world()
    app = create_app(settings, world, run_jobs=False)
    async with app.router.lifespan_context(app):
        yield Console(app, app.state.relais, clock)

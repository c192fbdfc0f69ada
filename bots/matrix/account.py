"""The bot's account and device: made once, kept sealed, signed in again when the server forgot."""

from pathlib import Path
from typing import Final

import msgspec
import structlog
from nio import LoginError, WhoamiError

from bots.core import BotSettings, ConfigurationError, Later, World
from bots.matrix.mends import AWAY, Client
from bots.matrix.state import State

log = structlog.get_logger("relais.matrix")

_FACT: Final = "device"
DEVICE_NAME: Final = "chat"
"""Neutral: everybody who shares a room can read it."""


class Device(msgspec.Struct, frozen=True):
    """Who the bot is to its server."""

    user: str
    device: str
    token: str

    def __repr__(self) -> str:
        return "<sealed>"


class Account:
    """Opens the client. The device outlives its access token: its keys are what people trust."""

    def __init__(
        self, settings: BotSettings, state: State, folder: Path, pickle_key: str, world: World
    ) -> None:
        self._world = world
        self._settings = settings
        self._state = state
        self._folder = folder
        self._pickle_key = pickle_key

    async def open(self) -> Client:
        """A client with its keys loaded.

        Raises ``Later`` when the server cannot be reached, :class:`ConfigurationError` when it
        does not take the password.
        """
        raw = self._state.fact(_FACT)
        device = None if raw is None else msgspec.json.decode(raw, type=Device)
        user = self._settings.matrix_user
        if device is not None and device.user != user:
            raise ConfigurationError(
                f"The folder {self._folder} belongs to another account than RELAIS_MATRIX_USER."
            )
        if device is None:
            return await self._sign_in("")
        client = self._client(device.device)
        client.restore_login(device.user, device.device, device.token)
        try:
            who = await self._asked(client)
        except BaseException:
            await client.stop()
            raise
        if not isinstance(who, WhoamiError):
            return client
        await client.stop()
        if who.status_code not in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"):
            raise Later(None)
        log.warning("signed_out", advice="the server ended the session; signing in again")
        return await self._sign_in(device.device)

    def _client(self, device: str) -> Client:
        return Client(
            self._settings.matrix_homeserver,
            self._settings.matrix_user,
            device,
            self._folder,
            self._pickle_key,
            world=self._world,
        )

    async def _asked(self, client: Client) -> object:
        try:
            return await client.whoami()
        except AWAY:
            raise Later(None) from None

    async def _sign_in(self, device: str) -> Client:
        """By password, as the same device if there was one."""
        password = self._settings.secret("matrix_password")
        client = self._client(device)
        try:
            answer = await client.login(password, device_name=DEVICE_NAME)
        except AWAY:
            await client.stop()
            raise Later(None) from None
        if isinstance(answer, LoginError):
            await client.stop()
            if answer.status_code in ("M_FORBIDDEN", "M_USER_DEACTIVATED", "M_INVALID_USERNAME"):
                raise ConfigurationError(
                    "The Matrix server does not take RELAIS_MATRIX_USER with "
                    "RELAIS_MATRIX_PASSWORD."
                )
            raise Later(answer.retry_after_ms / 1000 if answer.retry_after_ms else None)
        kept = Device(self._settings.matrix_user, client.device_id, client.access_token)
        self._state.remember(_FACT, msgspec.json.encode(kept))
        if device:
            client.publish_again()
        return client

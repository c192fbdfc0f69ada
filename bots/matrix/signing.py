"""Cross-signing: the bot vouches for its own device, which strict clients ask for.

The library cannot do it. Three Ed25519 keys (master, self-signing, user-signing); their seeds stay
sealed in the bot's state, so that a new device is signed by the same keys and people need not
verify again. Specification: Matrix client-server API, "Cross-signing".
"""

import base64
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nio.api import Api

from bots.core import ConfigurationError, Later, World
from bots.matrix.mends import Client
from bots.matrix.state import State

_V3: Final = "/_matrix/client/v3"
_FACT: Final = "cross_signing"
_USAGES: Final = ("master", "self_signing", "user_signing")
_OTHERS: Final = (
    "The account's cross-signing keys were made elsewhere. Reset the account's identity in the "
    "client that made them, or give the bot an account of its own."
)
_ONCE_MORE: Final = "RELAIS_MATRIX_PASSWORD is needed once more, to sign the bot's device."


def unpadded(raw: bytes) -> str:
    """Base64 as Matrix writes it."""
    return base64.b64encode(raw).decode().rstrip("=")


class Signing:
    """``publish`` until it holds: the keys are known to the server, and sign this device."""

    def __init__(self, client: Client, state: State, world: World, password: str) -> None:
        self._client = client
        self._state = state
        self._password = password
        seeds = state.fact(_FACT)
        if seeds is None:
            seeds = world.random(32 * len(_USAGES))
            state.remember(_FACT, seeds)
        self._keys = {
            usage: Ed25519PrivateKey.from_private_bytes(seeds[32 * n : 32 * n + 32])
            for n, usage in enumerate(_USAGES)
        }

    @property
    def fingerprint(self) -> str:
        """The public master key: what a person compares to know that this is the bot."""
        return self._public("master")

    async def publish(self) -> None:
        """Raises ``Later``, or :class:`ConfigurationError` when the account has other keys."""
        user = self._client.user_id
        status, known = await self._client.raw(
            "POST", f"{_V3}/keys/query", {"device_keys": {user: []}}
        )
        if status != 200:
            raise Later(None)
        master = known.get("master_keys", {}).get(user, {}).get("keys", {})
        if master and self.fingerprint not in master.values():
            raise ConfigurationError(_OTHERS)
        if not master:
            await self._upload()
        device = known.get("device_keys", {}).get(user, {}).get(self._client.device_id)
        if device is None:
            raise Later(1.0)  # its own keys are still on their way
        if self._key_id("self_signing") not in device.get("signatures", {}).get(user, {}):
            await self._sign_device(device)

    async def _upload(self) -> None:
        body: dict[str, Any] = {}
        for usage in _USAGES:
            key = {
                "user_id": self._client.user_id,
                "usage": [usage],
                "keys": {self._key_id(usage): self._public(usage)},
            }
            if usage != "master":
                self._sign(key, "master")
            body[f"{usage}_key"] = key
        path = f"{_V3}/keys/device_signing/upload"
        status, answer = await self._client.raw("POST", path, body)
        if status == 401 and "session" in answer:
            if not self._password:
                raise ConfigurationError(_ONCE_MORE)
            body["auth"] = {
                "type": "m.login.password",
                "session": answer["session"],
                "identifier": {"type": "m.id.user", "user": self._client.user_id},
                "password": self._password,
            }
            status, answer = await self._client.raw("POST", path, body)
        if status != 200:
            raise Later(None)

    async def _sign_device(self, device: dict[str, Any]) -> None:
        signed = {key: one for key, one in device.items() if key != "unsigned"}
        self._sign(signed, "self_signing")
        user, name = self._client.user_id, self._client.device_id
        path = f"{_V3}/keys/signatures/upload"
        status, answer = await self._client.raw("POST", path, {user: {name: signed}})
        if status != 200 or answer.get("failures"):
            raise Later(None)

    def _public(self, usage: str) -> str:
        return unpadded(self._keys[usage].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def _key_id(self, usage: str) -> str:
        return f"ed25519:{self._public(usage)}"

    def _sign(self, what: dict[str, Any], usage: str) -> None:
        """Add a signature over the canonical JSON."""
        bare = {key: one for key, one in what.items() if key not in ("signatures", "unsigned")}
        signature = unpadded(self._keys[usage].sign(Api.to_canonical_json(bare).encode()))
        signatures = what.setdefault("signatures", {}).setdefault(self._client.user_id, {})
        signatures[self._key_id(usage)] = signature

"""A person on the bot API, in the same process as the backend."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.relais import Relais
from sealing import PublicKey, seal_envelope

TOKENS: dict[str, Any] = {"bot_token_telegram": "telegram-token", "bot_token_page": "page-token"}


@dataclass
class Chat:
    """One address; ``says`` posts a sealed turn and settles what comes back."""

    client: httpx.AsyncClient
    relais: Relais
    address: str
    channel: str = "telegram"
    count: int = 0
    last: dict[str, Any] = field(default_factory=dict)

    async def says(self, text: str) -> str:
        """All texts that this message brought."""
        self.count += 1
        answer = await self.posts({"kind": "text", "text": text}, f"{self.address}-{self.count}")
        assert answer.status_code == 200, answer.text
        return await self.settles(answer.json()["delivery"])

    async def posts(self, inbound: dict[str, Any], event: str, **changes: Any) -> httpx.Response:
        """One POST of a turn; ``changes`` spoil its body."""
        key = self.relais.vault.inbox.current(self.relais.world.day())
        raw = json.dumps({"address": self.address, "message_id": event} | inbound).encode()
        sealed = seal_envelope(
            raw,
            key_id=key.key_id,
            to=PublicKey(key.public),
            channel=self.channel,
            event_id=event,
        )
        body = {
            "event_id": event,
            "key_id": key.key_id,
            "envelope": base64.b64encode(sealed.sealed).decode(),
        }
        return await self.client.post(
            f"/v1/channels/{self.channel}/turns", json=body | changes, headers=self.headers
        )

    async def settles(self, delivery: dict[str, Any] | None) -> str:
        """Say `sent` for it and for what follows."""
        texts = []
        while delivery is not None:
            self.last = delivery
            texts.append(delivery["text"])
            answer = await self.reports(delivery, outcome="sent", message_ids=["m"])
            delivery = answer.json()["delivery"]
        return "\n".join(texts)

    async def reports(self, delivery: dict[str, Any], **report: Any) -> httpx.Response:
        """What became of a delivery."""
        return await self.client.post(
            f"/v1/channels/{self.channel}/deliveries/{delivery['id']}",
            json={"fence": delivery["fence"]} | report,
            headers=self.headers,
        )

    async def waiting(self) -> list[dict[str, Any]]:
        """What a poll hands out now."""
        answer = await self.client.get(
            f"/v1/channels/{self.channel}/deliveries", params={"wait": 0}, headers=self.headers
        )
        found: list[dict[str, Any]] = answer.json()["deliveries"]
        return found

    @property
    def headers(self) -> dict[str, str]:
        """The channel's token."""
        return {"Authorization": f"Bearer {TOKENS[f'bot_token_{self.channel}']}"}

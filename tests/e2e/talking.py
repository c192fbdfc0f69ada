"""A person on the bot API: seals what she writes as a bot does, and settles what she is sent."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from sealing import PublicKey, seal_envelope
from tests.e2e.processes import bot_token


@dataclass
class Person:
    """One address on one channel. ``heard`` keeps every text that was sent to it."""

    client: httpx.Client
    address: str
    channel: str = "telegram"
    hint: str = "en"
    heard: list[str] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0
    _key: dict[str, str] = field(default_factory=dict)

    def says(self, text: str) -> str:
        """Write a message; returns all that came back, joined."""
        return self.sends({"kind": "text", "text": text})

    def presses(self, label: str) -> str:
        """Press the button of the last bubble that shows this label."""
        for line in self.deliveries[-1]["buttons"]:
            for button in line:
                if label in button["text"]:
                    return self.sends({"kind": "choice", "token": button["token"]})
        raise AssertionError(f"no button {label!r} under: {self.heard[-1]!r}")

    def sends(self, inbound: dict[str, Any], event_id: str | None = None) -> str:
        """Post one event, settle everything it brings."""
        self.count += 1
        event_id = event_id or f"{self.address}-{self.count}"
        body = self.turn(inbound | {"message_id": f"in-{self.count}"}, event_id)
        answer = self.client.post(self.path("turns"), content=body, headers=self.headers())
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return self.settles(answer.json()["delivery"])

    def turn(self, inbound: dict[str, Any], event_id: str) -> bytes:
        """The body of a turn, sealed."""
        if not self._key:
            self._key = self.client.get("/v1/inbox-key").json()
        raw = json.dumps({"address": self.address, "locale_hint": self.hint} | inbound).encode()
        sealed = seal_envelope(
            raw,
            key_id=self._key["key_id"],
            to=PublicKey(base64.b64decode(self._key["public"])),
            channel=self.channel,
            event_id=event_id,
        )
        return json.dumps(
            {
                "event_id": event_id,
                "key_id": sealed.key_id,
                "envelope": base64.b64encode(sealed.sealed).decode(),
            }
        ).encode()

    def hears(self) -> str:
        """What waits for this address (unprompted messages)."""
        answer = self.client.get(
            self.path("deliveries"), params={"wait": 0}, headers=self.headers()
        )
        return "\n".join(
            self.settles(delivery)
            for delivery in answer.json()["deliveries"]
            if delivery["address"] == self.address
        )

    def settles(self, delivery: dict[str, Any] | None) -> str:
        """Say that it was sent, and so on with what follows; returns the texts."""
        texts = []
        while delivery is not None:
            texts.append(delivery["text"])
            self.heard.append(delivery["text"])
            self.deliveries.append(delivery)
            answer = self.client.post(
                self.path(f"deliveries/{delivery['id']}"),
                json={
                    "fence": delivery["fence"],
                    "outcome": "sent",
                    "message_ids": [f"out-{len(self.heard)}"],
                },
                headers=self.headers(),
            )
            assert answer.status_code == 200, answer.text
            delivery = answer.json()["delivery"]
        return "\n".join(texts)

    def path(self, rest: str) -> str:
        """Below this channel."""
        return f"/v1/channels/{self.channel}/{rest}"

    def headers(self) -> dict[str, str]:
        """The channel's bearer token."""
        return {"Authorization": f"Bearer {bot_token(self.channel)}"}

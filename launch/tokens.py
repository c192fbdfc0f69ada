"""Bearer tokens of the bots for `relais run`: made once, kept beside the data, 0600."""

import json
import os
import secrets
from pathlib import Path

from backend.settings import CHANNELS


def bot_tokens(data_dir: Path) -> dict[str, str]:
    """A token for every channel; those set in the environment win."""
    path = data_dir / "keys" / "bots.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = {channel: secrets.token_urlsafe(32) for channel in CHANNELS}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(made, file)
    kept: dict[str, str] = json.loads(path.read_text("utf-8"))
    return {
        channel: os.environ.get(f"RELAIS_BOT_TOKEN_{channel.upper()}") or kept[channel]
        for channel in CHANNELS
    }

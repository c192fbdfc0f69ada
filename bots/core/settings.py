"""Configuration of a bot: one frozen object, read once. No secret has a default."""

import base64
import binascii
import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bots.core.errors import ConfigurationError

PORTS = {"telegram": 8101, "signal": 8102, "matrix": 8103, "signal-daemon": 8104}


class BotSettings(BaseSettings):
    """Environment variables (or ``.env``) with the prefix ``RELAIS_``."""

    model_config = SettingsConfigDict(
        env_prefix="RELAIS_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )

    backend_url: str = Field("http://127.0.0.1:8000", description="Where the bot API is served.")
    data_dir: Path = Field(Path("var"), description="The bot's spool lies under it, in spool/.")
    bot_token_page: SecretStr | None = Field(None, description="Bearer token of the chat page.")
    bot_token_telegram: SecretStr | None = Field(None, description="Bearer token of that bot.")
    bot_token_matrix: SecretStr | None = Field(None, description="Bearer token of that bot.")
    bot_port: int | None = Field(
        None, ge=0, le=65535, description="Loopback port of a bot's /healthz and /metrics."
    )
    inbox_signer: str = Field(
        "", description="base64 of the key that signs inbox keys; empty: pinned on first use."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: console on a terminal, else JSON."
    )
    offline_after: float = Field(
        60.0, gt=0, description="Seconds without a backend until a person is told once."
    )
    max_file_mb: int = Field(
        20, ge=1, le=2000, description="Largest file a person may send, in MB (10^6 bytes)."
    )
    telegram_token: SecretStr | None = Field(None, description="From @BotFather.")
    telegram_api_url: str = Field(
        "https://api.telegram.org", description="Root of the Bot API; the bot adds /bot<token>."
    )
    telegram_timeout: float = Field(
        20.0, gt=0, le=300, description="Seconds that Telegram may be silent; more on a slow link."
    )
    telegram_name: str = Field(
        "",
        max_length=64,
        description="Name of the bot for everybody; empty: a neutral word in each language; "
        "-: as @BotFather has it.",
    )
    telegram_webhook_url: str = Field(
        "", description="Public https address; empty: the bot polls, which needs no address."
    )
    telegram_webhook_secret: SecretStr | None = Field(
        None, description="1 to 256 of A-Z a-z 0-9 _ -; Telegram shows it with every update."
    )
    telegram_webhook_host: str = Field("127.0.0.1", description="Address the webhook listens on.")
    telegram_webhook_port: int = Field(
        8443, ge=0, le=65535, description="Port the webhook listens on, behind your TLS proxy."
    )

    matrix_homeserver: str = Field("", description="Address of the bot's Matrix server.")
    matrix_user: str = Field("", description="The bot's account there, as @name:server.")
    matrix_password: SecretStr | None = Field(
        None, description="Of that account; needed at the first start and after a sign-out."
    )
    matrix_store_key: SecretStr | None = Field(
        None, description="32 or more random characters that lock the bot's keys on its disk."
    )

    bot_token_signal: SecretStr | None = Field(None, description="Bearer token of that bot.")
    signal_daemon: str = Field(
        "unix:var/signal.socket",
        description="Where signal-cli's daemon listens: unix:/path, or host:port, where more is "
        "lost when the bot is killed.",
    )
    signal_accounts: str = Field(
        "", description="The bot's numbers, by commas; empty: all that the daemon has."
    )
    signal_cli: str = Field(
        "", description="signal-cli's program: the bot starts and watches it. Empty: you do."
    )
    signal_folder: Path = Field(
        Path("var/signal-cli"), description="signal-cli's folder (--config), on an encrypted disk."
    )
    signal_attachments: Path | None = Field(
        None, description="Where it puts attachments; empty: attachments/ in its folder."
    )
    signal_timer_hours: int = Field(
        168, ge=0, le=672, description="Disappearing messages, set at the first message; 0: none."
    )
    signal_new_identity: Literal["alert", "trust"] = Field(
        "alert",
        description="Somebody's key changed. alert: nothing is sent to them until a person "
        "decides; trust: the new key is taken.",
    )
    signal_canary_minutes: int = Field(
        60, ge=0, le=1440, description="How often a message goes round as a test; 0: never."
    )
    signal_challenge_key: SecretStr | None = Field(
        None, description="24 or more random characters: switches on the page /challenge/<key>."
    )
    signal_challenge_port: int = Field(8112, ge=0, le=65535, description="Port of that page.")
    signal_challenge_host: str = Field(
        "127.0.0.1", description="Where that page listens; 0.0.0.0 in a container of its own."
    )

    @field_validator("backend_url", "telegram_api_url", "telegram_webhook_url", "matrix_homeserver")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if value and (
            urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc
        ):
            raise ValueError("must be an address such as https://relais.example.org")
        return value.rstrip("/")

    @field_validator("inbox_signer")
    @classmethod
    def _is_key(cls, value: str) -> str:
        try:
            raw = base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise ValueError("must be base64") from error
        if value and len(raw) != 32:
            raise ValueError("must be base64 of 32 bytes")
        return value

    @model_validator(mode="after")
    def _webhook_has_a_secret(self) -> Self:
        secret = self.telegram_webhook_secret
        if self.telegram_webhook_url and secret is None:
            raise ValueError("RELAIS_TELEGRAM_WEBHOOK_URL needs RELAIS_TELEGRAM_WEBHOOK_SECRET")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret.get_secret_value()):
            raise ValueError("RELAIS_TELEGRAM_WEBHOOK_SECRET: 1 to 256 of A-Z a-z 0-9 _ -")
        return self

    @field_validator("matrix_user")
    @classmethod
    def _is_account(cls, value: str) -> str:
        if value and not re.fullmatch(r"@[a-z0-9._=/+-]+:[A-Za-z0-9.:\[\]-]+", value):
            raise ValueError("must be an account such as @chat:example.org")
        return value

    @field_validator("matrix_store_key")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value()) < 32:
            raise ValueError("must have 32 random characters or more: openssl rand -hex 32")
        return value

    @field_validator("signal_accounts")
    @classmethod
    def _are_numbers(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            if not re.fullmatch(r"\+[1-9]\d{6,14}", one):
                raise ValueError("must be numbers such as +23675000000, by commas")
        return value

    @field_validator("signal_challenge_key")
    @classmethod
    def _cannot_be_guessed(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{24,}", value.get_secret_value()):
            raise ValueError("must have 24 or more of A-Z a-z 0-9 _ -: openssl rand -hex 16")
        return value

    @property
    def signal_numbers(self) -> tuple[str, ...]:
        """Those of ``signal_accounts``."""
        return tuple(filter(None, (one.strip() for one in self.signal_accounts.split(","))))

    @property
    def signal_attachments_dir(self) -> Path:
        """Where the daemon puts what people send."""
        return self.signal_attachments or self.signal_folder / "attachments"

    @property
    def signer(self) -> bytes | None:
        """The pinned signer of inbox keys, if one is set."""
        return base64.b64decode(self.inbox_signer) or None

    @property
    def max_file_bytes(self) -> int:
        """The largest file in bytes."""
        return self.max_file_mb * 1_000_000

    def spool_path(self, channel: str) -> Path:
        """The spool of this channel's bot."""
        return self.data_dir / "spool" / f"{channel}.db"

    def port_for(self, channel: str) -> int:
        """The loopback port of this bot's health."""
        return PORTS.get(channel, 0) if self.bot_port is None else self.bot_port

    def secret(self, name: str) -> str:
        """A secret that must be there; :class:`ConfigurationError` names it when it is not."""
        return self.required(name)

    def required(self, name: str) -> str:
        """The same of any setting that is text."""
        value: SecretStr | str | None = getattr(self, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not text:
            advice = str(type(self).model_fields[name].description)
            raise ConfigurationError(f"RELAIS_{name.upper()} is not set. {advice}")
        return text


def load_settings() -> BotSettings:
    """From the environment; :class:`ConfigurationError` names every wrong one, without values."""
    try:
        return BotSettings.model_validate({})
    except ValidationError as error:
        lines = [
            f"RELAIS_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            if item["loc"]
            else item["msg"]
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise ConfigurationError("\n".join(lines)) from None

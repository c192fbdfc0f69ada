"""Configuration of the backend: one frozen object, read once. No secret has a default."""

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.directory.regions import iso_regions

CHANNELS = ("page", "telegram", "signal", "matrix")


def credential(name: str) -> Path | None:
    """A file that systemd handed to the service (LoadCredential=name:…), if there is one."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / name if folder else None
    return path if path is not None and path.exists() else None


class Settings(BaseSettings):
    """Environment variables (or ``.env``) with the prefix ``RELAIS_``."""

    model_config = SettingsConfigDict(
        env_prefix="RELAIS_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    mode: Literal["demo", "production"] = Field(
        "demo", description="demo: invented directory, marked shortcuts. production: none of them."
    )
    data_dir: Path = Field(Path("var"), description="Database (SQLite), spools, tombstones.")
    database_url: str = Field(
        "", description="postgresql://… for PostgreSQL; empty: SQLite under DATA_DIR."
    )
    keyring_file: Path | None = Field(
        None, description="Keyring. In production on another disk than DATA_DIR, never in a backup."
    )
    keyring_passphrase_file: Path | None = Field(
        None,
        description="File or pipe whose first line is the keyring's passphrase, if it has one; "
        "without it a start from a terminal asks.",
    )
    draft_key_dir: Path | None = Field(
        None,
        description="Draft keys of the day and inbox keys. As KEYRING_FILE; shared by replicas.",
    )
    public_url: str = Field("http://127.0.0.1:8000", description="Where browsers reach the server.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    bot_token_page: SecretStr | None = Field(None, description="Bearer token of the chat page.")
    bot_token_telegram: SecretStr | None = Field(None, description="Bearer token of that bot.")
    bot_token_signal: SecretStr | None = Field(None, description="Bearer token of that bot.")
    bot_token_matrix: SecretStr | None = Field(None, description="Bearer token of that bot.")
    roster_root: str = Field(
        "",
        description="base64url of the first coordinator's key, to which every roster's signature "
        "leads. Empty: the first roster's, kept beside the draft keys.",
    )
    operator: str = Field("", description="Who runs this service; survivors read this name.")
    interview: str = Field(
        "conflict-sexual-violence",
        description="Interview that new conversations begin with; a start link may name another.",
    )
    country: str = Field(
        "",
        description="Country of the pilot (ISO 3166): its regions stand in until areas are loaded.",
    )
    interviews_dir: Path | None = Field(
        None, description="Folder of interview documents (those that ship when empty)."
    )
    idle_hours: int = Field(72, ge=1, le=720, description="Hours after which a draft expires.")
    time_zone: str = Field("UTC", description="Time zone of the pilot, e.g. Africa/Bangui.")
    max_turn_bytes: int = Field(262_144, description="Largest inbound envelope.")
    max_file_mb: int = Field(
        20, ge=1, le=2000, description="Largest file a person may send, in MB (10^6 bytes)."
    )
    files_url: str = Field(
        "",
        description="Where sealed files are kept: s3://bucket/prefix, gs://…, az://… or file:///…; "
        "empty: the folder files under DATA_DIR. Replicas share it.",
    )
    console_dir: Path | None = Field(
        None, description="The built pages (console/dist beside the packages when empty)."
    )
    job_seconds: float = Field(1.0, gt=0, description="Pause between two looks for due jobs.")

    @field_validator("country")
    @classmethod
    def _country_exists(cls, value: str) -> str:
        if value:
            try:
                iso_regions(value)
            except LookupError as error:
                raise ValueError(f"{error}; write two or three letters, such as CF") from None
        return value

    @model_validator(mode="after")
    def _production_refuses_shortcuts(self) -> Self:
        if self.mode != "production":
            return self
        wanted = ["keyring_file", "draft_key_dir", "operator"]
        if credential("relais-keyring") is not None:
            wanted.remove("keyring_file")
        missing = [name for name in wanted if not getattr(self, name)]
        if missing:
            names = ", ".join(f"RELAIS_{n.upper()}" for n in missing)
            raise ValueError(f"production needs {names}; see docs/settings.md")
        for name in ("keyring_file", "draft_key_dir"):
            given: Path | None = getattr(self, name)
            path = given.resolve() if given is not None else Path("/")
            if path.is_relative_to(self.data_dir.resolve()):
                raise ValueError(
                    f"RELAIS_{name.upper()} must not lie under RELAIS_DATA_DIR: "
                    "a stolen data disk would open everything"
                )
        return self

    @property
    def console_path(self) -> Path:
        """Where the built console, chat page and landing page are."""
        return self.console_dir or Path(__file__).resolve().parents[1] / "console" / "dist"

    @property
    def keyring_path(self) -> Path:
        """Where the keyring is: as set, a systemd credential, in the demo beside the data."""
        given = self.keyring_file or credential("relais-keyring")
        return given or self.data_dir / "keys" / "keyring.json"

    @property
    def draft_keys_path(self) -> Path:
        """Where draft and inbox keys are; in the demo beside the data."""
        return self.draft_key_dir or self.data_dir / "keys" / "day"

    @property
    def sqlite_path(self) -> Path:
        """The SQLite file, used when no DATABASE_URL is given."""
        return self.data_dir / "relais.db"

    def bot_token(self, channel: str) -> str | None:
        """The bearer token that opens this channel, or None when it is not set."""
        token: SecretStr | None = getattr(self, f"bot_token_{channel}", None)
        return token.get_secret_value() if token else None

"""Parameters of the browser's key derivation: what is accepted, and what strangers are told."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from backend.accounts.base64_field import Base64
from backend.vault import Keyring

MEMORY_KIB: Final = 65_536
PASSES: Final = 3
LANES: Final = 1
SALT_BYTES: Final = 16


class Argon(BaseModel):
    """Argon2id parameters; anything weaker than 64 MiB and 3 passes is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    salt: Base64 = Field(min_length=SALT_BYTES, max_length=SALT_BYTES)
    memory_kib: int = Field(ge=MEMORY_KIB, le=1_048_576)
    passes: int = Field(ge=PASSES, le=20)
    lanes: int = Field(ge=LANES, le=4)

    def stored(self) -> dict[str, Any]:
        """As the column holds it."""
        return {
            "salt": self.salt.hex(),
            "memory_kib": self.memory_kib,
            "passes": self.passes,
            "lanes": self.lanes,
        }


def from_stored(stored: dict[str, Any]) -> Argon:
    """The inverse of :meth:`Argon.stored`."""
    return Argon.model_construct(
        salt=bytes.fromhex(stored["salt"]),
        memory_kib=stored["memory_kib"],
        passes=stored["passes"],
        lanes=stored["lanes"],
    )


def faked(keyring: Keyring, folded_name: str) -> Argon:
    """Stable parameters for a name that nobody has, not to be told from a real member's."""
    salt = keyring.index("login", "no such member", folded_name)[:SALT_BYTES]
    return Argon.model_construct(salt=salt, memory_kib=MEMORY_KIB, passes=PASSES, lanes=LANES)

"""What a ciphertext is bound to: length-prefixed, so that no two contexts can read alike."""

from dataclasses import dataclass
from typing import Final

FORMAT_VERSION: Final = "1"


def bind(*fields: str) -> bytes:
    """Join fields unambiguously: each as 4 bytes of length (big endian) and its UTF-8 bytes."""
    out = bytearray()
    for field in fields:
        raw = field.encode("utf-8")
        out += len(raw).to_bytes(4, "big") + raw
    return bytes(out)


@dataclass(frozen=True, slots=True)
class Context:
    """The place a sealed item belongs to. A change of any field makes it unopenable."""

    case: str
    compartment: str
    generation: int
    item: str
    kind: str

    def info(self) -> bytes:
        """HPKE ``info``: "relais" | version | case | compartment | generation | item | kind."""
        return bind(
            "relais",
            FORMAT_VERSION,
            self.case,
            self.compartment,
            str(self.generation),
            self.item,
            self.kind,
        )

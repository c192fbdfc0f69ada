"""Tiny Ogg Opus files, made by hand: silence of a given length (RFC 3533, RFC 7845)."""

SILENCE = b"\xf8\xff\xfe"
"""One Opus packet of 20 ms."""


def _crc(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        value &= 0xFFFFFFFF
    return value


def page(packets: list[bytes], number: int, flags: int, position: int, serial: int = 7) -> bytes:
    """One page that holds whole packets of less than 255 bytes each."""
    head = b"OggS\0" + bytes([flags]) + position.to_bytes(8, "little")
    head += serial.to_bytes(4, "little") + number.to_bytes(4, "little")
    table = bytes([len(packets), *map(len, packets)])
    body = b"".join(packets)
    crc = _crc(head + bytes(4) + table + body)
    return head + crc.to_bytes(4, "little") + table + body


def opus(seconds: float = 1.0, *, padding: int = 0, tag: str = "", skip: int = 312) -> bytes:
    """A file of that length; ``padding`` makes its packets longer, ``tag`` makes it another one."""
    head = b"OpusHead\1\1" + skip.to_bytes(2, "little") + (48000).to_bytes(4, "little") + b"\0\0\0"
    tags = b"OpusTags" + len(tag).to_bytes(4, "little") + tag.encode() + bytes(4)
    pages = [page([head], 0, 2, 0), page([tags], 1, 0, 0)]
    count = round(seconds * 50)
    packet = SILENCE + bytes(padding)
    for start in range(0, count, 50):
        packets = [packet] * min(50, count - start)
        last = start + len(packets) == count
        position = skip + (start + len(packets)) * 960
        pages.append(page(packets, len(pages), 4 if last else 0, position))
    return b"".join(pages)

"""How a camera was held: the one value of EXIF that a picture needs to be seen upright."""

import struct
from typing import Final

UPRIGHT: Final = 1
_TAG: Final = 0x0112
_SHORT: Final = 3
_ENTRIES: Final = 1000


def read_orientation(exif: bytes) -> int:
    """1 to 8 as EXIF numbers them, out of a TIFF structure; 1 when it does not say.

    It reads one directory in place and follows no pointer, so that hostile EXIF costs nothing.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (start,) = struct.unpack_from(f"{order}L", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for number in range(min(count, _ENTRIES)):
            entry = struct.unpack_from(f"{order}HHLH", tiff, start + 2 + 12 * number)
            tag, kind, _, value = entry
            if tag == _TAG:
                return value if kind == _SHORT and UPRIGHT <= value <= 8 else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT

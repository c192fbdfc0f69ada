"""The cleaned derivative of an image: the pixels that one sees, upright, and nothing else.

Everything is in memory, and it takes a processor for up to some seconds: call it in a thread, one
at a time. The largest image that is taken (40 megapixels) needs up to 4 s and 620 MB (measured).
"""

import warnings
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

from PIL import Image, ImageCms

from backend.media.images import CleaningError, NotAnImage, TooLarge, slim_image
from backend.media.images.limits import MAX_BYTES, check_pixels

__all__ = ["Cleaned", "CleaningError", "NotAnImage", "TooLarge", "clean_image"]

LONGEST: Final = 2048
"""Pixels of the longest side of a derivative."""
_QUALITY: Final = 85
_SMALL: Final = 1_000_000
"""Pixels up to which a picture with transparency stays a PNG."""
_MAX_PROFILE: Final = 1_000_000
_STRAIGHT: Final = frozenset({"L", "RGB", "CMYK"})
"""Modes that can be made smaller as they are."""
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to what sets it upright."""

# Pillow warns of a bomb and goes on; nobody would see it.
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """``mime`` is ``image/jpeg`` or ``image/png``; ``width`` and ``height`` in pixels."""

    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int


def clean_image(raw: bytes) -> Cleaned:
    """The first picture of a JPEG, PNG, WebP or GIF, in sRGB, at most 2,048 pixels a side.

    Raises :class:`CleaningError`: ``NotAnImage`` (``unknown_format``, ``damaged``) or ``TooLarge``
    (``too_large`` above 20 MB, ``too_many_pixels`` above 40 megapixels, ``too_complex``).
    """
    if len(raw) > MAX_BYTES:
        raise TooLarge("too_large")
    slim = slim_image(raw)
    try:
        with Image.open(BytesIO(slim.data), formats=[slim.format]) as image:
            check_pixels(*image.size)
            return _encode(_redraw(image, slim.orientation))
    except CleaningError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise TooLarge("too_many_pixels") from None
    except Exception:  # noqa: BLE001 - a decoder of hostile bytes may raise anything
        raise NotAnImage("damaged") from None


def _redraw(image: Image.Image, orientation: int) -> Image.Image:
    """A new image of mode L, RGB or RGBA: what Pillow knew of the old one stays behind."""
    drawn = image if image.mode in _STRAIGHT and not image.has_transparency_data else _plain(image)
    drawn.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    drawn = _in_srgb(drawn, image.info.get("icc_profile"))
    if orientation in _TURNS:
        drawn = drawn.transpose(_TURNS[orientation])
    fresh = Image.new(drawn.mode, drawn.size)
    fresh.paste(drawn)
    return fresh


def _plain(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):  # 16 bits of grey; Pillow's own conversion cuts them off
        return image.point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("L" if image.mode == "1" else "RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as the profile means them; a profile that cannot be used is passed over."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image if alpha is None else image.convert("RGB")
    if profile and len(profile) <= _MAX_PROFILE:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            changed = ImageCms.profileToProfile(colours, source, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            changed = None
        colours = colours if changed is None else changed
    if colours.mode == "CMYK":
        colours = colours.convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def _encode(image: Image.Image) -> Cleaned:
    width, height = image.size
    target = BytesIO()
    if _is_seen_through(image) and width * height <= _SMALL:
        image.save(target, "PNG", optimize=True)
        return Cleaned(target.getvalue(), "image/png", width, height)
    if image.mode == "RGBA":
        page = Image.new("RGB", image.size, "white")
        page.paste(image, mask=image.getchannel("A"))
        image = page
    image.save(target, "JPEG", quality=_QUALITY, optimize=True)
    return Cleaned(target.getvalue(), "image/jpeg", width, height)


def _is_seen_through(image: Image.Image) -> bool:
    return image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)

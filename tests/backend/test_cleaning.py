"""The cleaned derivative of an image: what is seen stays, what tells on her goes."""

import io
import struct
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from backend.media.cleaning import CleaningError, clean_image
from backend.media.images import slim_image
from backend.media.images.orientation import read_orientation
from tests.backend.images import (
    CORNERS,
    MARK,
    MARKED,
    ORIENTATION,
    corners,
    near,
    opened,
    picture,
    profile,
    saved,
)


@pytest.mark.parametrize("kind", MARKED)
def test_no_metadata_survives(kind: str) -> None:
    """EXIF, GPS, XMP, IPTC, comments, profiles, unknown parts and what follows the end are gone."""
    raw = MARKED[kind](1)
    assert MARK in raw
    cleaned = clean_image(raw)
    assert MARK not in cleaned.data
    image = opened(cleaned.data)
    assert dict(image.getexif()) == {}
    assert not {"icc_profile", "exif", "xmp", "comment", "dpi"} & image.info.keys()
    assert corners(image) == [0, 1, 2, 3]
    assert (cleaned.mime, cleaned.width, cleaned.height) == ("image/jpeg", 160, 80)


@pytest.mark.parametrize("kind", MARKED)
def test_no_metadata_reaches_the_decoder(kind: str) -> None:
    """What does not draw is taken out by walking the file, and one picture is left."""
    slim = slim_image(MARKED[kind](6))
    assert slim.format == kind
    assert slim.orientation == (1 if kind == "GIF" else 6)
    assert MARK not in slim.data
    with Image.open(io.BytesIO(slim.data), formats=[kind]) as image:
        assert not {"exif", "xmp", "comment", "Comment", "zipped"} & image.info.keys()
        assert not getattr(image, "is_animated", False)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "seen"),
    [
        (1, [0, 1, 2, 3]),
        (2, [1, 0, 3, 2]),
        (3, [3, 2, 1, 0]),
        (4, [2, 3, 0, 1]),
        (5, [0, 2, 1, 3]),
        (6, [2, 0, 3, 1]),
        (7, [3, 1, 2, 0]),
        (8, [1, 3, 0, 2]),
    ],
)
def test_a_picture_stands_upright(kind: str, orientation: int, seen: list[int]) -> None:
    """The eight ways to hold a camera end upright, without the tag that says so."""
    cleaned = clean_image(MARKED[kind](orientation))
    assert corners(opened(cleaned.data)) == seen
    assert (cleaned.width, cleaned.height) == ((160, 80) if orientation < 5 else (80, 160))


@pytest.mark.parametrize(("value", "read"), [(0, 1), (1, 1), (8, 8), (9, 1), (65_535, 1)])
@pytest.mark.parametrize("order", ["<", ">"])
def test_only_ways_to_hold_a_camera_are_read(order: str, value: int, read: int) -> None:
    """Values that mean nothing, and values of another type, read as upright."""
    top = b"II*\0" if order == "<" else b"MM\0*"
    for kind in (3, 4):
        entry = struct.pack(f"{order}HHLHH", ORIENTATION, kind, 1, value, 0)
        tiff = top + struct.pack(f"{order}LH", 8, 1) + entry
        assert read_orientation(tiff) == (read if kind == 3 else 1)


@given(st.binary(max_size=400))
def test_an_orientation_is_one_to_eight(raw: bytes) -> None:
    """Whatever stands where EXIF should stand, the answer is a way to hold a camera."""
    for tiff in (raw, b"II*\0" + raw, b"MM\0*\0\0\0\x08" + raw, b"Exif\0\0II*\0\x08\0\0\0" + raw):
        assert 1 <= read_orientation(tiff) <= 8


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_large_picture_becomes_smaller(kind: str) -> None:
    """The longest side has 2,048 pixels at most, in the same proportion."""
    cleaned = clean_image(saved(picture((4000, 1000)), kind))
    assert (cleaned.width, cleaned.height) == opened(cleaned.data).size == (2048, 512)
    assert corners(opened(cleaned.data)) == [0, 1, 2, 3]


def test_a_small_picture_with_transparency_stays_so() -> None:
    """It is a PNG; a large one is a JPEG on white, and so is one that hides nothing."""
    image = picture().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    small = clean_image(saved(image, "PNG", icc_profile=profile()))
    assert (small.mime, opened(small.data).mode) == ("image/png", "RGBA")
    assert "icc_profile" not in opened(small.data).info
    large = Image.new("RGBA", (1500, 900), (9, 9, 9, 0))
    cleaned = clean_image(saved(large, "PNG"))
    assert cleaned.mime == "image/jpeg"
    assert near(opened(cleaned.data), (750, 450), (255, 255, 255))
    image.putalpha(255)
    assert clean_image(saved(image, "PNG")).mime == "image/jpeg"


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("GIF", mode) for mode in ("1", "L", "P", "RGB", "RGBA")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
    ],
)
def test_every_mode_is_drawn(kind: str, mode: str) -> None:
    """Black and white, grey, palette and print colours keep light and dark apart."""
    image = Image.new("L", (64, 64), 0)
    image.paste(255, (32, 0, 64, 64))
    drawn = opened(clean_image(saved(image.convert(mode), kind)).data)
    assert near(drawn, (8, 32), (0, 0, 0))
    assert near(drawn, (56, 32), (255, 255, 255))


def test_sixteen_bits_of_grey_keep_their_shades() -> None:
    """A middle grey of 16 bits is a middle grey of 8, not white."""
    image = Image.new("I;16", (40, 40), 128 << 8)
    assert near(opened(clean_image(saved(image, "PNG")).data), (20, 20), (128, 128, 128))


def test_colours_are_turned_into_srgb() -> None:
    """A profile is applied before it is taken away; a broken one is passed over."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    plain = saved(picture(), "PNG")
    changed = clean_image(saved(picture(), "PNG", icc_profile=swapped_profile()))
    assert near(opened(changed.data), (8, 8), CORNERS[1])  # red and green change places
    for broken in (b"no profile", lab, swapped_profile()[:300]):
        image = opened(clean_image(saved(picture(), "PNG", icc_profile=broken)).data)
        assert corners(image) == corners(opened(clean_image(plain).data))


def swapped_profile() -> bytes:
    """The profile of sRGB with the red and the green primary exchanged."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")


# -- whatever comes ------------------------------------------------------------------------------

ORIGINALS: Final = {kind: make(6 if kind == "JPEG" else 1) for kind, make in MARKED.items()}


def ends_well(raw: bytes) -> None:
    """Either a derivative that opens and holds no mark, or our own error."""
    try:
        cleaned = clean_image(raw)
    except CleaningError:
        return
    assert MARK not in cleaned.data
    assert opened(cleaned.data).size == (cleaned.width, cleaned.height)


@given(st.binary(max_size=2000), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]))
def test_random_bytes_end_well(raw: bytes, beginning: bytes) -> None:
    """Nothing but our own errors comes out of bytes that are no image."""
    ends_well(beginning + raw)
    ends_well(b"GIF89a" + raw)
    ends_well(b"RIFF" + struct.pack("<I", len(raw) + 4) + b"WEBP" + raw)


@settings(max_examples=150)
@given(st.sampled_from(sorted(ORIGINALS)), st.data())
def test_mutated_images_end_well(kind: str, data: st.DataObject) -> None:
    """An image with bytes changed, cut out or doubled is drawn or refused, never anything else."""
    raw = bytearray(ORIGINALS[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(["set", "cut", "copy"])):
            case "set":
                raw[at] = data.draw(st.integers(0, 255))
            case "cut":
                del raw[at : at + data.draw(st.integers(1, 40))]
            case _:
                raw[at:at] = raw[at : at + data.draw(st.integers(1, 40))]
        raw = raw or bytearray(b"\0")
    ends_well(bytes(raw))

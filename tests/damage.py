"""What may happen to bytes: a changed one anywhere, an end that is missing, more behind it."""

from collections.abc import Callable

from hypothesis import strategies as st


def _changed(at: int, by: int) -> Callable[[bytes], bytes]:
    def damage(raw: bytes) -> bytes:
        where = at % len(raw)
        return raw[:where] + bytes([raw[where] ^ by]) + raw[where + 1 :]

    return damage


def _cut(to: int) -> Callable[[bytes], bytes]:
    return lambda raw: raw[: to % len(raw)]


def _lengthened(by: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw + by


def damages() -> st.SearchStrategy[Callable[[bytes], bytes]]:
    """Functions from whole bytes to others; never the identity."""
    return st.one_of(
        st.builds(_changed, st.integers(0, 1 << 20), st.integers(1, 255)),
        st.builds(_cut, st.integers(0, 1 << 20)),
        st.builds(_lengthened, st.binary(min_size=1, max_size=40)),
    )

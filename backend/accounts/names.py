"""A member's name as it is shown, and folded as it is looked up."""

import unicodedata


def login_name(name: str) -> str:
    """What two spellings of one name have in common (case, width, surrounding space)."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

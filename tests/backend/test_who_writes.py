"""Who writes has not shown that it is her: what she sees, what she reaches, what stays hers."""

import pytest

from tests.backend.nights import BACK, TO_MORE, Night

HELPER_HAS_IT = "A helper has it"


@pytest.mark.parametrize("word", ["status", "human"])
@pytest.mark.parametrize("way", [("1", "1", "language"), ("1", "3")])
async def test_no_news_by_a_detour_before_the_sign(
    night: Night, way: tuple[str, ...], word: str
) -> None:
    """Through the choice of a language, or a call in danger: nothing says that there is a case."""
    await night.says(*TO_MORE, "3")
    await night.takes()
    await night.says("hello", *way)
    assert HELPER_HAS_IT not in await night.says(word)


async def test_who_shows_the_sign_has_news_everywhere(night: Night) -> None:
    """After the sign the word works on every screen again."""
    await night.says(*TO_MORE, "3")
    await night.takes()
    await night.says(*BACK, "language")
    assert HELPER_HAS_IT in await night.says("status")


async def test_wrong_signs_are_counted_over_a_telling_elsewhere(night: Night) -> None:
    """Who begins apart, outside the service, does not get five more guesses; the chat goes on."""
    await night.says(*TO_MORE, "3")
    for number in range(5):
        await night.says("hello", "1", "1", f"wrong{number}")
    await night.says("hello", "1", "1", "s", "s", "1", "4", "5", "+")
    asked = await night.says("9")
    assert "information" in asked.lower() or "help" in asked.lower()
    state = await night.state()
    assert state.mode == "asking"
    assert "signs" in state.kept


async def test_who_is_elsewhere_goes_on_to_information(night: Night) -> None:
    """What she told is not kept, but her chat is where it was when she writes next."""
    await night.says("hello", "1", "1", "1", "4", "5", "+", "9")
    asked = (await night.state()).at
    assert asked
    await night.jobs()
    assert (await night.state()).at == asked
    assert "Care is for your body" in await night.says("1")

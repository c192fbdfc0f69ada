"""Shared blocks: spliced in, named by their own file, and faults point into it."""

import pytest

from conversation import InterviewError, load_interview, texts

HEAD = "id: t\nversion: 1\nsource: en\nsteps:\n"
ASK = b'steps:\n  - {id: q, ask: choice, text: "Q?", options: {a: "A", b: "B"}}\n'
TWO = ASK + b'  - {id: r, say: "R.", when: {q: {is: a}}}\n'


def load(source: str, **shared: bytes) -> object:
    """A document with these blocks."""
    return load_interview((HEAD + source).encode(), "t.yaml", None, shared)


def test_a_block_keeps_its_own_message_ids() -> None:
    """It is translated once, whoever includes it."""
    interview = load_interview((HEAD + "  - include: two\n").encode(), "t.yaml", None, {"two": TWO})
    assert [t.id for t in texts(interview)] == [
        "two/q/text", "two/q/options/a", "two/q/options/b", "two/r/text",
    ]  # fmt: skip
    assert interview.steps["r"].file == "shared/two.yaml"
    assert interview.shared == ("two",)


@pytest.mark.parametrize(
    ("code", "where", "source", "block"),
    [
        ("INC001", "t.yaml:5", "  - include: nobody\n", TWO),
        ("INC002", "t.yaml:6", "  - include: two\n  - include: two\n", TWO),
        ("INC003", "t.yaml:5", "  - {include: two, without: [z]}\n", TWO),
        ("INC004", "shared/two.yaml:2", "  - include: two\n", b"steps:\n  - include: two\n"),
        ("DOC002", "shared/two.yaml:1", "  - include: two\n", b"note: empty\n"),
        ("WHEN005", "shared/two.yaml:3", "  - include: two\n", TWO.replace(b"is: a", b"is: z")),
        ("WHEN001", "t.yaml:5", "  - {include: two, when: {nobody: {is: a}}}\n", TWO),
    ],
)
def test_faults_point_to_their_file(code: str, where: str, source: str, block: bytes) -> None:
    """File, line and code, whichever document holds the fault."""
    with pytest.raises(InterviewError) as caught:
        load(source, two=block)
    assert where in [f"{f.file}:{f.line}" for f in caught.value.findings if f.code == code]


def test_some_steps_can_be_left_out() -> None:
    """`without` takes a step out of this interview alone."""
    source = "  - {include: two, without: [r]}\n"
    interview = load_interview((HEAD + source).encode(), "t.yaml", None, {"two": TWO})
    assert set(interview.steps) == {"q"}


def test_a_block_can_be_taken_apart() -> None:
    """`only` takes some of its steps here, the rest elsewhere; its texts stand once."""
    source = (
        '  - {include: two, only: [q]}\n  - {id: x, say: "X."}\n  - {include: two, without: [q]}\n'
    )
    interview = load_interview((HEAD + source).encode(), "t.yaml", None, {"two": TWO})
    assert list(interview.steps) == ["q", "x", "r"]
    assert [t.id for t in texts(interview)].count("two/r/text") == 1
    assert interview.shared == ("two",)

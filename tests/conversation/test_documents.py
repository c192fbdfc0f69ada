"""Documents: what is wrong is named by code and line, and hostile files end in a finding."""

import pytest

from conversation import InterviewError, Lexicon, load_interview, texts
from tests.conversation.talking import KEYWORDS, rich

HEAD = "id: t\nversion: 1\nsource: en\nsteps:\n"
ASK = '  - {id: q, ask: choice, text: "Q?", options: {a: "A", b: "B"}}\n'

BROKEN = [
    ("YAML001", 2, "id: t\n\tversion: 1\n"),
    ("YAML001", 1, ""),
    ("YAML003", 5, HEAD + "  - " + "[" * 40 + "]" * 40),
    ("YAML004", 5, HEAD + "  - {id: q, say: *nowhere}\n"),
    ("YAML005", 2, "id: t\nid: u\nversion: 1\nsource: en\nsteps:\n" + ASK),
    ("YAML006", 5, HEAD + '  - {id: q, say: !!python/object "x"}\n'),
    ("DOC001", 6, HEAD + ASK + '  - {id: r, ask: choice, text: "R?", colour: red,'
     ' options: {a: "A", b: "B"}}\n'),
    ("DOC002", 1, "version: 1\nsource: en\nsteps:\n" + ASK),
    ("DOC003", 5, HEAD + '  - {id: q, ask: text, compartment: brief, text: "Q?", sign: maybe}\n'),
    ("DOC004", 5, HEAD + '  - {id: q, ask: riddle, text: "Q?"}\n'),
    ("STEP001", 6, HEAD + ASK + ASK),
    ("STEP002", 5, HEAD + '  - {id: Q-1, say: "Hello."}\n'),
    ("STEP003", 5, HEAD + '  - {id: q, text: "Q?"}\n'),
    ("STEP003", 5, HEAD + '  - {id: q, say: "S.", ask: text}\n'),
    ("STEP004", 5, HEAD + '  - {id: q, say: ""}\n'),
    ("STEP005", 5, HEAD + '  - {id: q, say: "Hello {name}."}\n'),
    ("OPT001", 5, HEAD + '  - {id: q, ask: choice, text: "Q?", options: {A B: "A", b: "B"}}\n'),
    ("OPT002", 5, HEAD + '  - {id: q, ask: choice, text: "Q?"}\n'),
    ("OPT003", 5, HEAD + '  - {id: q, ask: many, text: "Q?", exclusive: [z],'
     ' options: {a: "A", b: "B"}}\n'),
    ("OPT004", 5, HEAD + '  - {id: q, consent: services, text: "Q?",'
     ' options: {perhaps: "A", no: "B"}}\n'),
    ("OPT005", 5, HEAD + '  - {id: q, ask: place, from: planets, compartment: brief,'
     ' text: "Q?"}\n'),
    ("WHEN001", 5, HEAD + '  - {id: q, say: "S.", when: {nothing: {is: a}}}\n'),
    ("WHEN002", 5, HEAD + '  - {id: p, say: "S.", when: {q: {is: a}}}\n' + ASK),
    ("WHEN003", 6, HEAD + ASK + '  - {id: p, say: "S.", when: {q: {includes: a}}}\n'),
    ("WHEN003", 6, HEAD + ASK + '  - {id: p, say: "S.", when: {q: {lt: 3}}}\n'),
    ("WHEN004", 6, HEAD + ASK + '  - {id: p, say: "S.", when: {q: {equals: a}}}\n'),
    ("WHEN005", 6, HEAD + ASK + '  - {id: p, say: "S.", when: {q: {is: c}}}\n'),
    ("WHEN006", 6, HEAD + ASK + '  - {id: p, say: "S.", when: {q: a}}\n'),
    ("WHEN006", 6, HEAD + ASK + '  - {id: p, say: "S.", when: {all: {q: {is: a}}}}\n'),
    ("THEN001", 5, HEAD + '  - {id: q, ask: choice, text: "Q?", options: {a: "A", b: "B"},'
     " then: {a: nowhere}}\n"),
    ("THEN002", 6, HEAD + ASK + '  - {id: r, ask: choice, text: "Q?",'
     ' options: {a: "A", b: "B"}, then: {a: q}}\n'),
    ("THEN003", 5, HEAD + '  - {id: q, ask: choice, text: "Q?", options: {a: "A", b: "B"},'
     " then: {z: close}}\n"),
    ("THEN004", 5, HEAD + '  - {id: q, ask: choice, text: "Q?", options: {a: "A", b: "B"},'
     " then: {a: {explode: now}}}\n"),
    ("THEN004", 5, HEAD + '  - {id: q, ask: choice, text: "Q?", options: {a: "A", b: "B"},'
     " then: {a: urgent}}\n"),
    ("COMP001", 5, HEAD + '  - {id: q, ask: text, text: "Q?"}\n'),
    ("COMP001", 5, HEAD + '  - {id: q, ask: choice, code: c, text: "Q?",'
     ' options: {a: "A", b: "B"}}\n'),
    ("COMP002", 5, HEAD + '  - {id: q, ask: text, compartment: cellar, text: "Q?"}\n'),
    ("CODE001", 5, HEAD + '  - {id: q, ask: choice, compartment: brief, text: "Q?",'
     ' options: {a: {label: "A", codes: {x: y}}, b: "B"}}\n'),
    ("USE001", 5, HEAD + "  - {use: nobody}\n"),
    ("RANGE001", 5, HEAD + '  - {id: q, ask: number, compartment: brief, text: "Q?",'
     " range: {min: 0, max: 9}}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "line", "source"), BROKEN)
def test_each_fault_is_named_by_code_and_line(code: str, line: int, source: str) -> None:
    """A broken document is refused with the code, the line and some advice."""
    with pytest.raises(InterviewError) as caught:
        load_interview(source.encode(), "t.yaml")
    assert (code, line) in {(f.code, f.line) for f in caught.value.findings}, caught.value
    assert all(f.advice and f.file == "t.yaml" for f in caught.value.findings)


def test_all_faults_come_at_once() -> None:
    """Every finding of a file is reported in one go, in the order of the file."""
    source = HEAD + '  - {id: q, say: ""}\n  - {id: q, say: "{x}"}\n  - {use: nobody}\n'
    with pytest.raises(InterviewError) as caught:
        load_interview(source.encode(), "t.yaml")
    assert [f.code for f in caught.value.findings] == ["STEP004", "STEP001", "STEP005", "USE001"]


def test_a_billion_laughs_ends_in_a_finding() -> None:
    """Aliases that unfold to far more than an interview are refused, quickly."""
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    with pytest.raises(InterviewError) as caught:
        load_interview(laughs.encode(), "t.yaml")
    assert caught.value.findings[0].code == "YAML002"


@pytest.mark.parametrize(
    "source",
    [b"\xff\xfe\x00", b"\x00", b"a" * 600_000, b"- 1", b"{", b"? [a]\n: b", b"a: b\n---\nc: d\n"],
)
def test_what_is_no_interview_ends_in_a_finding(source: bytes) -> None:
    """No bytes make the loader raise anything but findings."""
    with pytest.raises(InterviewError):
        load_interview(source, "t.yaml")


def test_yes_no_and_on_are_words() -> None:
    """YAML 1.2: `yes`, `no` and `on` are option ids, not booleans."""
    source = HEAD + '  - {id: q, ask: choice, text: "Q?", options: {yes: "Y", no: "N", on: "O"}}\n'
    step = load_interview(source.encode(), "t.yaml").steps["q"]
    assert [option.id for option in step.options] == ["yes", "no", "on"]


def test_every_text_has_its_id_note_and_line() -> None:
    """Texts carry the catalogue's context, the author's note and where they stand."""
    found = {text.id: text for text in texts(rich())}
    assert found["rich/safe_now/text"].source == "Are you safe?"
    assert found["urgent/urgent_near/lines/none"].source == "None near."
    assert found["rich/who_reads/by/channel/page"].source == "The page is here."
    assert found["rich/safe_now/options/danger"].line > 1
    assert len(found) == len(list(texts(rich())))


def test_keywords_are_normalised() -> None:
    """Command words are compared as typed answers are."""
    words = {**KEYWORDS, "  HÉLP ": "help"}
    assert Lexicon.of(words).keywords["hélp"] == "help"

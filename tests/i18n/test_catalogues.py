"""Catalogues: what is served, from which language, and what is refused."""

from pathlib import Path

import pytest

from i18n import CatalogueError, Catalogues, Languages
from tests.i18n.samples import languages

HEADER = 'msgid ""\nmsgstr ""\n"Language: fr\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def table(tmp_path: Path) -> Languages:
    """The sample languages."""
    return languages(tmp_path)


def entry(context: str, source: str, text: str, flag: str = "") -> str:
    """One PO entry."""
    flags = f"#, {flag}\n" if flag else ""
    return f'{flags}msgctxt "{context}"\nmsgid "{source}"\nmsgstr "{text}"\n\n'


def load(root: Path, table: Languages, po: str | bytes, domain: str = "interviews") -> Catalogues:
    """Catalogues of one French file over three sources."""
    folder = root / "locales" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    data = po if isinstance(po, bytes) else (HEADER + po).encode()
    (folder / f"{domain}.po").write_bytes(data)
    sources = [("q/a/text", "Hello {who}"), ("q/b/text", "Bye"), ("responder/x/text", "Take")]
    return Catalogues.load(
        sources, root=root / "locales", phrases_root=root / "none", languages=table
    )


def test_a_translation_is_served(tmp_path: Path, table: Languages) -> None:
    """A translated message is served, an untranslated one in English, and that is counted."""
    texts = load(tmp_path, table, entry("q/a/text", "Hello {who}", "Bonjour {who}"))
    assert texts.text("fr", "q/a/text") == "Bonjour {who}"
    assert texts.text("fr", "q/b/text") == "Bye"
    assert dict(texts.gaps) == {("fr", "q/b/text"): 1}
    assert texts.missing("fr") == ("q/b/text", "responder/x/text")


def test_the_fallback_chain(tmp_path: Path, table: Languages) -> None:
    """A language without a text takes it from the next of its chain, then from English."""
    texts = load(tmp_path, table, entry("q/a/text", "Hello {who}", "Bonjour {who}"))
    assert texts.find("xr", "q/a/text") == ("Bonjour {who}", "fr")
    assert texts.find("xr", "q/b/text") == ("Bye", "en")
    assert texts.text("tlh", "q/b/text") == "Bye"


@pytest.mark.parametrize("wrong", ["Bonjour", "Bonjour {qui}", "Bonjour {who} {n}"])
def test_wrong_placeholders_fall_back_to_the_source(
    tmp_path: Path, table: Languages, wrong: str
) -> None:
    """A translation that lost or invented a placeholder is not served."""
    texts = load(tmp_path, table, entry("q/a/text", "Hello {who}", wrong))
    assert texts.text("fr", "q/a/text") == "Hello {who}"


def test_fuzzy_and_outdated_are_not_served(tmp_path: Path, table: Languages) -> None:
    """Neither a fuzzy translation nor one of other English is served."""
    fuzzy = entry("q/b/text", "Bye", "Salut", "fuzzy")
    old = entry("q/a/text", "Hello, {who}!", "Bonjour {who}")
    texts = load(tmp_path, table, fuzzy + old)
    assert texts.text("fr", "q/b/text") == "Bye"
    assert texts.text("fr", "q/a/text") == "Hello {who}"


@pytest.mark.parametrize(
    ("po", "line", "code"),
    [
        ('msgid "Bye\nmsgstr "x"\n', 1, "PO001"),
        ('msgid "a"\nmsgstr "b"\nrubbish here\n', 3, "PO001"),
        (b'msgid "a"\nmsgstr "\xff"\n', 2, "PO002"),
    ],
)
def test_a_broken_file_says_where(
    tmp_path: Path, table: Languages, po: str | bytes, line: int, code: str
) -> None:
    """A file that is no PO names itself, the line and the remedy."""
    data = po.encode() if isinstance(po, str) else po
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path, table, data)
    (finding,) = caught.value.findings
    assert finding.file == "i18n/locales/fr/LC_MESSAGES/interviews.po"
    assert (finding.line, finding.code) == (line, code)
    assert finding.advice


def test_an_archived_catalogue_says_the_same(texts: Catalogues) -> None:
    """A catalogue rebuilt from its archive has every text and the same digest."""
    again = Catalogues.from_mapping(texts.as_mapping(), texts.languages)
    assert again.digest() == texts.digest()
    assert again.text("xr", "x/safe/text") == texts.text("xr", "x/safe/text")
    assert again.state("en") == "complete"


def test_the_digest_follows_the_texts(texts: Catalogues) -> None:
    """Another word is another digest."""
    mapping = texts.as_mapping()
    mapping["fr"]["x/safe/options/yes"] = "Ouais"
    assert Catalogues.from_mapping(mapping, texts.languages).digest() != texts.digest()
    assert texts.text("fr", "x/safe/options/yes") == "Oui"


def test_complete_needs_a_reviewer(texts: Catalogues) -> None:
    """A translated language that nobody signed is a draft; the source never is."""
    assert texts.missing("xr") == ()
    assert texts.state("xr") == "draft"
    assert texts.state("en") == "complete"
    assert texts.state("tlh") == "draft"


def test_console_texts(tmp_path: Path, table: Languages) -> None:
    """The console's catalogue maps English to the translation, along the chain."""
    texts = load(tmp_path, table, 'msgid "Unlock"\nmsgstr "Ouvrir"\n', "console")
    assert texts.console("fr") == {"Unlock": "Ouvrir"}
    assert texts.console("xr") == {"Unlock": "Ouvrir"}
    assert texts.console("xr", own=True) == {}
    assert texts.console("en") == {}
    assert "Unlock" not in texts.as_mapping()["fr"]


def test_texts_by_prefix(texts: Catalogues) -> None:
    """The labels of one interview are had by the beginning of their ids."""
    assert texts.texts("fr", "x/safe/options/yes") == {"x/safe/options/yes": "Oui"}

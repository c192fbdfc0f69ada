"""Templates and catalogues made from sources."""

from pathlib import Path

from babel.messages.catalog import Catalog

from i18n import extract, languages, po
from i18n.extract import Source

FRENCH = languages()["fr"]
SOURCES = [
    Source("q/b/text", "Bye {who}", "Said last.", "conversation/interviews/q.yaml", 9),
    Source("q/a/text", "Hello", "", "conversation/interviews/q.yaml", 3),
    Source("responder/x/text", "Take", "", "i18n/phrases/responder.yaml", 1),
]


def test_the_console_is_read(tmp_path: Path) -> None:
    """Each t("…") of the TypeScript is a source, JSX and several lines included."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.tsx").write_text(
        "export const A = () => <p title={t('Unlock')}>{\n  // i18n: On a button.\n"
        '  t("Take {code}", {code})}</p>;\n'
    )
    (tmp_path / "b.ts").write_text(
        'const f = <T,>(x: T) => at("no");\nt(\n  "Wait"\n);\nt(some);\n'
    )
    found = extract.console_sources(tmp_path)
    assert [(s.source, s.file, s.line) for s in found] == [
        ("Unlock", "console/src/a/x.tsx", 1),
        ("Take {code}", "console/src/a/x.tsx", 3),
        ("Wait", "console/src/b.ts", 2),
    ]
    assert found[1].note == "On a button."


def test_texts_go_to_their_files() -> None:
    """Responders' and bots' texts have their own file, and so has the console."""
    domains = extract.by_domain(SOURCES, [Source("", "Unlock", "", "console/src/x.ts", 1)])
    assert [len(domains[d]) for d in ("interviews", "bots", "console")] == [2, 1, 1]


def test_a_template_keeps_the_order_and_has_no_date() -> None:
    """A template stands in the order of its sources and is the same on each run."""
    data = po.dump(extract.template(SOURCES[:2]), None).decode()
    assert data.index("q/b/text") < data.index("q/a/text")
    assert "#. Said last." in data
    assert "Date" not in data
    assert data == po.dump(extract.template(SOURCES[:2]), None).decode()


def read(folder: Path, data: str) -> Catalog:
    """A catalogue from text."""
    path = folder / "x.po"
    path.write_text(data, encoding="utf-8")
    return po.read(path, "x.po", FRENCH)


def test_update_keeps_translations_and_comments(tmp_path: Path) -> None:
    """What was translated stays, with comments and headers; a rerun is the same."""
    first = po.dump(extract.merge(SOURCES[:2], None, FRENCH), FRENCH).decode()
    done = first.replace('msgid "Hello"\nmsgstr ""', 'msgid "Hello"\nmsgstr "Bonjour"')
    done = "# By hand.\n" + done.replace(
        '"MIME-Version', '"Last-Translator: A <a@b>\\n"\n"MIME-Version'
    )
    again = po.dump(extract.merge(SOURCES[:2], read(tmp_path, done), FRENCH), FRENCH).decode()
    assert again.startswith("# By hand.\n")
    assert "Last-Translator: A <a@b>" in again
    assert 'msgstr "Bonjour"' in again
    third = po.dump(extract.merge(SOURCES[:2], read(tmp_path, again), FRENCH), FRENCH).decode()
    assert third == again


def test_a_second_update_changes_nothing(tmp_path: Path) -> None:
    """A new catalogue that is read and updated again is the same bytes."""
    first = po.dump(extract.merge(SOURCES, None, FRENCH), FRENCH).decode()
    assert po.dump(extract.merge(SOURCES, read(tmp_path, first), FRENCH), FRENCH).decode() == first


def test_changed_english_makes_a_translation_fuzzy(tmp_path: Path) -> None:
    """The old translation stays beside the old English, fuzzy; a rerun changes nothing."""
    first = po.dump(extract.merge(SOURCES[:2], None, FRENCH), FRENCH).decode()
    old = read(tmp_path, first.replace('msgid "Hello"\nmsgstr ""', 'msgid "Hello"\nmsgstr "Salut"'))
    long = "Hello " + "and welcome to this long sentence " * 5
    now = [SOURCES[0], SOURCES[1]._replace(source=long.strip())]
    changed = po.dump(extract.merge(now, old, FRENCH), FRENCH).decode()
    assert "#. The English was: Hello\n" in changed
    assert "#, fuzzy" in changed
    assert 'msgstr "Salut"' in changed
    assert po.dump(extract.merge(now, read(tmp_path, changed), FRENCH), FRENCH).decode() == changed


def test_what_is_gone_is_kept_and_comes_back(tmp_path: Path) -> None:
    """A translation that is no longer asked for is obsolete, and returns with its source."""
    first = po.dump(extract.merge(SOURCES[:2], None, FRENCH), FRENCH).decode()
    full = read(
        tmp_path, first.replace('msgid "Hello"\nmsgstr ""', 'msgid "Hello"\nmsgstr "Salut"')
    )
    less = po.dump(extract.merge(SOURCES[:1], full, FRENCH), FRENCH).decode()
    assert '#~ msgstr "Salut"' in less
    back = extract.merge(SOURCES[:2], read(tmp_path, less), FRENCH)
    message = back.get("Hello", "q/a/text")
    assert message is not None
    assert message.string == "Salut"
    assert not back.obsolete

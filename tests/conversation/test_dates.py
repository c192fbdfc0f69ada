"""Dates as people say them."""

import datetime

import pytest
from babel import dates
from hypothesis import example, given
from hypothesis import strategies as st

from conversation.dates import LONGEST, NUMBERS_ONLY, DateWords, read_date
from conversation.normalise import normalise
from i18n import languages
from i18n.datewords import date_words

TODAY = datetime.date(2026, 11, 24)
"""A Tuesday."""
WORDS = DateWords.of(date_words())
NAMED = [("en", "en_US"), ("en", "en_GB"), ("fr", "fr"), ("ckb", "ckb"), ("kmr", "ku"),
         ("my", "my"),
         ("sg", "sg"), ("ar", "ar"), ("ar", "ar_SY"), ("ar", "ar_IQ"),
         ("ar", "ar_LY")]  # fmt: skip
"""Our locale and the CLDR locale that writes the date."""
A_HUNDRED_YEARS = st.dates(datetime.date(1926, 11, 25), TODAY)


def read(typed: str, locale: str = "en") -> dict[str, object] | None:
    """What is read out of a message, on that Tuesday."""
    return read_date(normalise(typed), TODAY, WORDS, locale)


def short(value: dict[str, object] | None) -> str:
    """A value on one line: `day 2026 11 20`, `month 2026 3 end`, `~` before it if approximate."""
    if value is None:
        return ""
    pieces = [str(piece) for key, piece in value.items() if key != "approximate"]
    return ("~" if value.get("approximate") else "") + " ".join(pieces)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("today", "day 2026 11 24"),
        ("Yesterday.", "day 2026 11 23"),
        ("the day before yesterday", "day 2026 11 22"),
        ("last night", "day 2026 11 23"),
        ("yesterday evening", "day 2026 11 23"),
        ("last Friday", "day 2026 11 20"),
        ("on Friday", "day 2026 11 20"),
        ("Tuesday", "day 2026 11 17"),
        ("3 days ago", "day 2026 11 21"),
        ("twelve days ago", "day 2026 11 12"),
        ("two weeks ago", "~day 2026 11 10"),
        ("about two weeks ago", "~day 2026 11 10"),
        ("a month ago", "month 2026 10"),
        ("twelve months ago", "month 2025 11"),
        ("last week", "~day 2026 11 17"),
        ("last month", "month 2026 10"),
        ("last year", "year 2025"),
        ("in March", "month 2026 3"),
        ("December", "month 2025 12"),
        ("last november", "month 2025 11"),
        ("March 2024", "month 2024 3"),
        ("12 March", "day 2026 3 12"),
        ("12 December", "day 2025 12 12"),
        ("29 February", "day 2024 2 29"),
        ("the 31st", "day 2026 10 31"),
        ("12 March 2024", "day 2024 3 12"),
        ("12 march 24", "day 2024 3 12"),
        ("March 12, 2024", "day 2024 3 12"),
        ("the 12th of Mar., 2024", "day 2024 3 12"),
        ("12-mar-2024", "day 2024 3 12"),
        ("first of May", "day 2026 5 1"),
        ("in May", "month 2026 5"),
        ("last winter", "season winter 2025 2026"),
        ("winter 2024", "season winter 2024"),
        ("in the rainy season", "season rainy 2026"),
        ("spring 2025", "season spring 2025"),
        ("autumn", "season autumn 2026"),
        ("last autumn", "season autumn 2025"),
        ("beginning of March", "month 2026 3 beginning"),
        ("mid-march 2020", "month 2020 3 middle"),
        ("end of March", "month 2026 3 end"),
        ("in 2024", "year 2024"),
        ("early 2024", "year 2024 beginning"),
        ("the 12th of march 2024 at night", "day 2024 3 12"),
        ("around 2019", "~year 2019"),
        ("about 12/3/2026", "~day 2026 3 12"),
        ("maybe in march", "~month 2026 3"),
        ("it was last friday", "day 2026 11 20"),
        ("12/3/2026", "day 2026 3 12"),
        ("31/12", "day 2025 12 31"),
        ("2026-11-25", "day 2026 11 25"),
    ],
)
def test_english_as_it_is_spoken(typed: str, meant: str) -> None:
    """Each of these is the date that anybody would understand, as exact as it was said."""
    assert short(read(typed)) == meant


@pytest.mark.parametrize(
    ("locale", "typed", "meant"),
    [
        ("fr", "avant-hier", "day 2026 11 22"),
        ("fr", "vendredi dernier", "day 2026 11 20"),
        ("fr", "il y a trois jours", "day 2026 11 21"),
        ("fr", "il y a environ deux semaines", "~day 2026 11 10"),
        ("fr", "l'année dernière", "year 2025"),
        ("fr", "le 1er mars 2024", "day 2024 3 1"),
        ("fr", "fin du mois de fevrier", "month 2026 2 end"),
        ("fr", "mi-août 2024", "month 2024 8 middle"),
        ("fr", "pendant la dernière saison sèche", "season dry 2025 2026"),
        ("fr", "hier soir", "day 2026 11 23"),
        ("ar", "قبل ٣ أيام", "day 2026 11 21"),
        ("ar", "قبل يومين", "day 2026 11 22"),
        ("ar", "منذ أسبوعين", "~day 2026 11 10"),
        ("ar", "اول امبارح", "day 2026 11 22"),
        ("ar", "يوم الجمعة الماضي", "day 2026 11 20"),
        ("ar", "كانون الثاني ٢٠٢٤", "month 2024 1"),
        ("ar", "١٢ اذار ٢٠٢٤", "day 2024 3 12"),
        ("ar", "جانفي 2024", "month 2024 1"),
        ("ar", "شهر ٣", "month 2026 3"),
        ("ar", "بداية شباط", "month 2026 2 beginning"),
        ("ar", "الشتاء الماضي", "season winter 2025 2026"),
        ("ckb", "دوێنێ", "day 2026 11 23"),
        ("ckb", "دوو هەفتە لەمەوبەر", "~day 2026 11 10"),
        ("ckb", "مانگی ٣ی ٢٠٢٤", "month 2024 3"),
        ("ckb", "زستانی ڕابردوو", "season winter 2025 2026"),
        ("kmr", "duh", "day 2026 11 23"),
        ("kmr", "beri se rojan", "day 2026 11 21"),
        ("kmr", "hefteya borî", "~day 2026 11 17"),
        ("kmr", "12'ê adara 2024'an", "day 2024 3 12"),
        ("my", "မနေ့က", "day 2026 11 23"),
        ("my", "မေန႔က", "day 2026 11 23"),
        ("my", "လွန်ခဲ့တဲ့ သုံးရက်က", "day 2026 11 21"),
        ("my", "နှစ်ပတ်လောက်က", "~day 2026 11 10"),
        ("my", "၂၀၂၄ ခုနှစ် မတ်လ ၁၂ ရက်နေ့", "day 2024 3 12"),
        ("my", "မိုးတွင်းက", "season rainy 2026"),
        ("sg", "bïrï", "day 2026 11 23"),
        ("sg", "lango otâ sô ahön", "day 2026 11 21"),
        ("sg", "lâ 12 tî nze tî mvuka", "day 2026 9 12"),
        ("sg", "avant-hier", "day 2026 11 22"),
    ],
)
def test_other_languages_as_they_are_spoken(locale: str, typed: str, meant: str) -> None:
    """What people write in each language of the pilots, with and without its accents."""
    assert short(read(typed, locale)) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "may", "second", "the second", "the first", "the last day", "sun", "sat", "mar", "fall",
        "a man on sunday market", "i may",
        "march on",
        "it was in march when they came", "we sat down in the sun", "i don't know",
        "i can't remember",
        "two days", "a few days ago", "one", "two", "12", "20.5", "10 minutes", "ramadan",
        "after eid",
        "0 days ago", "99 march", "30 february", "31/4", "32/1/2026", "12 march 1850", "do",
        "par",
        "next year", "in a week", "27 November 2026", "in 2027", "winter 2027", "1445", "", " ",
        "je ne sais pas", "un vendredi au marché", "لا أعرف", "نازانم", "nizanim", "မသိဘူး",
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(typed: str) -> None:
    """Sentences, lone words of another meaning, the future and what does not exist are no dates."""
    assert read(typed) is None


def test_the_last_such_day_is_not_today_for_a_weekday() -> None:
    """On a Tuesday, "Tuesday" is a week ago; "24 November" and "November" may be now."""
    assert short(read("24 November")) == "day 2026 11 24"
    assert short(read("November")) == "month 2026 11"
    assert short(read("25 November")) == "day 2025 11 25"


def test_her_language_decides_between_two_meanings() -> None:
    """A word that two languages use for different months is read in her own language first."""
    table = dict(date_words()["en"])
    twice = DateWords.of(
        {one: table | {"months": {m: ["gulan"]}} for one, m in (("a", 5), ("b", 6))}
    )
    assert short(read_date("in gulan", TODAY, twice, "b")) == "month 2026 6"
    assert short(read_date("in gulan", TODAY, twice, "a")) == "month 2026 5"
    assert short(read_date("in gulan", TODAY, twice)) == "month 2026 5"


def test_three_letters_are_read_in_her_own_language_only() -> None:
    """`do` is yesterday in Kurmanji, `mai` is May in French; elsewhere they are words."""
    assert (short(read("do", "kmr")), read("do", "en")) == ("day 2026 11 23", None)
    assert (short(read("mai", "fr")), read("mai", "en")) == ("month 2026 5", None)


def test_without_words_figures_are_read() -> None:
    """An interview that brings no words of dates understands figures, and nothing else."""
    assert short(read_date("12/3/2026", TODAY)) == "day 2026 3 12"
    assert read_date("yesterday", TODAY, NUMBERS_ONLY) is None


def test_a_story_is_no_date() -> None:
    """What is too long to be a date is not even looked at."""
    assert read("about " * 13 + "yesterday") is None
    assert read_date("12/3/2026".rjust(LONGEST + 1), TODAY, WORDS) is None


@pytest.mark.parametrize(("locale", "cldr"), NAMED)
@given(day=A_HUNDRED_YEARS)
def test_every_day_reads_back_as_itself(locale: str, cldr: str, day: datetime.date) -> None:
    """Any day of a hundred years, as CLDR writes it in a language and its digits, is that day."""
    value = {"precision": "day", "year": day.year, "month": day.month, "day": day.day}
    written = dates.format_date(day, "long", locale=cldr)
    assert read(written, locale) == value
    assert read(languages()[locale].localise(written), locale) == value
    if locale != "sg":  # no days of the week there: see sg.toml
        assert read(dates.format_date(day, "full", locale=cldr), locale) == value


@pytest.mark.parametrize(("locale", "cldr"), NAMED)
@given(day=A_HUNDRED_YEARS)
def test_every_month_reads_back_as_itself(locale: str, cldr: str, day: datetime.date) -> None:
    """Any month with its year, as CLDR writes it, is that month."""
    written = dates.format_skeleton("yMMMM", day, locale=cldr)
    assert read(written, locale) == {"precision": "month", "year": day.year, "month": day.month}


@given(day=A_HUNDRED_YEARS, digits=st.sampled_from(["arab", "arabext", "mymr", "deva", "latn"]))
def test_every_day_in_figures_reads_back_as_itself(day: datetime.date, digits: str) -> None:
    """Day first or ISO, in the digits of any script."""
    zero = {"arab": 0x660, "arabext": 0x6F0, "mymr": 0x1040, "deva": 0x966, "latn": 0x30}[digits]
    table = {0x30 + n: zero + n for n in range(10)}
    value = {"precision": "day", "year": day.year, "month": day.month, "day": day.day}
    for written in (f"{day:%d/%m/%Y}", f"{day.day}.{day.month}.{day.year}", day.isoformat()):
        assert read(written.translate(table)) == value


@given(back=st.integers(1, 999), unit=st.sampled_from(["days", "weeks"]))
def test_so_many_days_ago_is_that_day(back: int, unit: str) -> None:
    """Days and weeks are counted back from today; only weeks are approximate."""
    day = TODAY - datetime.timedelta(**{unit: back})
    value = read(f"{back} {unit} ago")
    assert value is not None
    assert (value["year"], value["month"], value["day"]) == (day.year, day.month, day.day)
    assert ("approximate" in value) == (unit == "weeks")


PIECES = [
    "last", "about", "on", "the", "march", "may", "friday", "2024", "12", "ago", "days",
    "two", "of",
    "season", "winter", "hier", "mars", "dernier", "il y a", "قبل", "يومين", "آذار", "မတ်လ",
    "ရက်",
    "မနေ့က", "ေ", "٣", "/", "-", ".", "0", "'", "\u0300", "in", "year", "31", "beginning",
]  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)),
       st.sampled_from(["", "en", "fr", "ar", "ckb", "kmr", "my", "sg", "xx"]),
       st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)))  # fmt: skip
@example('0"0"00', "", datetime.date(2000, 1, 1))
@example("0/0/2024", "en", datetime.date(2026, 1, 1))
def test_any_text_is_read_or_left(typed: str, locale: str, today: datetime.date) -> None:
    """Whatever is typed on whatever day never fails, and what is read is never after tomorrow."""
    value = read_date(normalise(typed), today, WORDS, locale)
    if value is None or value["precision"] == "season":
        return
    first = datetime.date(value["year"], value.get("month", 1), value.get("day", 1))
    assert datetime.date(1900, 1, 1) <= first <= today + datetime.timedelta(days=1)

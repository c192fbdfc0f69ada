"""The texts that pages show: labels of interview answers, the console's catalogue, languages."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel

from backend.accounts.guard import Here
from i18n import languages, negotiate

router = APIRouter(prefix="/v1", tags=["texts"])
_NOT_LABELS: Final = ("engine/", "responder/", "offline/", "profile/", "sheet/")

Locale = Annotated[str, Query(max_length=35, pattern=r"^[A-Za-z0-9_-]*$")]
ContentHash = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[0-9a-f]+$")]


class Texts(BaseModel):
    """Message id -> text."""

    texts: dict[str, str]


class Catalogue(BaseModel):
    """English source -> translation, only what is translated."""

    texts: dict[str, str]
    dir: Literal["ltr", "rtl"]


class LanguageOut(BaseModel):
    """A language on offer; ``draft``: not everything is translated and signed."""

    id: str
    name: str
    dir: Literal["ltr", "rtl"]
    draft: bool


class About(BaseModel):
    """What runs here."""

    mode: Literal["demo", "production"]
    operator: str
    version: str
    locales: list[str]


@router.get("/labels/{content}")
async def labels(content: ContentHash, relais: Here, locale: Locale = "en") -> Texts:
    """Questions and options of the edition a case was told with, in the wanted language."""
    edition = await relais.content.edition(content) or relais.content.current
    spoken = negotiate(locale, relais.content.locales)
    found = edition.catalogues.texts(spoken)
    directory = await relais.directory.get()
    areas = {
        f"areas/{area.id}": area.names.get(spoken) or area.names.get("en") or area.id
        for area in directory.areas
    }
    said = {key: text for key, text in found.items() if not key.startswith(_NOT_LABELS)}
    return Texts(texts=said | areas)


@router.get("/catalogue/console")
async def catalogue(relais: Here, locale: Locale = "en") -> Catalogue:
    """The console's and the chat page's own texts."""
    spoken = negotiate(locale, relais.content.locales)
    return Catalogue(
        texts=relais.content.current.catalogues.console(spoken),
        dir=languages().of(spoken).direction,
    )


@router.get("/languages")
async def offered(relais: Here) -> list[LanguageOut]:
    """Languages on offer, each in its own name."""
    catalogues = relais.content.current.catalogues
    return [
        LanguageOut(
            id=one,
            name=languages().of(one).name,
            dir=languages().of(one).direction,
            draft=catalogues.state(one) == "draft",
        )
        for one in relais.content.locales
    ]


@router.get("/about")
async def about(request: Request, relais: Here) -> About:
    """Mode, operator, version, languages."""
    return About(
        mode=relais.settings.mode,
        operator=relais.operator,
        version=request.app.version,
        locales=list(relais.content.locales),
    )

"""Routing facts of a case: exactly those of the design, sealed under the keyring."""

import msgspec

from conversation import Wish


class Routing(msgspec.Struct, frozen=True, omit_defaults=True):
    """needs, urgency, area, locale, preferred sex, excluded organisations; nothing else routes."""

    needs: tuple[str, ...] = ()
    urgency: str = "normal"
    area: str = ""
    locale: str = "en"
    sex: str = "any"
    excluded: tuple[str, ...] = ()
    child: bool = False
    restricted: bool = False

    def wish(self) -> Wish:
        """The same facts as the matching takes them."""
        return Wish(
            needs=self.needs,
            area=self.area,
            locale=self.locale,
            sex=self.sex,
            excluded=self.excluded,
            child=self.child,
            restricted=self.restricted,
        )


_URGENCY = ("normal", "high", "urgent")
_UNKNOWN = frozenset({"unsure"})


def joined(before: Routing, asked: Routing) -> Routing:
    """What a living case is routed by after she asked again.

    Nothing that protects her is taken back by it: whom she left out, "restricted", an urgency.
    """
    needs = tuple(dict.fromkeys((*before.needs, *asked.needs)))
    known = tuple(one for one in needs if one not in _UNKNOWN)
    return msgspec.structs.replace(
        asked,
        needs=known or needs,
        urgency=max(before.urgency, asked.urgency, key=_URGENCY.index),
        area=asked.area or before.area,
        excluded=tuple(dict.fromkeys((*before.excluded, *asked.excluded))),
        restricted=before.restricted or asked.restricted,
    )


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Routing)


def dump_routing(routing: Routing) -> bytes:
    """As JSON bytes."""
    return _encoder.encode(routing)


def load_routing(raw: bytes) -> Routing:
    """The inverse of :func:`dump_routing`."""
    return _decoder.decode(raw)

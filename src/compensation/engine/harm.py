"""The fixed words of harm: four families, four severities, and a phrase in three languages."""

import enum

import msgspec


class Family(enum.StrEnum):
    """The four families of harm. They are fixed; subtypes are data."""

    material = "material"
    emotional = "emotional"
    financial = "financial"
    reputational = "reputational"


class Severity(enum.StrEnum):
    low = "low"
    medium = "medium"
    high = "high"
    critical = "critical"

    @property
    def rank(self) -> int:
        """0 for low up to 3 for critical: more harm, higher rank."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One phrase in the three languages; ``{name}`` marks a place for a value."""

    en: str
    ar: str
    bg: str

    def in_(self, locale: str) -> str:
        """The phrase in the language of a BCP 47 tag such as ``ar-EG``; English where we have no other."""
        return {"ar": self.ar, "bg": self.bg}.get(locale.partition("-")[0].lower(), self.en)

"""How words are compared: without case, accents and punctuation."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ı": "i"})


def fold(text: str) -> str:
    """Bring a name to the form in which names are compared: ``Côte d’Ivoire`` → ``cote d ivoire``."""
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(sign if sign.isalnum() else " " for sign in bare if not unicodedata.combining(sign))
    return " ".join(letters.split())

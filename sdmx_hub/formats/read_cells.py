"""Cells of several values or languages as messages write them, turned into cells of rows (``model.cells``) by SQL.

SDMX-CSV 2.x packs them into sub-fields: ``A;B``, ``en:Value;fr:Valeur``, ``"en:One;fr:Un";"en:Two"`` (field guide,
"Multi-valued components"); a sub-field that holds a separator is quoted once more. Readers of SDMX-ML and SDMX-JSON put
such cells together themselves; what a structure does not allow in them is cut away here.
"""

from __future__ import annotations

from sdmx_hub.model.cells import ITEM, LANGUAGE, TEXT
from sdmx_hub.model.rows import literal
from sdmx_hub.model.structure import Representation

TAG = "[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"
"""A language tag (RFC 5646), as far as its form goes."""
_MARKS = (ITEM, TEXT, LANGUAGE)
_BROKEN = "\x1c"
"""What stands in for a mark of ours that a message holds: a control character like it, so the checks will tell."""
_UNMARKED = str.maketrans(dict.fromkeys(_MARKS, _BROKEN))


def unmarked(text: str) -> str:
    """Take the marks of cells out of a text from outside."""
    return text.translate(_UNMARKED)


def _char(mark: str) -> str:
    return f"chr({ord(mark)})"


def sub_fields_sql(
    cell: str, representation: Representation, separator: str, languages: str = "", *, labelled: bool = False
) -> str:
    """Write SQL for the cell of a column with sub-fields; ``languages`` is what its heading lists of them.

    ``labelled`` says that codes have their names behind them (``A: Name``).
    """
    marks = " || ".join(map(_char, _MARKS))
    given = f"translate({cell}, {marks}, repeat({_char(_BROKEN)}, {len(_MARKS)}))"
    tags = "|".join(tag for tag in languages.split(separator) if tag.replace("-", "").isalnum()) or TAG
    if not representation.is_multilingual:
        cut = "split_part(p, ': ', 1)" if labelled and representation.is_coded else "p"
        return _joined(f"list_transform({_split(given, separator)}, lambda p: {cut})", ITEM)
    texts = _texts(given, separator, tags)
    if not representation.is_array:
        return f"nullif({texts}, '')"
    quoted = f"list_transform({_split(given, separator)}, lambda v: {_texts('v', separator, tags)})"
    found = f"regexp_extract_all({texts}, '(?:^|{TEXT})([^{LANGUAGE}{TEXT}]*){LANGUAGE}', 1)"
    several = f"len(list_distinct({found})) < len({found})"
    return (
        f"CASE WHEN {_has_quoted(given, separator)} THEN {_joined(quoted, ITEM)} "
        f"WHEN {several} THEN replace({texts}, {_char(TEXT)}, {_char(ITEM)}) ELSE nullif({texts}, '') END"
    )


def _joined(values: str, mark: str) -> str:
    return f"nullif(array_to_string(list_filter({values}, lambda q: q <> ''), {_char(mark)}), '')"


def _pieces(text: str, separator: str) -> str:
    mark = f"\\x{ord(separator):02X}"
    pattern = f'{mark}("(?:[^"]|"")*"|[^{mark}]*)'
    return f"regexp_extract_all({literal(separator)} || {text}, {literal(pattern)}, 1)"


def _has_quoted(text: str, separator: str) -> str:
    """The text has sub-fields in quotes, and taking it apart by them loses nothing."""
    pieces = _pieces(text, separator)
    is_whole = f"array_to_string({pieces}, {literal(separator)}) = {text}"
    return f"""(contains({text}, '"') AND {is_whole} AND len(list_filter({pieces}, lambda q: q[1] = '"')) > 0)"""


def _split(text: str, separator: str) -> str:
    """The sub-fields of a text, those in quotes without them."""
    opened = (
        """CASE WHEN q[1] = '"' AND length(q) > 1 THEN replace(substr(q, 2, length(q) - 2), '""', '"') ELSE q END"""
    )
    pieces = f"list_transform({_pieces(text, separator)}, lambda q: {opened})"
    plain = f"string_split({text}, {literal(separator)})"
    return f"CASE WHEN {_has_quoted(text, separator)} THEN {pieces} ELSE {plain} END"


def _texts(text: str, separator: str, tags: str) -> str:
    """One value in several languages; a text without any tag is itself."""
    mark = f"\\x{ord(separator):02X}"
    begin = literal(f"(?i)(?:^|{mark})({tags}):")
    unquoted = f"ltrim(regexp_replace({text}, {begin}, {literal(TEXT + chr(92) + '1' + LANGUAGE)}, 'g'), {_char(TEXT)})"
    one = f"regexp_replace(p, {literal(f'(?i)^({tags}):')}, {literal(chr(92) + '1' + LANGUAGE)})"
    quoted = f"array_to_string(list_transform({_split(text, separator)}, lambda p: {one}), {_char(TEXT)})"
    return f"CASE WHEN {_has_quoted(text, separator)} THEN {quoted} ELSE {unquoted} END"


def allowed_sql(cell: str, representation: Representation) -> str:
    """Write SQL that cuts a cell down to what a component may hold: the first value, the first language."""
    if not representation.is_array:
        cell = f"split_part({cell}, {_char(ITEM)}, 1)"
    if not representation.is_multilingual:
        pattern = f"[^{ITEM}{LANGUAGE}{TEXT}]*{LANGUAGE}([^{ITEM}{TEXT}]*)(?:{TEXT}[^{ITEM}]*)?"
        cell = f"regexp_replace({cell}, {literal(pattern)}, '\\1', 'g')"
    return cell

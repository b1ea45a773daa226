"""Numbers as offices write them, read by the engine: SQL expressions over a column of text.

A number has the signs the mapping declares, and only those: ``1 204`` is no number where no thousands sign is declared.
What would be a number under other signs is ambiguous (NUM-AMBIG), anything else is none (NUM-PARSE); where no decimal
sign is declared, one point or comma before exactly three digits (``1.204``) is ambiguous too. The text of a number is
kept: signs become those of SDMX, a leading plus and leading zeros go, an exponent is written out, nothing is rounded.
"""

from __future__ import annotations

import re

from sdmx_hub.mapping.rules import SKIP, NumberRule
from sdmx_hub.model.rows import literal

BLANK_SIGNS = " \t\r\n\u00a0\u202f\u2007\u2009\u3000\ufeff"
"""Blanks taken off both ends of a number."""
SUPPRESSED, NIL = "$suppressed", "$nil"
VALUE, MISSING, LEFT_OUT, BLANK, UNREADABLE, AMBIGUOUS = "value", "missing", "skip", "blank", "parse", "ambig"
"""What a cell turned out to hold."""
_KINDS = f"ENUM('{VALUE}', '{MISSING}', '{LEFT_OUT}', '{BLANK}', '{UNREADABLE}', '{AMBIGUOUS}')"
_ANY_SIGNS = (
    r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:[.,' \x{00A0}\x{202F}\x{2009}\x{2007}][0-9]{3})+)(?:[.,][0-9]+)?"
    r"(?:[eE][+-]?[0-9]{1,3})?"
)
_UNDECLARED = r"[+-]?[0-9]{1,3}[.,][0-9]{3}"


def tokens(rule: NumberRule) -> dict[str, str]:
    """All texts that stand in place of a number, and what they mean."""
    return dict(rule.missing) | dict.fromkeys(rule.nil, NIL) | dict.fromkeys(rule.suppressed, SUPPRESSED)


def trimmed(expression: str) -> str:
    """Take blanks of every kind off both ends; most texts have none, which a pattern sees sooner than a trim."""
    bare_ends = f"regexp_full_match({expression}, '[!-~](?:.*[!-~])?')"
    return f"CASE WHEN {bare_ends} THEN {expression} ELSE trim({expression}, {literal(BLANK_SIGNS)}) END"


def quick(expression: str, rule: NumberRule) -> str:
    """Tell the plainest numbers, which need no more than their decimal sign changed: SQL, false where none may be."""
    point = "" if rule.decimal is None else f"(?:{re.escape(rule.decimal)}[0-9]+)?"
    pattern = f"-?(?:0|[1-9][0-9]*){point}"
    if rule.footnotes or any(re.fullmatch(pattern, token) for token in tokens(rule)):
        return "false"
    return f"regexp_full_match({expression}, {literal(pattern)})"


def bare(expression: str, rule: NumberRule) -> str:
    """Take footnote marks and a percent sign off, unless the text is a token."""
    text = expression
    if rule.footnotes:
        text = f"trim(regexp_replace({text}, {literal(rule.footnotes.pattern)}, '', 'g'))"
    if rule.percent:
        text = trimmed(f"regexp_replace({text}, '%$', '')")
    known = tokens(rule)
    if text == expression or not known:
        return text
    listed = ", ".join(literal(token) for token in known)
    return f"CASE WHEN {expression} IN ({listed}) THEN {expression} ELSE {text} END"


def mark(expression: str, rule: NumberRule) -> str:
    """The footnote mark of a cell, or what it means; NULL where there is none."""
    if rule.footnotes is None:
        return "NULL"
    group = 1 if re.compile(rule.footnotes.pattern).groups else 0
    found = f"nullif(regexp_extract({expression}, {literal(rule.footnotes.pattern)}, {group}), '')"
    cases = "".join(f" WHEN {literal(sign)} THEN {literal(text)}" for sign, text in rule.footnotes.texts.items())
    return f"CASE {found}{cases} ELSE {found} END" if cases else found


def kind(expression: str, rule: NumberRule) -> str:
    """Tell what a cell holds: one of the words above."""
    cases = [f"WHEN {expression} = {literal(text)} THEN {word(_token_kind(to))}" for text, to in tokens(rule).items()]
    if rule.decimal is None:
        cases.append(f"WHEN regexp_full_match({expression}, {literal(_UNDECLARED)}) THEN {word(AMBIGUOUS)}")
    cases += [
        f"WHEN regexp_full_match({expression}, {literal(grammar(rule))}) THEN {word(VALUE)}",
        f"WHEN {expression} = '' THEN {word(BLANK)}",
        f"WHEN regexp_full_match({expression}, {literal(_ANY_SIGNS)}) THEN {word(AMBIGUOUS)}",
    ]
    return f"CASE {' '.join(cases)} ELSE {word(UNREADABLE)} END"


def word(kind_of_cell: str) -> str:
    """One of the words above as SQL: a number of a small dictionary, not a text in each row."""
    return f"{literal(kind_of_cell)}::{_KINDS}"


def _token_kind(meaning: str) -> str:
    if meaning == SKIP:
        return LEFT_OUT
    return VALUE if meaning == NIL else MISSING


def grammar(rule: NumberRule) -> str:
    """The pattern of a number with the declared signs."""
    whole = "[0-9]+"
    if rule.thousands:
        signs = "".join(f"\\x{{{ord(sign):04X}}}" for sign in rule.thousands)
        whole = f"(?:[0-9]+|[0-9]{{1,3}}(?:[{signs}][0-9]{{3}})+)"
    point = re.escape(rule.decimal or ".")
    return rf"[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?"


def plain(expression: str, rule: NumberRule) -> str:
    """The text of a number with the signs of SDMX; any other text comes out as nonsense."""
    text = expression
    for sign in rule.thousands:
        text = f"replace({text}, {literal(sign)}, '')"
    if rule.decimal not in {None, "."}:
        text = f"replace({text}, {literal(rule.decimal or '')}, '.')"
    if rule.nil:
        listed = ", ".join(map(literal, rule.nil))
        text = f"CASE WHEN {expression} IN ({listed}) THEN '0' ELSE {text} END"
    return text


def value(plain_expression: str, kind_expression: str) -> str:
    """The number as SDMX writes it; NULL for anything that is no number."""
    return f"CASE WHEN {kind_expression} = {word(VALUE)} THEN {_tidy(plain_expression)} END"


def quick_value(expression: str, rule: NumberRule) -> str:
    """The number as SDMX writes it, of a text that is ``quick``."""
    return f"replace({expression}, ',', '.')" if rule.decimal == "," else expression


def _tidy(text: str) -> str:
    """Write exponents out, drop a plus, leading zeros and a point without digits; anything else stays as it is."""
    written_out = f"rtrim(rtrim(CAST(TRY_CAST({text} AS DECIMAL(38, 12)) AS VARCHAR), '0'), '.')"
    even = f"regexp_replace(regexp_replace({text}, '^[+]?(-?)0*([0-9])', '\\1\\2'), '^(-?)[.]|[.]$', '\\10.')"
    exponent = f"(contains({text}, 'e') OR contains({text}, 'E'))"
    usual = f"({text}[1] BETWEEN '1' AND '9' AND NOT {exponent} AND NOT suffix({text}, '.') OR {text} = '0')"
    return f"CASE WHEN {usual} THEN {text} WHEN {exponent} THEN {written_out} ELSE {even} END"


def status(expression: str, rule: NumberRule) -> str:
    """OBS_STATUS told by a token in place of a number; NULL where there is none."""
    cases = [
        f"WHEN {literal(text)} THEN {literal('Q' if meaning == SUPPRESSED else meaning)}"
        for text, meaning in tokens(rule).items()
        if meaning not in {NIL, SKIP}
    ]
    return f"CASE {expression} {' '.join(cases)} END" if cases else "NULL"


def hidden(expression: str, rule: NumberRule) -> str:
    """Tell whether the source hides the number."""
    listed = ", ".join(map(literal, rule.suppressed))
    return f"({expression} IN ({listed}))" if listed else "false"

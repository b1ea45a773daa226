"""Version patterns against a naive evaluator: the forms the standard names, and versions as one number each."""

from __future__ import annotations

import random
import re

import pytest

from sdmx_hub.errors import BadRequest
from sdmx_hub.query.versions import parse_pattern, select_versions
from tests.publish.cube import make_chance

NUMBER = "[0-9]+"
FORMS = (
    # exact
    "X", "X.X", "X.X.X", "X.X.X-E",
    # of any form
    "+", "~", "*",
    # three parts
    "@.0.0", "X.@.0", "X.X.@", "X@.X.X", "X.X@.X", "X.X.X@",
)  # fmt: skip
TWO_PARTS = ("@.0", "X.@", "X@.X", "X.X@")
"""Not for the latest stable version, which has three parts."""
VALID = re.compile(
    "|".join(
        form.replace(".", r"\.")
        .replace("*", r"\*")
        .replace("+", r"\+")
        .replace("X", NUMBER)
        .replace("E", "[a-z0-9.-]+")
        for form in FORMS
        if "@" not in form
    )
    + "|"
    + "|".join(
        form.replace(".", r"\.").replace("X", NUMBER).replace("0", "0+").replace("[0+-9]", "[0-9]").replace("@", sign)
        for sign, forms in ((r"\+", FORMS), ("~", (*FORMS, *TWO_PARTS)), (r"\*", (*FORMS, *TWO_PARTS)))
        for form in forms
        if "@" in form
    )
)
BASE = 1000


def read(version: str) -> tuple[list[int], str]:
    numbers, _, extension = version.partition("-")
    return [int(number) for number in numbers.split(".")], extension


def as_number(numbers: list[int], filler: int) -> int:
    total = 0
    for number in (numbers + [filler] * 3)[:3]:
        total = total * BASE + number
    return total


def later(version: str) -> tuple[object, ...]:
    numbers, extension = read(version)
    ranked = (
        [(0, int(one), "") if one.isdecimal() else (1, 0, one) for one in extension.split(".")] if extension else []
    )
    return as_number(numbers, 0), not extension, ranked, len(numbers)


def is_stable(version: str) -> bool:
    numbers, extension = read(version)
    return len(numbers) == 3 and numbers[0] > 0 and not extension


def expected(pattern: str, versions: list[str]) -> set[str]:
    """What a pattern of the forms above chooses: everything between two numbers, or the last of it."""
    sign = next((sign for sign in "+~*" if sign in pattern), "")
    if not sign:
        return {pattern} & set(versions)
    found = list(versions)
    if pattern != sign:
        before, _, after = pattern.partition(sign)
        parts = [int(part) for part in re.split(r"\.", before + after) if part]
        count = pattern.count(".") + 1
        fixed = [int(part) for part in before.split(".")[:-1]]
        low = as_number(parts if before and before[-1].isdigit() else fixed, 0)
        high = as_number(fixed, BASE - 1)
        found = [one for one in found if len(read(one)[0]) == count and low <= as_number(read(one)[0], 0) <= high]
    if sign == "*":
        return set(found)
    if sign == "+":
        stable = [one for one in found if is_stable(one)]
        short = [one for one in versions if len(read(one)[0]) < 3]
        found = stable or (short if pattern == "+" else [])
    return {max(found, key=later)} if found else set()


def make_version(choose: random.Random) -> str:
    parts = choose.choice((1, 2, 2, 3, 3, 3, 3))
    numbers = ".".join(str(choose.choice((0, 1, 1, 2, 3, 10))) for _ in range(parts))
    return numbers + (choose.choice(("", "", "-alpha", "-alpha.2", "-rc.10", "-1")) if parts == 3 else "")


def make_pattern(choose: random.Random) -> str:
    form = choose.choice((*FORMS, *TWO_PARTS))
    sign = choose.choice("~*" if form in TWO_PARTS else "+~*")
    filled = "".join(str(choose.choice((0, 1, 2, 3))) if letter == "X" else letter for letter in form)
    return filled.replace("@", sign).replace("E", "alpha")


def test_a_pattern_chooses_what_the_naive_evaluator_does():
    choose = make_chance(20)
    for _ in range(6000):
        versions = [make_version(choose) for _ in range(choose.randint(0, 9))]
        pattern = make_pattern(choose)
        assert set(select_versions((pattern,), versions)) == expected(pattern, versions), (pattern, versions)


def test_several_patterns_choose_what_each_of_them_does():
    choose = make_chance(21)
    for _ in range(1000):
        versions = [make_version(choose) for _ in range(8)]
        patterns = [make_pattern(choose) for _ in range(3)]
        chosen = select_versions(patterns, versions)
        assert set(chosen) == set().union(*(expected(pattern, versions) for pattern in patterns))
        assert list(chosen) == sorted(chosen, key=later)


def test_exactly_the_forms_of_the_standard_are_patterns():
    choose = make_chance(22)
    seen = {True: 0, False: 0}
    for _ in range(6000):
        text = "".join(choose.choice("011223.....++~*") for _ in range(choose.randint(1, 7)))
        is_valid = VALID.fullmatch(text) is not None
        seen[is_valid] += 1
        if is_valid:
            parse_pattern(text)
        else:
            with pytest.raises(BadRequest):
                parse_pattern(text)
    assert min(seen.values()) > 100, seen

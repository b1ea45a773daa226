"""Tables of Markdown, and pages that hold them between marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Draw a table of Markdown; what would end a cell is escaped."""
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    lines += ["| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def coded(words: Iterable[str]) -> str:
    """Words as code, with commas."""
    return ", ".join(f"`{word}`" for word in words)


def written(text: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """The text of a page with every table drawn anew between its marks."""
    for name, draw in tables.items():
        begin, end = f"<!-- table: {name} -->", f"<!-- end: {name} -->"
        before, mark, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        assert mark, f"the page has no {begin}"
        text = f"{before}{begin}\n\n{draw()}\n\n{end}{after}"
    return text


def told(page: Path, name: str) -> str:
    """The table ``name`` as the page has it."""
    text = page.read_text(encoding="utf-8")
    return text.partition(f"<!-- table: {name} -->\n\n")[2].partition(f"\n\n<!-- end: {name} -->")[0]

"""Structured text: the part of XHTML 1.1 the hub takes, read, tidied and checked.

A value is the inside of a block, ``<p>…</p><ul>…</ul>``, without namespaces: elements of XHTML that only shape text.
Nothing that runs, loads or frames is among them, so that a page may show what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from lxml import etree

from sdmx_hub.errors import Malformed

NAMESPACE = "http://www.w3.org/1999/xhtml"
_INLINE = ("a", "abbr", "b", "br", "cite", "code", "em", "i", "q", "small", "span", "strong", "sub", "sup")
_BLOCK = ("p", "ul", "ol", "dl", "table", "blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr")
_FLOW = frozenset((*_INLINE, *_BLOCK))
CONTENT: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_INLINE, frozenset(_INLINE)),
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre"), frozenset(_INLINE)),
    **dict.fromkeys(("div", "li", "dd", "td", "th"), _FLOW),
    "blockquote": frozenset(_BLOCK),
    "dt": frozenset(_INLINE),
    "ul": frozenset({"li"}),
    "ol": frozenset({"li"}),
    "dl": frozenset({"dt", "dd"}),
    "table": frozenset({"caption", "thead", "tbody", "tr"}),
    "caption": frozenset(_INLINE),
    "thead": frozenset({"tr"}),
    "tbody": frozenset({"tr"}),
    "tr": frozenset({"td", "th"}),
    "br": frozenset(),
    "hr": frozenset(),
}
"""What may stand in each element."""
_TEXTLESS = frozenset({"ul", "ol", "dl", "table", "thead", "tbody", "tr", "br", "hr", "blockquote"})
_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "a": frozenset({"href", "title"}),
    "abbr": frozenset({"title"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan", "scope"}),
}
_SCHEMES = frozenset({"http", "https", "mailto"})
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def parse_xhtml(text: str) -> etree._Element:
    """Read structured text: an element of no meaning that holds it. Raises Malformed."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(f'<x xmlns="{NAMESPACE}">{text}</x>'.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed("metadata-xhtml-syntax", why=str(error)) from error
    while _is_wrapper(root):
        root = root[0]
    return root


def _is_wrapper(root: etree._Element) -> bool:
    """Tell whether all there is, is a ``div`` without attributes: many writers wrap their texts so."""
    return (
        len(root) == 1
        and root[0].tag == f"{{{NAMESPACE}}}div"
        and not root[0].attrib
        and not (root.text or "").strip()
        and not (root[0].tail or "").strip()
    )


def tidy(root: etree._Element) -> str:
    """Write the inside of an element as text, without namespace; blanks around it are dropped."""
    plain = etree.fromstring(etree.tostring(root, with_tail=False))
    for element in plain.iter():
        if isinstance(element.tag, str):
            element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(plain)
    head = _escaped(plain.text)
    return (head + "".join(etree.tostring(child, encoding="unicode") for child in plain)).strip()


def tidy_xhtml(text: str) -> str:
    """Tidy structured text, and hold it against ``CONTENT``. Raises Malformed, saying what is not taken."""
    root = parse_xhtml(text)
    check(root, frozenset(_FLOW))
    return tidy(root)


def check(element: etree._Element, allowed: frozenset[str]) -> None:
    """Hold what is in ``element`` against what may be. Raises Malformed."""
    for child in element:
        name = etree.QName(child).localname if isinstance(child.tag, str) else "&"
        if name not in allowed or etree.QName(child).namespace != NAMESPACE:
            raise Malformed("metadata-xhtml-element", name=name, allowed=", ".join(sorted(allowed)))
        for attribute, value in child.attrib.items():
            _check_attribute(name, str(attribute), str(value))
        if name in _TEXTLESS and _own_text(child):
            raise Malformed("metadata-xhtml-text", name=name)
        check(child, CONTENT[name])


def _check_attribute(name: str, attribute: str, value: str) -> None:
    if attribute == _XML_LANG:
        return
    if attribute not in _ATTRIBUTES.get(name, frozenset()):
        raise Malformed("metadata-xhtml-attribute", name=name, attribute=attribute)
    if attribute == "href" and urlsplit(value.strip()).scheme.lower() not in _SCHEMES:
        raise Malformed("metadata-xhtml-link", value=value[:200], allowed=", ".join(sorted(_SCHEMES)))


def _own_text(element: etree._Element) -> str:
    return "".join([element.text or "", *((child.tail or "") for child in element)]).strip()


def _escaped(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

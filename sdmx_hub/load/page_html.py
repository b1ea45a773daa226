"""The frame of every report as a page: one file that needs nothing else, no script, no picture, no address."""

from __future__ import annotations

import base64
import functools
import hashlib

from jinja2 import ChoiceLoader, Environment, PackageLoader

from sdmx_hub.language import sentence

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem; color: #1b1b1b;
  background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #767676; }
td.number, th.number { text-align: right; } td { overflow-wrap: anywhere; } td.value { min-width: 8em; }
.error { border-left: .4rem solid #b00020; padding-left: .6rem; }
.warning { border-left: .4rem solid #8a5a00; padding-left: .6rem; }
.info { border-left: .4rem solid #3a5f8a; padding-left: .6rem; }
.verdict { font-weight: 600; }
.adopt, .extend, .stop { font-size: 1.2rem; padding: .4rem .8rem; border-left: .5rem solid; }
.adopt { border-color: #1d6b3c; } .extend { border-color: #8a5a00; } .stop { border-color: #b00020; }
.scroll { overflow-x: auto; } .scroll + .scroll { margin-top: 1.2rem; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; } small { display: block; font-size: .82rem; color: #55606b; }
tbody.group th[scope="rowgroup"] { background: #eef2f6; font-size: 1.05rem; } td.cell { min-width: 7.5rem; }
td.outcome { min-width: 14rem; }
svg { width: 100%; height: 1.5rem; } svg.gauge { display: block; height: .5rem; margin-top: .15rem; }
.good { fill: #1d6b3c; } .bad { fill: #b00020; } .none { fill: #767676; } .ground { fill: #dfe5ea; }
.plain { fill: #1b66a6; } .mark { fill: #1b1b1b; }
@media print { .scroll { overflow: visible; } section { break-inside: avoid; } }
@media (prefers-color-scheme: dark) { body { color: #f2f2f2; background: #16191d; }
  .good { fill: #57c785; } .bad { fill: #ff8095; } .error { border-color: #ff8095; } .warning { border-color: #ffc35c; }
  .info { border-color: #8fbcff; } .adopt { border-color: #57c785; } .extend { border-color: #ffc35c; }
  .stop { border-color: #ff8095; } small { color: #b3bfcb; } tbody.group th[scope="rowgroup"] { background: #222b35; }
  .ground { fill: #333d48; } .plain { fill: #6cb4f0; } .mark { fill: #f2f2f2; } }
"""


def style_source() -> str:
    """The hash by which a content security policy lets the style of the page through."""
    return "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def write_page(package: str, template: str, language: str, /, **values: object) -> str:
    """Write a page by a template of ``package`` that extends ``frame.html``, or a part of one that does not."""
    words = functools.partial(_say, language)
    return _environment(package).get_template(template).render(language=language, style=STYLE, t=words, **values)


def _say(language: str, key: str, /, **params: object) -> str:
    return sentence(key, language, **params)


@functools.cache
def _environment(package: str) -> Environment:
    loaders = [PackageLoader(name, "templates") for name in dict.fromkeys((package, __package__))]
    return Environment(loader=ChoiceLoader(loaders), autoescape=True, trim_blocks=True, lstrip_blocks=True)

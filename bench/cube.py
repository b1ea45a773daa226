"""The cube all benchmarks use: bilateral migration flows, sparse, with attributes and awkward text.

Seven dimensions beside time (200 reporting areas × counterpart areas × 3 sexes × 8 ages, 62 % of the pairs) × 20 years,
85 % of the cells; four attributes, one a free text on 1 % of the rows with ``& < > "`` and CJK; values with up to three
decimals, 2 % missing. Totals are the sums of their parts and nobody moves to where they are, so a load finds nothing
wrong. Everything follows from hashes, so two runs make the same cube.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.urn import Ref

AGENCY = "BENCH"
FLOW = Ref(AGENCY, "DF_CUBE", "1.0.0")
DIMENSIONS = ("FREQ", "REF_AREA", "COUNTERPART_AREA", "SEX", "AGE", "INDICATOR", "UNIT_MEASURE")
TIME = "TIME_PERIOD"
MEASURE = "OBS_VALUE"
ATTRIBUTES = ("OBS_STATUS", "COMMENT_OBS", "UNIT_MULT", "DECIMALS")
COLUMNS = (*DIMENSIONS, TIME, MEASURE, *ATTRIBUTES)
AREAS, YEARS = 200, 20

CODES = {
    "FREQ": ["A"],
    "REF_AREA": [f"A{number:03d}" for number in range(AREAS)],
    "COUNTERPART_AREA": [f"A{number:03d}" for number in range(AREAS)],
    "SEX": ["F", "M", "_T"],
    "AGE": ["Y15T24", "Y25T34", "Y35T44", "Y45T54", "Y55T64", "Y_GE65", "Y_LT15", "_T"],
    "INDICATOR": ["FLOW"],
    "UNIT_MEASURE": ["USD"],
    "OBS_STATUS": ["A", "E", "O", "P"],
    "UNIT_MULT": ["0", "3", "6"],
    "DECIMALS": ["0", "1", "2", "3"],
}
LISTS = {component: ("CL_AREA" if component.endswith("AREA") else f"CL_{component}") for component in CODES}


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a cube: ``partners`` counterpart areas make about ``partners`` × 50 k observations."""

    name: str
    partners: int


SIZES = {
    "100k": Size(name="100k", partners=2),
    "1m": Size(name="1m", partners=20),
    "10m": Size(name="10m", partners=200),
}


def artefacts() -> tuple[Artefact, ...]:
    """The structures of the cube: codelists, concepts, data structure, dataflow."""
    return (*_codelists(), _concepts(), _structure(), _dataflow())


def _artefact(class_name: str, identifier: str, **content: object) -> Artefact:
    document = {
        "id": identifier,
        "agencyID": AGENCY,
        "version": "1.0.0",
        "name": identifier,
        "names": {"en": identifier},
        **content,
    }
    return Artefact(CLASS_BY_NAME[class_name], document)


def _codelists() -> Iterator[Artefact]:
    for name in dict.fromkeys(LISTS.values()):
        component = next(key for key, value in LISTS.items() if value == name)
        codes = [{"id": code, "name": f"Code {code}", "names": {"en": f"Code {code}"}} for code in CODES[component]]
        yield _artefact("Codelist", name, codes=codes)


def _concepts() -> Artefact:
    ids = (*DIMENSIONS, TIME, MEASURE, *ATTRIBUTES)
    return _artefact(
        "ConceptScheme", "CS_CUBE", concepts=[{"id": item, "name": item, "names": {"en": item}} for item in ids]
    )


def _component(identifier: str, **more: object) -> dict[str, object]:
    concept = f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={AGENCY}:CS_CUBE(1.0.0).{identifier}"
    local: dict[str, object] = {"format": {"dataType": "String"}}
    if identifier in LISTS:
        local = {"enumeration": f"urn:sdmx:org.sdmx.infomodel.codelist.Codelist={AGENCY}:{LISTS[identifier]}(1.0.0)"}
    return {"id": identifier, "conceptIdentity": concept, "localRepresentation": local, **more}


def _structure() -> Artefact:
    time = _component(TIME) | {"localRepresentation": {"format": {"dataType": "ObservationalTimePeriod"}}}
    value = _component(MEASURE, usage="optional") | {"localRepresentation": {"format": {"dataType": "Decimal"}}}
    per_observation = {"usage": "optional", "attributeRelationship": {"observation": {}}}
    per_series = {"usage": "optional", "attributeRelationship": {"dimensions": list(DIMENSIONS)}}
    return _artefact(
        "DataStructure",
        "DSD_CUBE",
        dataStructureComponents={
            "dimensionList": {
                "id": "DimensionDescriptor",
                "dimensions": [_component(item, position=at) for at, item in enumerate(DIMENSIONS)],
                "timeDimension": time,
            },
            "measureList": {"id": "MeasureDescriptor", "measures": [value]},
            "attributeList": {
                "id": "AttributeDescriptor",
                "attributes": [
                    _component("OBS_STATUS", **per_observation),
                    _component("COMMENT_OBS", **per_observation),
                    _component("UNIT_MULT", **per_series),
                    _component("DECIMALS", **per_series),
                ],
            },
        },
    )


def _dataflow() -> Artefact:
    urn = f"urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure={AGENCY}:DSD_CUBE(1.0.0)"
    return _artefact("Dataflow", FLOW.id, structure=urn)


_CUBE = """
WITH pairs AS (
    SELECT r, p, hash(r, p) % 4 AS d FROM range({areas}) AS a(r), range({partners}) AS b(p)
    WHERE r <> p AND hash(r * 1000 + p, 1) % 100 < 62
), series AS (
    SELECT r, p, d, s, g, hash(r, p, s, g) AS h FROM pairs, unnest([{sexes}]) AS x(s), unnest([{ages}]) AS y(g)
), cells AS (
    SELECT *, hash(h, t) AS c, ({figure})::BIGINT AS n
    FROM series, range({years}) AS years(t) WHERE hash(h, t, 2) % 100 < 85
)
SELECT
    'A' AS FREQ, printf('A%03d', r) AS REF_AREA, printf('A%03d', p) AS COUNTERPART_AREA, s AS SEX, g AS AGE,
    'FLOW' AS INDICATOR, 'USD' AS UNIT_MEASURE, (2005 + t)::VARCHAR AS TIME_PERIOD,
    CASE WHEN c % 100 < 2 THEN NULL ELSE CASE d
        WHEN 0 THEN n::VARCHAR
        WHEN 1 THEN printf('%.1f', n / 10.0)
        WHEN 2 THEN printf('%.2f', n / 100.0)
        ELSE printf('%.3f', n / 1000.0) END END AS OBS_VALUE,
    CASE WHEN c % 100 < 2 THEN 'O' WHEN c % 100 < 5 THEN 'E' WHEN c % 100 < 8 THEN 'P' ELSE 'A' END AS OBS_STATUS,
    CASE WHEN (c // 7) % 100 = 0 THEN 'note "' || c % 9973 || '" <a & b> 統計' END AS COMMENT_OBS,
    CASE h % 3 WHEN 0 THEN '0' WHEN 1 THEN '3' ELSE '6' END AS UNIT_MULT, d::VARCHAR AS DECIMALS
FROM cells ORDER BY {keys}
"""


def _figure() -> str:
    """The figure of a cell without its decimal point: drawn for one sex and age, summed for a total of either."""

    def drawn(sex: str, age: str) -> str:
        return f"(hash(hash(r, p, {sex}, {age}), t, 3) % 1000000)"

    def of_ages(sex: str) -> str:
        bands = " + ".join(drawn(sex, f"'{code}'") for code in CODES["AGE"] if code != "_T")
        return f"CASE g WHEN '_T' THEN {bands} ELSE {drawn(sex, 'g')} END"

    women, men = of_ages("'F'"), of_ages("'M'")
    return f"CASE s WHEN '_T' THEN ({women}) + ({men}) ELSE {of_ages('s')} END"


def write_cube(size: Size, path: Path) -> int:
    """Write the cube as Parquet, sorted by key, unless it is there; returns the number of observations."""
    with duckdb.connect() as engine:
        if not path.exists():
            sql = _CUBE.format(
                areas=AREAS,
                partners=size.partners,
                years=YEARS,
                sexes=", ".join(f"'{code}'" for code in CODES["SEX"]),
                ages=", ".join(f"'{code}'" for code in CODES["AGE"]),
                figure=_figure(),
                keys=", ".join((*DIMENSIONS, TIME)),
            )
            engine.execute(f"COPY ({sql}) TO '{path}.tmp' (FORMAT parquet)")
            Path(f"{path}.tmp").rename(path)
        found = engine.execute(f"SELECT count(*) FROM '{path}'").fetchone()
    return int(found[0]) if found else 0


def open_cube(path: Path, where: str = "true") -> Rows:
    """Open (part of) a written cube as rows."""
    columns = ", ".join(COLUMNS)
    return Rows(connection=duckdb.connect(), sql=f"SELECT {columns} FROM '{path}' WHERE {where}", columns=COLUMNS)

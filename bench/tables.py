"""The cube as an office would send it: tables of ten columns in words, and the mapping that reads them.

``long`` is one observation a row, in ten columns. ``wide`` has the same ten columns without year and value, two more
instead, and twenty columns of years. Countries, partners, sexes and age groups stand in words, so four tables of codes
are needed; the rest is what such tables carry along.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import duckdb

from bench.cube import AREAS, CODES, FLOW, YEARS
from bench.hub import open_hub
from sdmx_hub.load.release import check_file
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.mapping.apply import apply_mapping
from sdmx_hub.mapping.reading import read_mapping
from sdmx_hub.model.urn import Urn

FIRST_YEAR = 2005
SEXES = {"F": "Femmes", "M": "Hommes", "_T": "Les deux sexes"}
AGES = {code: f"Groupe {number} ({code})" for number, code in enumerate(CODES["AGE"])}
COUNTRIES = {f"A{number:03d}": f"Pays n° {number}" for number in range(AREAS)}
TEN = ("Pays d'accueil", "Pays d'origine", "Sexe", "Groupe d'âges")
"""The columns with tables of codes; six more stand beside them."""


def write_table(parquet: Path, path: Path, shape: str, areas: int = AREAS) -> int:
    """Write the cube, or its first ``areas`` reporting areas, as a CSV file; the number of observations in it."""
    places, sexes, ages = (_words(one) for one in (COUNTRIES, SEXES, AGES))
    words = (
        f'{places}[REF_AREA] AS "{TEN[0]}", {places}[COUNTERPART_AREA] AS "{TEN[1]}", '
        f'{sexes}[SEX] AS "{TEN[2]}", {ages}[AGE] AS "{TEN[3]}", '
        "UNIT_MULT AS Multiplicateur, DECIMALS AS Décimales, 'USD' AS Unité, 'Édition 2026' AS Édition"
    )
    chosen = f"(SELECT * FROM '{parquet}' WHERE REF_AREA < 'A{areas:03d}')"
    value = "coalesce(OBS_VALUE, 'n.d.')"
    if shape == "long":
        query = f"SELECT {words}, TIME_PERIOD AS Année, {value} AS Valeur FROM {chosen}"
    else:
        years = ", ".join(
            f"coalesce(max({value}) FILTER (TIME_PERIOD = '{year}'), '') AS \"{year}\""
            for year in range(FIRST_YEAR, FIRST_YEAR + YEARS)
        )
        query = f"SELECT {words}, 'Registre' AS Source, 'S' || UNIT_MULT AS Série, {years} FROM {chosen} GROUP BY ALL"
    with duckdb.connect(config={"threads": 2}) as engine:
        if not path.exists():
            engine.execute(f"COPY ({query}) TO '{path}.tmp' (FORMAT csv, HEADER)")
            Path(f"{path}.tmp").rename(path)
        found = engine.execute(f"SELECT count(*) FROM {chosen}").fetchone()
    return int(found[0]) if found else 0


def _words(names: dict[str, str]) -> str:
    """A table of codes as a map of the engine, from code to name."""
    return "MAP {" + ", ".join(f"'{code}': '{name}'" for code, name in names.items()) + "}"


def write_mapping(path: Path, shape: str) -> Path:
    """Write the mapping of a table, as JSON, which is YAML too."""
    wide = shape == "wide"
    time: dict[str, object] = {"column": "annee" if wide else "Année"}
    value: dict[str, object] = {"missing": {"n.d.": "O"} | ({"": "$skip"} if wide else {})}
    mapping: dict[str, object] = {
        "id": "BENCH_TABLE",
        "title": {"en": "The cube in words"},
        "provider": "BENCH",
        "dataflow": "BENCH:DF_CUBE(1.0.0)",
        "language": "fr",
        "action": "append",
        "source": {"line": "Made for measuring", "licence": "None needed", "format": "csv", "decimal": "."},
        "components": {
            "FREQ": "A",
            "REF_AREA": {"column": TEN[0], "codes": {text: code for code, text in COUNTRIES.items()}},
            "COUNTERPART_AREA": {"column": TEN[1], "codes": {text: code for code, text in COUNTRIES.items()}},
            "SEX": {"column": TEN[2], "codes": {text: code for code, text in SEXES.items()}},
            "AGE": {"column": TEN[3], "codes": {text: code for code, text in AGES.items()}},
            "INDICATOR": "FLOW",
            "UNIT_MEASURE": {"column": "Unité"},
            "UNIT_MULT": {"column": "Multiplicateur"},
            "DECIMALS": {"column": "Décimales"},
            "TIME_PERIOD": time,
            "OBS_VALUE": value if wide else value | {"column": "Valeur"},
        },
    }
    if wide:
        mapping["unpivot"] = {"names": ["annee"], "columns": {"pattern": "^[0-9]{4}$"}}
    path.write_text(json.dumps(mapping, ensure_ascii=False), encoding="utf-8")
    return path


def map_table(home: Path, table: Path, mapping: Path, memory: str) -> tuple[float, float, int]:
    """Map a table as a load does: processor seconds, seconds, observations."""
    artefacts = open_hub(home).registry.snapshot()
    structure = artefacts.structure_of(Urn("Dataflow", FLOW))
    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory, "threads": 2}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={**config, "temp_directory": folder}) as engine:
        engine.execute("SET enable_progress_bar = false")
        began, used = time.perf_counter(), time.process_time()
        done = apply_mapping(read_mapping(mapping), table, structure, artefacts, engine)
        return time.process_time() - used, time.perf_counter() - began, done.mapped


def floor(table: Path) -> float:
    """What the engine alone takes to turn the wide table into rows with codes, nothing checked: processor seconds."""
    names = [(TEN[0], COUNTRIES), (TEN[1], COUNTRIES), (TEN[2], SEXES), (TEN[3], AGES)]
    with duckdb.connect(config={"threads": 2}) as engine:
        engine.execute("SET enable_progress_bar = false")
        for number, (_, codes) in enumerate(names):
            rows = ", ".join(f"('{name}', '{code}')" for code, name in codes.items())
            engine.execute(f"CREATE TABLE codes_{number} AS SELECT * FROM (VALUES {rows}) AS t(name, code)")
        joins = " ".join(
            f'JOIN codes_{number} ON codes_{number}.name = t."{column}"' for number, (column, _) in enumerate(names)
        )
        shown = ", ".join(f"codes_{number}.code AS code_{number}" for number in range(len(names)))
        years = ", ".join(f'"{year}"' for year in range(FIRST_YEAR, FIRST_YEAR + YEARS))
        began = time.process_time()
        engine.execute(
            f"CREATE TEMP TABLE done AS SELECT {shown}, year, value FROM (UNPIVOT (SELECT * FROM read_csv('{table}', "
            f"header = true, all_varchar = true)) ON {years} INTO NAME year VALUE value) AS t {joins} "
            "WHERE value <> ''"
        )
        return time.process_time() - began


def check_table(home: Path, table: Path, mapping: Path) -> int:
    """Check a table as ``sdmx-hub check`` does; the observations it becomes."""
    return check_file(LoadOrder(path=table, mapping=mapping), open_hub(home).registry.snapshot()).mapped

"""Small SDMX messages of emigrants from Senegal, in every format, for tests of the load."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FLOW = "ILMH:DF_FLOW_POP(1.0.0)"
SOUND: Mapping[str, str | None] = {
    "FREQ": "A", "REF_AREA": "SEN", "INDICATOR": "OUTFLOW_POP", "COUNTERPART_TYPE": "CDS", "COUNTERPART_AREA": "FRA",
    "MIG_REASON": "_T", "MIG_TYPE": "_T", "DURATION": "_T", "SEX": "_T", "AGE": "_T", "EDUCATION_LEV": "_T",
    "ACTIVITY": "_T", "OCCUPATION": "_T", "SOURCE_TYPE": "CEN", "UNIT_MEASURE": "PS", "TIME_PERIOD": "2023",
    "OBS_VALUE": "34434", "OBS_STATUS": "A", "CONF_STATUS": "F", "EMBARGO_TIME": None, "UNIT_MULT": "0",
    "DECIMALS": "0", "TIME_PER_COLLECT": "S", "DATA_PROVIDER": "SEN_ANSD", "COMMENT_OBS": None,
}  # fmt: skip
KEYS = tuple(SOUND)[:16]


def csv_text(*rows: tuple[str, Mapping[str, str | None]], flow: str = FLOW) -> str:
    """An SDMX-CSV 2.0 message: per row its action and what differs from a sound observation."""
    lines = ["STRUCTURE,STRUCTURE_ID,ACTION," + ",".join(SOUND)]
    for action, change in rows:
        cells = (SOUND | change).values()
        lines.append(f"dataflow,{flow},{action}," + ",".join(cell or "" for cell in cells))
    return "\n".join(lines) + "\n"


def write_csv(folder: Path, *rows: tuple[str, Mapping[str, str | None]], name: str = "emigrants.csv") -> Path:
    """Write such a message."""
    file = folder / name
    file.write_text(csv_text(*rows), encoding="utf-8")
    return file


def xml_text(*rows: Mapping[str, str | None], action: str = "Append") -> str:
    """A structure-specific message of SDMX-ML 2.1, flat."""
    base = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
    obs = "\n".join(
        "<Obs " + " ".join(f'{name}="{cell}"' for name, cell in (SOUND | row).items() if cell is not None) + "/>"
        for row in rows
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<m:StructureSpecificData xmlns:m="{base}/message" xmlns:c="{base}/common" xmlns:ss="{base}/data/structurespecific">
<m:Header><m:ID>M</m:ID><m:Test>false</m:Test><m:Prepared>2026-01-01T00:00:00Z</m:Prepared><m:Sender id="SEN_ANSD"/>
<m:Structure structureID="S" dimensionAtObservation="AllDimensions"><c:StructureUsage>
<Ref agencyID="ILMH" id="DF_FLOW_POP" version="1.0.0"/></c:StructureUsage></m:Structure></m:Header>
<m:DataSet ss:structureRef="S" action="{action}">
{obs}
</m:DataSet>
</m:StructureSpecificData>
"""

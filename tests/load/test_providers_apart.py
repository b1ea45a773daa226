"""What one provider says of its figures stays its own, whoever else reports to the same dataflow."""

import pytest

from sdmx_hub.load.artefact_pack import pack_root
from sdmx_hub.model.structure import Attachment, read_data_structure
from tests.load.conftest import Desk

FLOW = "ILMH:DF_RET_ARR(1.0.0)"


def load(desk: Desk, provider: str, name: str) -> None:
    folder = pack_root() / "mappings" / provider
    [sample] = (folder / "samples").glob(f"{name}.*")
    assert desk.load(sample, mapping=folder / f"{name}.yaml").stored


def test_thousands_of_one_provider_do_not_multiply_the_persons_of_another(desk: Desk) -> None:
    load(desk, "HTI_ONM", "returns_fiscal_year")
    before = desk.rows(FLOW, "REF_AREA", "COUNTERPART_AREA", "OBS_VALUE", "UNIT_MULT", "DECIMALS", "TIME_PER_COLLECT")
    assert ("HTI", "DOM", "309240", "0", "0", "S") in before
    load(desk, "ILO_STAT", "returns")
    after = desk.rows(FLOW, "REF_AREA", "COUNTERPART_AREA", "OBS_VALUE", "UNIT_MULT", "DECIMALS", "TIME_PER_COLLECT")
    assert set(before) <= set(after)
    assert {row[3] for row in after if row[0] != "HTI"} == {"3"}


@pytest.mark.parametrize("identifier", ["UNIT_MULT", "DECIMALS", "TIME_PER_COLLECT"])
def test_what_scales_a_figure_belongs_to_its_series(pack, identifier: str) -> None:
    for artefact in pack:
        if artefact.artefact_class.name == "DataStructure":
            structure = read_data_structure(artefact, pack.find)
            [attribute] = [one for one in structure.attributes if one.id == identifier]
            assert (attribute.attached_to, attribute.dimension_ids) == (Attachment.DIMENSIONS, structure.dimension_ids)

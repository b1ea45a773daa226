"""A dataflow as a schema.org ``Dataset``, for the search engines that list datasets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sdmx_hub.web.hub import Visit


def describe_dataset(
    visit: Visit, content: Mapping[str, Any], variables: Iterable[str], downloads: Iterable[Mapping[str, str]]
) -> dict[str, Any]:
    """Describe the dataflow of a page (schema.org Dataset, as the guidelines for dataset search ask)."""
    settings = visit.hub.settings
    publisher = {"@type": "Organization", "name": settings.hub_name, "url": visit.base_url + "/"}
    described = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": content["name"],
        "description": content["description"] or content["name"],
        "identifier": content["urn"],
        "version": content["version"],
        "url": visit.base_url + content["path"],
        "license": settings.licence,
        "isAccessibleForFree": True,
        "inLanguage": visit.language,
        "dateModified": content["updated"],
        "publisher": publisher,
        "creator": publisher,
        "variableMeasured": list(variables),
        "includedInDataCatalog": {"@type": "DataCatalog", "name": settings.hub_name, "url": visit.base_url + "/"},
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": one["media_type"], "contentUrl": one["url"]}
            for one in downloads
        ],
    }
    if content["first_period"]:
        described["temporalCoverage"] = f"{content['first_period']}/{content['last_period']}"
    return described

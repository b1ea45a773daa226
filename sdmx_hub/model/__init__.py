"""What things are: references and URNs, artefact documents and their typed views, keys, periods, findings, messages.

An artefact is its SDMX-JSON 2.1 object, kept whole (``Artefact``). The classes the hub computes with have small frozen
views over that document. This room does no input or output.
"""

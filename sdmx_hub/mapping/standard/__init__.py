"""Mappings in the form of the standard: StructureMap and RepresentationMap of SDMX 3, both ways.

``to_maps`` makes artefacts of a mapping, with a data structure for the table itself; ``limits`` lists what such
artefacts cannot say, and so stays in the mapping file; ``from_maps`` makes a mapping of artefacts, whoever wrote them,
or tells why it cannot. Nothing here reads or writes a message: artefacts come and go as values.
"""

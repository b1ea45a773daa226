"""Structure messages in XML: the machinery the editions of SDMX-ML share.

An edition is a set of tables. A *shape* lists the parts of one element in the order of its XML schema; each part knows
one attribute or child element and one key of the canonical document (SDMX-JSON 2.1), and works in both directions, so
that what is written is what is read. Editions differ in their namespaces, in how they refer (``Ref`` elements or URNs)
and in their shapes; what needs more than a table is a part of its own, beside the shapes of its edition.
"""

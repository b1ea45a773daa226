"""sdmx-hub: map national tables onto SDMX structures, publish them, harvest partners.

The house has rooms; imports go downwards only (docs/architecture.md draws it, import-linter checks it).
"""

__version__ = "0.1.0"

"""Numbered migrations of the control database, applied in order by ``Database.migrate``."""

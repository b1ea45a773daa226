"""A hub with the structures of the pack, and files of observations written by the tests."""

from __future__ import annotations

from tests.load.conftest import Desk, _control, desk, pack

__all__ = ["Desk", "_control", "desk", "pack"]

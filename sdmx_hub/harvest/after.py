"""What happens after a run has ended: functions others register, each told of the run, none able to change it.

They are registered where a hub is put together, in ``Parts.after``.
"""

from __future__ import annotations

import logging

from sdmx_hub.harvest.parts import Parts
from sdmx_hub.store.run_rows import Run

log = logging.getLogger(__name__)


def call_after(parts: Parts, run: Run) -> None:
    """Call every function; what goes wrong in one is told in the log and keeps neither the others nor the run."""
    for hook in parts.after:
        try:
            hook(parts, run)
        except Exception:  # a fault of whatever was registered must not undo a run that has ended
            log.exception("after run %s: %s", run.id, getattr(hook, "__name__", hook))

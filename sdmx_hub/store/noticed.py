"""The notice a waiting run answers, written into its plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from sdmx_hub.store.database import Database
from sdmx_hub.store.harvest_tables import RUN
from sdmx_hub.store.run_rows import NOTICE, Run, State, plan_text, select_run


def note_notice(database: Database, run_id: int, notice: Mapping[str, Any]) -> Run:
    """Note on a run that waits which notice it answers; the first one stays. Raises NotFound."""
    with database.transaction() as connection:
        run = select_run(connection, run_id)
        if NOTICE not in run.plan:
            connection.execute(
                sa.update(RUN)
                .where(RUN.c.id == run_id, RUN.c.state == State.QUEUED)
                .values(plan=plan_text({**run.plan, NOTICE: dict(notice)}))
            )
        return select_run(connection, run_id)

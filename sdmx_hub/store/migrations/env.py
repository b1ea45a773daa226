"""Run the migrations on the connection that ``Database.migrate`` hands over."""

from alembic import context

from sdmx_hub.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()

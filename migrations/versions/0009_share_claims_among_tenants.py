"""share claims among tenants.

Revision: 0009, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0010'
branch_labels = None
depends_on = None

QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    """Apply the change."""
    op.drop_index('ix_texts_waiting', 'texts')
    op.create_index('ix_texts_waiting', 'texts', ['model', 'lane', 'tenant_id', 'id'], sqlite_where=QUEUED, postgresql_where=QUEUED)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index('ix_texts_waiting', 'texts')
    op.create_index('ix_texts_waiting', 'texts', ['model', 'lane', 'id'], sqlite_where=QUEUED, postgresql_where=QUEUED)

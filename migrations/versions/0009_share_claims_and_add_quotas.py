"""share claims among tenants and add quotas.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

QUEUED = sa.text("state = 'queued'")
QUOTAS = ('requests_per_minute', 'texts_per_day', 'waiting_texts')


def upgrade() -> None:
    """Apply the change."""
    op.drop_index('ix_texts_waiting', 'texts')
    op.create_index('ix_texts_waiting', 'texts', ['model', 'lane', 'tenant_id', 'id'], sqlite_where=QUEUED, postgresql_where=QUEUED)
    for name in QUOTAS:
        op.add_column('api_keys', sa.Column(name, sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    for name in reversed(QUOTAS):
        op.drop_column('api_keys', name)
    op.drop_index('ix_texts_waiting', 'texts')
    op.create_index('ix_texts_waiting', 'texts', ['model', 'lane', 'id'], sqlite_where=QUEUED, postgresql_where=QUEUED)

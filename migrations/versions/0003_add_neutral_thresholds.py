"""add neutral thresholds.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column('jobs', sa.Column('neutral_threshold', sa.Double(), nullable=True))
    op.add_column('texts', sa.Column('neutral_threshold', sa.Double(), nullable=True))
    op.add_column('served_models', sa.Column('neutral_threshold', sa.Double(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column('served_models', 'neutral_threshold')
    op.drop_column('texts', 'neutral_threshold')
    op.drop_column('jobs', 'neutral_threshold')

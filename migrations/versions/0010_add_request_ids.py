"""add request ids.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column('jobs', sa.Column('request_id', sa.String(length=128), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column('jobs', 'request_id')

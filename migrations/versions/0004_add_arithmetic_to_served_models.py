"""add arithmetic to served models.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column('served_models', sa.Column('arithmetic', sa.String(length=16), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column('served_models', 'arithmetic')

"""add uploads and copies.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

RECEIVING = sa.text('receiving_until IS NOT NULL')


def upgrade() -> None:
    """Apply the change."""
    op.add_column('jobs', sa.Column('receiving_until', sa.DateTime(timezone=True), nullable=True))
    op.add_column('jobs', sa.Column('upload_token', sa.Uuid(), nullable=True))
    op.add_column('jobs', sa.Column('upload_digest', sa.String(length=64), nullable=True))
    op.create_index('ix_jobs_receiving', 'jobs', ['receiving_until'], sqlite_where=RECEIVING, postgresql_where=RECEIVING)
    op.add_column('texts', sa.Column('copy_of', sa.Integer(), nullable=True))
    op.add_column('texts', sa.Column('copy_count', sa.Integer(), server_default='0', nullable=False))
    op.add_column('texts', sa.Column('error_line', sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    for column in ('error_line', 'copy_count', 'copy_of'):
        op.drop_column('texts', column)
    op.drop_index('ix_jobs_receiving', 'jobs')
    for column in ('upload_digest', 'upload_token', 'receiving_until'):
        op.drop_column('jobs', column)

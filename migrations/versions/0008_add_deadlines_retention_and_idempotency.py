"""add deadlines, retention and idempotency keys.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

UNPURGED = sa.text('purged_at IS NULL')
EXPIRING = sa.text('expires_at IS NOT NULL AND purged_at IS NULL')


def upgrade() -> None:
    """Apply the change."""
    op.add_column('texts', sa.Column('deadline_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('jobs', sa.Column('deadline_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('jobs', sa.Column('expires_after', sa.Integer(), nullable=True))
    op.add_column('jobs', sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('jobs', sa.Column('purged_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_jobs_unpurged', 'jobs', ['finished_at'], sqlite_where=UNPURGED, postgresql_where=UNPURGED)
    op.create_index('ix_jobs_expiring', 'jobs', ['expires_at'], sqlite_where=EXPIRING, postgresql_where=EXPIRING)
    op.create_table(
        'idempotency_keys',
        sa.Column('tenant_id', sa.Integer(), nullable=False),
        sa.Column('key', sa.String(length=255), nullable=False),
        sa.Column('fingerprint', sa.String(length=64), nullable=False),
        sa.Column('job_id', sa.Uuid(), nullable=False),
        sa.Column('was_done', sa.Boolean(), nullable=True),
        sa.Column('answer_due_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name='fk_idempotency_keys_job_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['tenant_id'], ['tenants.id'], name='fk_idempotency_keys_tenant_id'),
        sa.PrimaryKeyConstraint('tenant_id', 'key', name='pk_idempotency_keys'),
    )
    op.create_index('ix_idempotency_keys_expires_at', 'idempotency_keys', ['expires_at'])
    op.create_index('ix_idempotency_keys_job_id', 'idempotency_keys', ['job_id'])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table('idempotency_keys')
    op.drop_index('ix_jobs_expiring', 'jobs')
    op.drop_index('ix_jobs_unpurged', 'jobs')
    for column in ('purged_at', 'expires_at', 'expires_after', 'deadline_at'):
        op.drop_column('jobs', column)
    op.drop_column('texts', 'deadline_at')

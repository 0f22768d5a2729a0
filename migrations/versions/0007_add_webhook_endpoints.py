"""add webhook endpoints.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

IS_PENDING = sa.text("state = 'pending'")
HAS_FAILED = sa.text("state = 'failed'")
IS_ENABLED = sa.text('disabled_at IS NULL')


def upgrade() -> None:
    """Apply the change."""
    op.create_table('webhook_endpoints',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Integer(), nullable=False),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('events', sa.JSON(), nullable=False),
    sa.Column('description', sa.String(length=200), nullable=True),
    sa.Column('secret', sa.String(length=255), nullable=False),
    sa.Column('previous_secret', sa.String(length=255), nullable=True),
    sa.Column('previous_secret_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failing_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('disabled_reason', sa.String(length=16), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name='pk_webhook_endpoints')
    )
    op.create_index('ix_webhook_endpoints_tenant_id_id', 'webhook_endpoints', ['tenant_id', 'id'])
    op.create_index('ix_webhook_endpoints_enabled', 'webhook_endpoints', ['tenant_id'], sqlite_where=IS_ENABLED, postgresql_where=IS_ENABLED)

    op.add_column('deliveries', sa.Column('tenant_id', sa.Integer(), server_default='0', nullable=False))
    op.add_column('deliveries', sa.Column('endpoint_id', sa.Uuid(), nullable=True))
    op.add_column('deliveries', sa.Column('receiver', sa.String(length=300), server_default='', nullable=False))
    op.add_column('deliveries', sa.Column('earlier_attempts', sa.SmallInteger(), server_default='0', nullable=False))
    _let_job_id_be_null(True)
    op.create_index('ix_deliveries_endpoint_id_id', 'deliveries', ['endpoint_id', 'id'])
    op.create_index('ix_deliveries_due_at_receiver', 'deliveries', ['receiver', 'next_attempt_at'], sqlite_where=IS_PENDING, postgresql_where=IS_PENDING)
    op.create_index('ix_deliveries_failed', 'deliveries', ['endpoint_id', 'finished_at'], sqlite_where=HAS_FAILED, postgresql_where=HAS_FAILED)
    # What was stored before belongs to its job's tenant.
    op.execute('UPDATE deliveries SET tenant_id = (SELECT tenant_id FROM jobs WHERE jobs.id = deliveries.job_id)')


def downgrade() -> None:
    """Take the change back."""
    # The release before would sign what goes to an endpoint with a secret that is not the endpoint's.
    op.execute('DELETE FROM deliveries WHERE job_id IS NULL OR endpoint_id IS NOT NULL')
    op.drop_index('ix_deliveries_failed', 'deliveries')
    op.drop_index('ix_deliveries_due_at_receiver', 'deliveries')
    op.drop_index('ix_deliveries_endpoint_id_id', 'deliveries')
    _let_job_id_be_null(False)
    for column in ('earlier_attempts', 'receiver', 'endpoint_id', 'tenant_id'):
        op.drop_column('deliveries', column)
    op.drop_table('webhook_endpoints')


def _let_job_id_be_null(nullable: bool) -> None:
    """SQLite can do so only by making the table anew, and drops the attempts with the old one: they are set aside."""
    is_sqlite = op.get_bind().dialect.name == 'sqlite'
    if is_sqlite:
        op.execute('CREATE TABLE attempts_set_aside AS SELECT * FROM delivery_attempts')
    with op.batch_alter_table('deliveries') as batch:
        batch.alter_column('job_id', existing_type=sa.Uuid(), nullable=nullable)
    if is_sqlite:
        op.execute('DELETE FROM delivery_attempts')
        op.execute('INSERT INTO delivery_attempts SELECT * FROM attempts_set_aside')
        op.drop_table('attempts_set_aside')

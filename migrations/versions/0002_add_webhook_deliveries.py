"""add webhook deliveries.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column('jobs', sa.Column('webhook', sa.JSON(), nullable=True))
    op.create_table('deliveries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=False),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('event', sa.String(length=40), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempt_count', sa.SmallInteger(), nullable=False),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claim_token', sa.Uuid(), nullable=True),
    sa.Column('lease_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name='fk_deliveries_job_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_deliveries')
    )
    op.create_index('ix_deliveries_job_id_id', 'deliveries', ['job_id', 'id'])
    op.create_index('ix_deliveries_due', 'deliveries', ['next_attempt_at'], sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'"))

    op.create_table('delivery_attempts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('delivery_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.SmallInteger(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('duration_ms', sa.Integer(), nullable=True),
    sa.Column('status_code', sa.SmallInteger(), nullable=True),
    sa.Column('error', sa.String(length=200), nullable=True),
    sa.Column('answer', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name='fk_delivery_attempts_delivery_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name='pk_delivery_attempts'),
    sa.UniqueConstraint('delivery_id', 'number', name='uq_delivery_attempts_delivery_id_number')
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table('delivery_attempts')
    op.drop_index('ix_deliveries_due', 'deliveries')
    op.drop_index('ix_deliveries_job_id_id', 'deliveries')

    op.drop_table('deliveries')
    op.drop_column('jobs', 'webhook')

"""add tenants.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    tenants = op.create_table(
        'tenants',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_tenants'),
        sa.UniqueConstraint('name', name='uq_tenants_name'),
    )
    op.execute(sa.insert(tenants).values(id=0, name='local', created_at=sa.func.current_timestamp()))
    # All that was stored before belongs to the tenant of an open service, 0. No foreign key: SQLite could add one only by
    # making the table anew, and would drop the texts with the old one.
    op.add_column('jobs', sa.Column('tenant_id', sa.Integer(), server_default='0', nullable=False))
    op.create_index('ix_jobs_tenant_id_id', 'jobs', ['tenant_id', 'id'])
    op.add_column('texts', sa.Column('tenant_id', sa.Integer(), server_default='0', nullable=False))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column('texts', 'tenant_id')
    op.drop_index('ix_jobs_tenant_id_id', 'jobs')
    op.drop_column('jobs', 'tenant_id')
    op.drop_table('tenants')

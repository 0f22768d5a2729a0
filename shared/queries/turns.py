"""Which of the waiting texts one claim takes: of which lane, of tenants in turn, of each tenant the oldest first.

Interactive texts go before bulk ones, but where bulk had to wait for one claim, the next is its own. Texts that are let
in between two micro-batches of that claim do not count, so that they still wait for one micro-batch at most.

A claim gives every tenant whose texts wait the same number of characters, to within one text, and what one tenant does
not need goes to the others. So a tenant's share of the work is at least one over the number of tenants that wait,
however long anybody's line is. See docs/decisions/0014-fair-claiming.md.
"""

import secrets
from bisect import bisect_right
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from itertools import dropwhile, takewhile
from operator import itemgetter
from uuid import UUID

from sqlalchemy import Integer, Row, bindparam, or_, select
from sqlalchemy.orm import Session

from shared.models import IS_QUEUED, TEXTS
from shared.queries.lines import list_lines
from shared.states import Lane

MIN_SHARE_TEXTS = 8  # fewer are not worth a claim, or a second look, of their own
MAX_TENANTS = 16  # served by one claim: each costs a statement

WaitingRow = Row[int, int, int, int]  # id, tenant_id, attempts, char_count


@dataclass(slots=True)
class Turns:
    """Behind which tenant the next claim of one process begins, by lane, and which lane it is for."""

    last: dict[int, int] = field(default_factory=dict)
    is_bulk_first: bool = False  # since it waited while the claim before was for interactive texts

    def order_lanes(self, lanes: Iterable[int]) -> list[int]:
        """Return these lanes in the order in which to try them."""
        return sorted(lanes, reverse=self.is_bulk_first)

    def order(self, lane: int, tenants: Sequence[int]) -> list[int]:
        """Return up to 16 of these tenants, given in ascending order, in the order of their turns.

        A process that has just started begins anywhere: one that some text kills again and again must not begin with
        the same tenant each time.
        """
        begin = bisect_right(tenants, self.last.get(lane, secrets.choice(tenants)))
        return [*tenants[begin:], *tenants[:begin]][:MAX_TENANTS]

    def note(self, lane: int, turn: Sequence[int], served: Set[int], waiting: int) -> None:
        """Send the first of this turn that was served, and those served right behind it, to the back.

        So whoever was left out comes nearer to the front with each claim until it begins one. Where all that wait,
        `waiting` in number, were served only the first goes back: each in turn gets the text that was left over.
        """
        run = list(takewhile(served.__contains__, dropwhile(lambda tenant: tenant not in served, turn)))
        self.last[lane] = run[-1] if len(run) < waiting else run[0]


@dataclass(frozen=True, slots=True)
class ClaimLimits:
    """What one claim may hold, and until when."""

    model: str
    token: UUID
    lease_expires_at: datetime
    max_texts: int
    max_chars: int  # of all texts together; a single longer text is claimed by itself
    sharers: int = 1  # worker processes among which the last texts in line are divided
    turns: Turns = field(default_factory=Turns)  # the process's own, moved on by each claim


@dataclass(frozen=True, slots=True)
class Found:
    """The first texts of each tenant in turn, locked for this claim; no list is empty."""

    lines: Sequence[Sequence[WaitingRow]]
    is_everything: bool  # nothing else waits in this lane


def choose_texts(session: Session, limits: ClaimLimits, last_lane: Lane, now: datetime) -> list[int]:
    """Lock and return the ids of the texts to claim, all of one lane, which is not behind `last_lane`."""
    tenants: dict[int, list[int]] = {}
    for line in list_lines(session, limits.model):
        if line.lane <= last_lane:
            tenants.setdefault(line.lane, []).append(line.tenant_id)
    for lane in limits.turns.order_lanes(tenants):
        waiting = tenants[lane]
        turn = limits.turns.order(lane, waiting)
        found = _find(session, limits, lane, turn, now)
        if found.lines:
            chosen = choose_fairly(found, limits)
            limits.turns.note(lane, turn, {row.tenant_id for row in chosen}, len(waiting))
            limits.turns.is_bulk_first = lane < max(tenants)
            return [row.id for row in chosen]
        # Others have just claimed all of this lane, so it is the next one's turn.
    return []


def _find(session: Session, limits: ClaimLimits, lane: int, turn: Sequence[int], now: datetime) -> Found:
    """Lock what each tenant of the turn has waiting, up to its share; what some leave is offered to the others once."""
    lines: dict[int, list[WaitingRow]] = {tenant: [] for tenant in turn}
    rest, hungry = limits.max_texts, list(turn)
    for _round in range(2):
        share, still_hungry = max(1, rest // len(hungry)), []
        for tenant in hungry:
            wanted, after = min(share, rest), lines[tenant][-1].id if lines[tenant] else 0
            values = {
                "model": limits.model, "lane": lane, "tenant": tenant, "after": after, "wanted": wanted, "now": now
            }  # fmt: skip
            rows = session.connection().execute(_WAITING, values).all() if wanted else []
            lines[tenant] += rows
            rest -= len(rows)
            if len(rows) == wanted:
                still_hungry.append(tenant)
        hungry = still_hungry
        if not hungry or rest < MIN_SHARE_TEXTS * len(hungry):
            break
    return Found([line for line in lines.values() if line], is_everything=not hungry and len(turn) < MAX_TENANTS)


# The sweeper cancels what is late, but a claim may come before it.
_IS_IN_TIME = or_(TEXTS.c.deadline_at.is_(None), TEXTS.c.deadline_at > bindparam("now", type_=TEXTS.c.deadline_at.type))
# A range of one tenant, since only this index has the order that a range needs. By an equal tenant and the order of ids
# alone, PostgreSQL may walk the primary key, through all texts that are done.
_WAITING = (
    select(TEXTS.c.id, TEXTS.c.tenant_id, TEXTS.c.attempts, TEXTS.c.char_count)
    .where(
        IS_QUEUED,
        TEXTS.c.model == bindparam("model"),
        TEXTS.c.lane == bindparam("lane"),
        TEXTS.c.tenant_id.between(bindparam("tenant"), bindparam("tenant")),
        TEXTS.c.id > bindparam("after"),
        _IS_IN_TIME,
    )
    .order_by(TEXTS.c.tenant_id, TEXTS.c.id)
    .limit(bindparam("wanted", type_=Integer))
    .with_for_update(skip_locked=True)
)


def choose_fairly(found: Found, limits: ClaimLimits) -> list[WaitingRow]:
    """Return what to claim, at least one text; one that was tried before goes alone, when its tenant comes first."""
    first = found.lines[0][0]
    if first.attempts > 0:
        return [first]
    chosen: list[WaitingRow] = []
    chars, full = 0, set()
    for row in interleave(found.lines)[: _count_share(found, limits)]:
        if row.tenant_id in full:
            continue
        if chosen and chars + row.char_count > limits.max_chars:
            full.add(row.tenant_id)  # a shorter text of somebody else may still fit
            continue
        chosen.append(row)
        chars += row.char_count
    return chosen


def interleave(lines: Sequence[Sequence[WaitingRow]]) -> list[WaitingRow]:
    """Return the texts so that at each place the tenant comes that has had the fewest characters so far.

    Of each tenant only what stands before its first text that was tried already: the rest waits for a turn of its own.
    """
    places: list[tuple[int, int, WaitingRow]] = []
    for turn, line in enumerate(lines):
        chars = 0
        for row in takewhile(lambda row: row.attempts == 0, line):
            places.append((chars, turn, row))
            chars += row.char_count
    return [row for _, _, row in sorted(places, key=itemgetter(0, 1))]


def _count_share(found: Found, limits: ClaimLimits) -> int:
    """Return how many of the texts found to look at: not all of the last ones, or the other processes would idle."""
    waiting = sum(map(len, found.lines))
    return max(MIN_SHARE_TEXTS, -(-waiting // limits.sharers)) if found.is_everything else waiting

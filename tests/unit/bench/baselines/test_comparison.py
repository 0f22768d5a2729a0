"""Figures, ratios and bars, from rates that are given."""

from itertools import pairwise

import pytest

from bench.baselines.comparison import TEXTS, Round, Way, choose_texts, compare_scores, list_rows
from bench.baselines.load import Answers

RATES = dict.fromkeys(Way, 10.0) | {Way.ARTICLE: 1.0, Way.SENTIQ_JOB: 45.0, Way.SENTIQ_CLIENTS: 29.0}


def make_round(**changed: float) -> Round:
    rates = RATES | {Way[name]: rate for name, rate in changed.items()}
    return {way: Answers(rate, []) for way, rate in rates.items()}


def test_a_rate_is_the_median_of_the_rounds_with_their_range() -> None:
    rows = {row.figure: row for row in list_rows([make_round(LITSERVE=rate) for rate in (9.0, 7.0, 7.5)])}

    assert rows[f"{Way.LITSERVE}, texts/s"].value == "7.5 (7 to 9)"


def test_one_round_has_no_range() -> None:
    rows = {row.figure: row for row in list_rows([make_round()])}

    assert rows[f"{Way.SENTIQ_JOB}, texts/s"].value == "45"


def test_a_ratio_compares_within_a_round_and_is_held_against_its_bar() -> None:
    slower = make_round(ARTICLE=0.5, SENTIQ_JOB=15.0, SENTIQ_CLIENTS=14.0)

    rows = {row.figure: row for row in list_rows([make_round(), slower])}

    job = rows[f"{Way.SENTIQ_JOB} ÷ {Way.ARTICLE}"]
    assert (job.value, job.bar, job.met) == ("37.5 (30 to 45)", "≥ 30 (aim 50)", True)
    assert rows[f"{Way.SENTIQ_CLIENTS} ÷ {Way.ARTICLE}"].met is False
    assert rows[f"{Way.SENTIQ_CLIENTS} ÷ {Way.LITSERVE}"].bar == "≥ 5"
    assert rows[f"{Way.SENTIQ_JOB} ÷ {Way.UNPADDED}"].met is None


def test_each_way_gets_a_part_of_the_texts_of_the_faster_one_with_like_lengths() -> None:
    texts = choose_texts()

    means = {way: sum(map(len, its)) / len(its) for way, its in texts.items()}
    assert {way: len(its) for way, its in texts.items()} == TEXTS
    assert all(set(texts[slower]) <= set(texts[faster]) for faster, slower in pairwise(TEXTS))
    assert all(mean == pytest.approx(means[Way.SENTIQ_JOB], rel=0.1) for mean in means.values())


def test_scores_are_compared_text_by_text_but_not_where_the_others_cut() -> None:
    texts = {way: ["好", "坏", "长" * 501] for way in Way} | {Way.LITSERVE_BEST: ["更多", "坏", "好", "长" * 501]}
    measured = {way: Answers(1, [0.9, 0.1, 0.5]) for way in Way} | {
        Way.LITSERVE_BEST: Answers(1, [0.3, 0.12, 0.95, 0.5]),
        Way.SENTIQ_CLIENTS: Answers(1, [0.9, 0.1, 0.8]),
    }

    spread, unpadded, litserve, sentiq = compare_scores(texts, measured)

    assert (spread.figure, spread.value) == ("spread of the article's scores over 2 texts", "0.800")
    assert [row.value for row in (unpadded, litserve, sentiq)] == ["0.0000", "0.0500", "0.0000"]

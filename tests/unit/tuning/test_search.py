from __future__ import annotations

import math
import random
import subprocess
import sys

import pytest

from simple_sagemaker.tuning import bayesian, early_stopping, goal, hyperband, influence
from simple_sagemaker.tuning.bayesian import Past
from simple_sagemaker.tuning.random_search import RandomSearch, draw
from simple_sagemaker.tuning.ranges import Categorical, Continuous, Integer, Range

LR = Continuous(name="lr", low="1e-5", high="1e-1", scale="log")
LAYERS = Integer(name="layers", low=2, high=5)
OPT = Categorical(name="opt", values=("adam", "sgd"))


class TestRandom:
    def test_a_trial_is_the_same_whenever_and_by_whomever_it_is_proposed(self) -> None:
        first, second = RandomSearch([LR, LAYERS, OPT], 7), RandomSearch([LR, LAYERS, OPT], 7)
        forward = [first.propose(number) for number in range(30)]
        backward = [second.propose(number) for number in reversed(range(30))][::-1]
        assert forward == backward
        assert forward != [RandomSearch([LR, LAYERS, OPT], 8).propose(number) for number in range(30)]

    def test_a_further_range_leaves_the_values_of_others(self) -> None:
        one = [RandomSearch([LR], 1).propose(number)["lr"] for number in range(5)]
        assert one == [RandomSearch([LR, OPT], 1).propose(number)["lr"] for number in range(5)]

    def test_a_finite_space_is_gone_through_before_anything_is_tried_twice(self) -> None:
        search = RandomSearch([LAYERS, OPT], 3)
        proposals = [tuple(search.propose(number).values()) for number in range(8)]
        assert len(set(proposals)) == 8
        assert search.propose(8) == draw([LAYERS, OPT], 3, 8)  # a ninth there is not: any
        assert search.propose(9) == draw([LAYERS, OPT], 3, 9)

    def test_what_is_taken_already_is_not_proposed_and_the_last_that_is_left_is_found(self) -> None:
        wide = Integer(name="n", low=1, high=2000)
        taken = [{"n": str(number)} for number in range(1, 2001) if number != 777]
        search = RandomSearch([wide], 1, taken=taken)
        assert search.propose(0) == {"n": "777"}
        assert search.propose(1) == draw([wide], 1, 1)

    def test_without_a_finite_number_of_values_a_trial_is_what_is_drawn(self) -> None:
        drawn = draw([LR, OPT], 5, 0)
        assert RandomSearch([LR, OPT], 5, taken=[drawn]).propose(0) == drawn
        assert draw([LR, OPT], 5, 0) != draw([LR, OPT], 5, 0, 1)

    def test_a_proposal_that_somebody_changes_stays_what_it_was(self) -> None:
        search = RandomSearch([LAYERS], 3)
        first = search.propose(0)
        search.propose(0)["layers"] = "changed"
        assert search.propose(0) == first


class TestMedian:
    EARLIER = ([4.0, 3.0, 2.0], [5.0, 4.0, 3.0], [6.0, 5.0, 4.0], [3.0, 2.0, 1.0], [7.0, 6.0, 5.0])

    def test_the_newest_value_counts_beside_the_median_of_means(self) -> None:
        # means up to the second epoch: 3.5, 4.5, 5.5, 2.5, 6.5; their median is 4.5
        assert not early_stopping.is_hopeless([9.0, 4.5], self.EARLIER, "min")
        assert early_stopping.is_hopeless([1.0, 4.6], self.EARLIER, "min")
        assert early_stopping.is_hopeless([9.0, 4.4], self.EARLIER, "max")

    def test_trials_that_did_not_come_so_far_do_not_count(self) -> None:
        assert not early_stopping.is_hopeless([9.0] * 4, self.EARLIER, "min")
        assert not early_stopping.is_hopeless([9.0, 9.0], self.EARLIER[:4], "min")

    def test_a_trial_without_any_value_goes_on(self) -> None:
        assert not early_stopping.is_hopeless([], self.EARLIER, "min")

    def test_what_is_no_number_is_hopeless(self) -> None:
        assert early_stopping.is_hopeless([math.nan], self.EARLIER, "min")
        assert early_stopping.is_hopeless([1.0, math.nan], self.EARLIER, "min")
        assert not early_stopping.is_hopeless([math.nan, 1.0], self.EARLIER, "min")  # which has come back

    def test_five_have_to_have_come_as_far_and_with_numbers(self) -> None:
        assert early_stopping.is_hopeless([9.0], [[1.0]] * 5, "min")
        assert not early_stopping.is_hopeless([9.0], [[1.0]] * 4, "min")
        assert not early_stopping.is_hopeless([9.0], [*[[1.0]] * 4, [math.nan]], "min")
        assert early_stopping.is_hopeless([9.0], [*[[1.0]] * 5, [math.nan]], "min")
        assert early_stopping.is_hopeless([9.0, 9.0], [*[[1.0, 1.0]] * 5, [20.0]], "min")


class TestGoal:
    def test_the_best_is_the_first_of_equal_ones_and_never_what_is_no_number(self) -> None:
        objectives = {0: None, 1: math.nan, 2: 3.0, 3: 1.0, 4: 1.0}
        assert goal.best(objectives, "min") == 3
        assert goal.best(objectives, "max") == 2
        assert goal.best({0: None, 1: math.nan}, "min") is None
        assert goal.in_order(objectives, "min") == [3, 4, 2, 0, 1]

    def test_a_gain_below_a_hundredth_is_none(self) -> None:
        assert goal.trials_without_gain([10.0, 9.95, 9.91], "min") == 2
        assert goal.trials_without_gain([10.0, 9.95, 9.8], "min") == 0
        assert goal.trials_without_gain([None, 10.0, math.nan, None], "max") == 2
        assert goal.trials_without_gain([-1.0, -0.5, -0.499], "max") == 1
        assert goal.trials_without_gain([0.0, 0.0], "min") == 1
        assert goal.trials_without_gain([100.0, 99.0], "min") == 0  # just a hundredth
        assert goal.trials_without_gain([100.0, 101.0], "max") == 0
        assert goal.trials_without_gain([-100.0, -99.0], "max") == 0
        assert goal.trials_without_gain([100.0, 99.5, 99.2, 98.4], "min") == 3  # beside the best, not the first

    def test_without_any_value_no_trial_gained(self) -> None:
        assert goal.trials_without_gain([], "min") == 0
        assert goal.trials_without_gain([None], "min") == 1
        assert goal.trials_without_gain([None, math.nan], "max") == 2

    @pytest.mark.parametrize(("direction", "value"), [("min", 2.0), ("max", 4.0)])
    def test_a_target_is_reached_by_what_is_as_good(self, direction: goal.Goal, value: float) -> None:
        assert goal.has_reached(3.0, 3.0, direction)
        assert goal.has_reached(value, 3.0, direction)
        assert not goal.has_reached(6.0 - value, 3.0, direction)
        assert not goal.has_reached(None, 3.0, direction)

    def test_an_infinity_that_nothing_could_beat_is_no_objective(self) -> None:
        assert math.isnan(goal.result(-math.inf, "min") or 0)
        assert math.isnan(goal.result(math.inf, "max") or 0)
        assert goal.result(math.inf, "min") == math.inf
        assert goal.result(-math.inf, "max") == -math.inf
        assert [goal.result(value, "min") for value in (None, 0.0, -5.0)] == [None, 0.0, -5.0]

    def test_anything_is_better_than_what_is_no_number(self) -> None:
        assert goal.is_better(math.inf, math.nan, "min")
        assert not goal.is_better(math.nan, 1.0, "max")
        assert not goal.is_better(math.nan, math.nan, "min")
        assert not goal.is_better(1.0, 1.0, "min")


class TestHyperband:
    def test_from_1_to_27_it_is_the_papers_table(self) -> None:
        rungs = [[(rung.trials, rung.resource) for rung in one.rungs] for one in hyperband.schedule(1, 27, 49)]
        assert rungs == [
            [(27, 1), (9, 3), (3, 9), (1, 27)],
            [(12, 3), (4, 9), (1, 27)],
            [(6, 9), (2, 27)],
            [(4, 27)],
        ]
        assert hyperband.trials_of_round(1, 27) == 49

    @pytest.mark.parametrize(
        ("least", "most", "rungs"),
        [
            (1, 2, [[(1, 2)]]),  # no room for a halving
            (1, 3, [[(3, 1), (1, 3)], [(2, 3)]]),  # just room for one
            (4, 13, [[(3, 4), (1, 13)], [(2, 13)]]),
            (5, 5, [[(1, 5)]]),
        ],
    )
    def test_a_small_range_of_the_resource_has_few_rungs(
        self, least: int, most: int, rungs: list[list[tuple[int, int]]]
    ) -> None:
        round_of = hyperband.schedule(least, most, hyperband.trials_of_round(least, most))
        assert [[(rung.trials, rung.resource) for rung in one.rungs] for one in round_of] == rungs

    def test_a_bracket_for_fewer_trials_has_rungs_in_proportion(self) -> None:
        (bracket,) = hyperband.schedule(1, 27, 10)
        assert [(rung.trials, rung.resource) for rung in bracket.rungs] == [(10, 1), (3, 3), (1, 9), (1, 27)]
        assert hyperband.rungs_of(bracket) == [1, 3, 9]

    @pytest.mark.parametrize("trials", [1, 2, 10, 30, 49, 60, 200])
    def test_it_has_as_many_trials_as_it_is_given(self, trials: int) -> None:
        brackets = hyperband.schedule(2, 50, trials)
        numbers = [number for one in brackets for number in one.trials]
        assert numbers == list(range(trials))
        for one in brackets:
            counts = [rung.trials for rung in one.rungs]
            assert counts == sorted(counts, reverse=True)
            assert min(counts) >= 1
            assert one.rungs[-1].resource == 50
            assert one.rungs[0].resource >= 2

    def test_more_trials_leave_the_brackets_that_were_whole(self) -> None:
        assert hyperband.schedule(1, 27, 60)[:4] == hyperband.schedule(1, 27, 49)

    def test_the_best_go_on_and_none_without_an_objective(self) -> None:
        assert hyperband.promote({0: 3.0, 1: None, 2: 1.0, 3: math.nan, 4: 2.0}, 4, "min") == [2, 4, 0]
        assert hyperband.promote({0: 3.0, 1: 3.0, 2: 3.0}, 1, "max") == [0]

    def test_a_running_trial_goes_on_as_one_of_the_best_third(self) -> None:
        assert hyperband.goes_on(1.0, [], "min")
        assert not hyperband.goes_on(2.0, [1.0], "min")
        assert hyperband.goes_on(2.0, [1.0, 3.0, 4.0, 5.0, 6.0], "min")
        assert not hyperband.goes_on(3.5, [1.0, 3.0, 4.0, 5.0, 6.0], "min")


ASKED = """
from simple_sagemaker.tuning.bayesian import Past, propose
from simple_sagemaker.tuning.ranges import Continuous
space = [Continuous(name="lr", low="0", high="1")]
past = [Past(number=one, values={"lr": str(one / 20)}, objective=float(one)) for one in range(12)]
print(propose(space, 1, 12, past, "min")["lr"])
"""


class TestBayesian:
    def test_a_search_has_no_lines_of_optunas_among_its_own(self) -> None:
        pytest.importorskip("optuna")
        done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)
        assert (done.stderr, 0 <= float(done.stdout) <= 1) == ("", True)

    def test_the_same_past_gives_the_same_proposal(self) -> None:
        pytest.importorskip("optuna")
        past = _past(20)
        one = bayesian.propose([LR, LAYERS, OPT], 5, 20, past, "min")
        assert one == bayesian.propose([LR, LAYERS, OPT], 5, 20, past[::-1], "min")
        assert one != bayesian.propose([LR, LAYERS, OPT], 5, 21, past, "min")
        assert 1e-5 <= float(one["lr"]) <= 1e-1
        assert 2 <= int(one["layers"]) <= 5
        assert one["opt"] in OPT.values

    def test_it_comes_nearer_to_the_best_than_chance(self) -> None:
        pytest.importorskip("optuna")
        past: list[Past] = []
        for number in range(40):
            values = bayesian.propose([LR], 5, number, past, "min")
            past.append(Past(number=number, values=values, objective=_far_from_a_thousandth(values)))
        late = sorted(_far_from_a_thousandth(one.values) for one in past[20:])
        assert late[10] < 0.5  # of four powers of ten; chance has one

    def test_ranges_with_steps_and_failed_and_running_trials_are_taken(self) -> None:
        pytest.importorskip("optuna")
        space: list[Range] = [
            Continuous(name="drop", low="0", high="0.5", step="0.1"),
            Integer(name="n", low=1, high=64, scale="log"),
        ]
        search = RandomSearch(space, 1)
        past = [Past(number=n, values=search.propose(n), objective=[1.0 * n, None, math.nan][n % 3]) for n in range(45)]
        values = bayesian.propose(space, 1, 45, past, "max")
        assert values["drop"] in {"0", "0.1", "0.2", "0.3", "0.4", "0.5"}
        assert 1 <= int(values["n"]) <= 64

    def test_the_first_ten_with_an_objective_are_drawn_at_random(self) -> None:
        pytest.importorskip("optuna")
        space: list[Range] = [LR, LAYERS, OPT]
        past = _past(20)
        unknown = [Past(number=one.number, values=one.values, objective=None) for one in past[:5]]
        failed = [Past(number=one.number, values=one.values, objective=math.nan) for one in past[:5]]
        assert bayesian.propose(space, 5, 20, past[:9], "min") == draw(space, 5, 20)
        assert bayesian.propose(space, 5, 20, [*past[:9], *unknown, *failed], "min") == draw(space, 5, 20)
        assert bayesian.propose(space, 5, 20, past[:10], "min") != draw(space, 5, 20)

    def test_it_seeks_the_low_or_the_high_as_it_is_told(self) -> None:
        pytest.importorskip("optuna")
        rate = Continuous(name="rate", low="0", high="1")
        steps = Integer(name="n", low=0, high=100)
        past = [Past(number=n, values={"rate": repr(n / 60), "n": str(n)}, objective=float(n)) for n in range(60)]
        for direction in ("min", "max"):
            found = [bayesian.propose([rate, steps], seed, 60, past, direction) for seed in range(12)]
            rates, numbers = sorted(float(one["rate"]) for one in found), sorted(int(one["n"]) for one in found)
            assert (rates[6] < 0.4) == (direction == "min")
            assert (numbers[6] < 40) == (direction == "min")

    def test_a_range_is_to_optuna_what_it_is_on_its_scale(self) -> None:
        pytest.importorskip("optuna")
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        stepped = Continuous(name="drop", low="0", high="0.5", step="0.1")
        assert bayesian._distribution(LAYERS) == IntDistribution(0, 3)
        assert bayesian._distribution(stepped) == IntDistribution(0, 5)
        assert bayesian._distribution(LR) == FloatDistribution(0.0, 1.0)
        assert bayesian._distribution(Integer(name="n", low=1, high=64, scale="log")) == FloatDistribution(0.0, 1.0)
        assert bayesian._distribution(OPT) == CategoricalDistribution(("adam", "sgd"))
        for one, value, parameter in ((LAYERS, "4", 2), (stepped, "0.3", 3), (OPT, "sgd", "sgd")):
            assert bayesian._parameter(one, value) == parameter
            assert bayesian._value(one, parameter) == value
        assert bayesian._parameter(LR, "0.001") == pytest.approx(0.5)
        assert float(bayesian._value(LR, 0.5)) == pytest.approx(0.001)

    def test_trials_that_ran_failed_or_run_are_told_apart(self) -> None:
        pytest.importorskip("optuna")
        from optuna.trial import TrialState

        distributions = {"layers": bayesian._distribution(LAYERS)}
        states = {}
        for objective in (None, math.nan, 0.5):
            past = Past(number=0, values={"layers": "3"}, objective=objective)
            made = bayesian._trial(past, [LAYERS], distributions)
            assert made.params == {"layers": 1}
            states[str(objective)] = (made.state, made.value)
        assert states == {
            "None": (TrialState.RUNNING, None),
            "nan": (TrialState.FAIL, None),
            "0.5": (TrialState.COMPLETE, 0.5),
        }


def _past(count: int) -> list[Past]:
    search = RandomSearch([LR, LAYERS, OPT], 1)
    proposals = [search.propose(number) for number in range(count)]
    return [Past(number=n, values=one, objective=_far_from_a_thousandth(one)) for n, one in enumerate(proposals)]


def _far_from_a_thousandth(values: dict[str, str]) -> float:
    return abs(math.log10(float(values["lr"])) + 3)


class TestInfluence:
    def test_what_made_no_difference_is_named(self) -> None:
        chance = random.Random(0)
        search = RandomSearch([LR, LAYERS, OPT], 2)
        trials = []
        for number in range(60):
            values = search.propose(number)
            trials.append((values, _far_from_a_thousandth(values) + (values["opt"] == "sgd") + chance.gauss(0, 0.1)))
        assert influence.without_influence(trials, [LR, LAYERS, OPT]) == ["layers"]

    def test_what_was_tried_with_one_value_alone_is_not_named(self) -> None:
        trials = [({"lr": "0.01", "opt": "adam"}, float(number)) for number in range(12)]
        assert influence.without_influence(trials, [LR, OPT]) == []

    def test_a_number_that_decides_is_not_named_whichever_way_it_goes(self) -> None:
        values = [f"1e-{1 + number % 4}" for number in range(12)]
        for objectives in (values, values[::-1]):
            trials = [({"lr": lr}, float(one)) for lr, one in zip(values, objectives, strict=True)]
            assert influence.without_influence(trials, [LR]) == []

    def test_from_twelve_trials_on_something_is_said(self) -> None:
        trials = [({"opt": ("adam", "sgd")[number % 2]}, float((number // 2) % 3)) for number in range(12)]
        assert influence.without_influence(trials, [OPT]) == ["opt"]
        assert influence.without_influence(trials[:11], [OPT]) == []

    def test_a_choice_that_decides_is_not_named(self) -> None:
        trials = [({"opt": ("adam", "sgd")[number % 2]}, float(number % 2)) for number in range(12)]
        assert influence.without_influence(trials, [OPT]) == []

    def test_of_few_trials_nothing_is_said(self) -> None:
        assert influence.without_influence([({"lr": "0.1"}, 1.0)] * 5, [LR]) == []

"""The options for searching hyperparameters; part of the table in ``table.py``."""

from __future__ import annotations

from .option import TUNE, Option

TUNING = (
    Option(
        "--hp_space", value_count=2, shape="NAME RANGE", repeatable=True, required=True, commands=TUNE,
        help="A hyperparameter to search: 'a|b|c' is one of these; LOW..HIGH is a whole number where both ends are, "
        "else any number; LOW..HIGH/STEP goes in steps; LOW..HIGH@log and @reverselog have other scales than "
        "@linear. With --built_in, auto is the range that AWS recommends. May be repeated.",
    ),
    Option(
        "--tune_for", value_count=2, shape="METRIC GOAL", required=True, commands=TUNE,
        help="The metric of --metric_definitions, or of --built_in, to make small (GOAL min) or large (max). Its last "
        "value in a trial counts. With --built_in the goal can be auto.",
    ),
    Option(
        "--tune_jobs", shape="COUNT", commands=TUNE,
        help="How many trials at most; a larger number than last time extends the study. (default: 20; all "
        "combinations with --tune_by grid, one round with hyperband)",
    ),
    Option(
        "--tune_at_once", shape="COUNT", commands=TUNE,
        help="How many trials at the same time. (default: on this machine one a GPU, else one for two processors; on "
        "AWS 1)",
    ),
    Option(
        "--tune_by", shape="{random,grid,bayesian,hyperband}", default="random", commands=TUNE,
        help="How values are chosen. bayesian needs Optuna (the extra 'tune') and learns from earlier trials; "
        "hyperband gives most of --tune_resource to the best.",
    ),
    Option(
        "--tune_resource", value_count=3, shape="NAME MIN MAX", commands=TUNE,
        help="For hyperband: the hyperparameter that says how long a trial runs, such as epochs, and its least and "
        "largest value. A trial that goes on finds its state, and has to do only what is new.",
    ),
    Option(
        "--tune_stop", shape="{off,median}", default="off", commands=TUNE,
        help="median: stop a trial whose newest value is worse than the median of the earlier trials' means up to "
        "there.",
    ),
    Option(
        "--tune_target", shape="VALUE", commands=TUNE, help="End the search when a trial's objective is as good.",
    ),
    Option(
        "--tune_patience", shape="COUNT", commands=TUNE,
        help="End the search after so many trials in a row that were no better by a hundredth; at least 3.",
    ),
    Option(
        "--tune_mins", shape="MINUTES", commands=TUNE,
        help="Begin no trial after so many minutes; those under way are stopped.",
    ),
    Option(
        "--tune_seed", shape="NUMBER", commands=TUNE,
        help="Propose the same values again as another search with this seed. (default: chosen by chance, and kept)",
    ),
    Option(
        "--tune_from", shape="TASK", commands=TUNE,
        help="Learn from the trials of another study of the project, with --tune_by bayesian.",
    ),
    Option(
        "--tune_failures", shape="COUNT", default="5", commands=TUNE,
        help="How many trials may fail before the search is given up; the same command with more goes on.",
    ),
    Option(
        "--tune_on", shape="{client,aws}", default="client", commands=TUNE,
        help="Who drives the search: client, this command; or aws, a tuning job of SageMaker.",
    ),
)  # fmt: skip

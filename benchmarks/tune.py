"""Searching hyperparameters: what a trial costs, how good the searches are, and what kept state saves.

python benchmarks/tune.py overhead [ROUNDS [PYTHON_WITH_RAY]]: 50 trials of a 0.2 s script, two at once, beside Optuna
with a process a trial and, if that Python has it, Ray Tune
python benchmarks/tune.py functions [SEEDS]: Bayesian beside random search, 100 trials, on Branin and Hartmann-6
python benchmarks/tune.py network [SEEDS]: the same, 30 trials, on a small network on scikit-learn's digits
python benchmarks/tune.py hyperband: epochs run beside epochs scheduled, with and without kept state
python benchmarks/tune.py table: what a table of 100 trials costs to redraw four times a second

Needs the extra ``tune``; ``network`` needs scikit-learn.
"""

from __future__ import annotations

import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measure import paired, table

from simple_sagemaker.tuning import bayesian
from simple_sagemaker.tuning.bayesian import Past
from simple_sagemaker.tuning.random_search import RandomSearch
from simple_sagemaker.tuning.ranges import Categorical, Continuous, Integer, Range, Values

PYTHON = sys.executable
SSM = str(Path(sys.executable).with_name("ssm"))
TRIALS = 50
SEARCH = ("--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min")

SLEEPER = "import time\ntime.sleep(0.2)\nprint('loss=0.5')\n"
OPTUNA = """
import subprocess, sys
import optuna
optuna.logging.set_verbosity(optuna.logging.WARNING)
def objective(trial):
    rate = trial.suggest_float("rate", 0.0, 1.0)
    words = [sys.executable, sys.argv[1], "--rate", str(rate)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return float(done.stdout.split("loss=")[1])
study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
study.optimize(objective, n_trials=int(sys.argv[2]), n_jobs=2)
"""
RAY = """
import sys, time
import ray
from ray import tune
def trial(config):
    time.sleep(0.2)
    return {"loss": 0.5}
ray.init(num_cpus=2, include_dashboard=False, logging_level="error", log_to_driver=False)
tune.Tuner(
    trial,
    param_space={"rate": tune.uniform(0, 1)},
    tune_config=tune.TuneConfig(num_samples=int(sys.argv[2]), max_concurrent_trials=2),
).fit()
"""
STATEFUL = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--epochs", type=int)
args = parser.parse_args()
state = os.environ["SSM_STATE"] + "/epoch"
epoch = int(open(state).read()) if os.path.exists(state) and not STATELESS else 0
while epoch < args.epochs:
    epoch += 1
    print(f"ran an epoch loss={abs(args.rate - 0.3) + 1 / epoch:.6f}", flush=True)
    with open(state, "w") as file:
        file.write(str(epoch))
"""


def main() -> None:
    commands: dict[str, Callable[[list[str]], None]] = {
        "overhead": overhead,
        "functions": functions,
        "network": network,
        "hyperband": hyperband,
        "table": redrawn,
    }
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}\n")
    commands[sys.argv[1]](sys.argv[2:])


def overhead(words: list[str]) -> None:
    rounds = int(words[0]) if words else 5
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in (("sleeper.py", SLEEPER), ("by_optuna.py", OPTUNA), ("by_ray.py", RAY)):
            (folder / file).write_text(text, encoding="utf-8")
        sleeper = str(folder / "sleeper.py")
        # each round is a study of its own
        tune = (
            f"exec {SSM} tune -p bench -t t$(date +%s%N) -e {sleeper} --md loss 'loss=(\\S+)' --tune_for loss min "
            f"--hp_space rate 0.0..1.0 --tune_jobs {TRIALS} --tune_at_once 2"
        )
        commands = {
            "ssm tune": ["/bin/sh", "-c", tune],
            "Optuna, a process a trial": [PYTHON, str(folder / "by_optuna.py"), sleeper, str(TRIALS)],
        }
        if words[1:]:
            commands["Ray Tune"] = [words[1], str(folder / "by_ray.py"), sleeper, str(TRIALS)]
        environment = {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": f"{name}/home", "SSM_PYTHON": PYTHON}
        found = paired(commands, rounds=rounds, environment=environment)
        print(table(found, "Optuna, a process a trial"), "\n")
        for command, runs in found.items():
            each = 2 * statistics.median(run.wall_s for run in runs) / TRIALS - 0.2
            print(f"{command}: {each:.3f} s a trial beyond its 0.2 s")


def branin(values: Values) -> float:
    """Least value 0.3979. https://www.sfu.ca/~ssurjano/branin.html"""
    x, y = float(values["x"]), float(values["y"])
    bent = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bent**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


_WEIGHTS = (1, 1.2, 3, 3.2)
_SHAPES = ((10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8), (17, 8, 0.05, 10, 0.1, 14))
_CENTERS = (
    (1312, 1696, 5569, 124, 8283, 5886),
    (2329, 4135, 8307, 3736, 1004, 9991),
    (2348, 1451, 3522, 2883, 3047, 6650),
    (4047, 8828, 8732, 5743, 1091, 381),
)


def hartmann(values: Values) -> float:
    """Least value -3.3224. https://www.sfu.ca/~ssurjano/hart6.html"""
    point = [float(values[f"x{index}"]) for index in range(6)]
    total = 0.0
    for weight, shape, center in zip(_WEIGHTS, _SHAPES, _CENTERS, strict=True):
        apart = sum(a * (x - c * 1e-4) ** 2 for a, x, c in zip(shape, point, center, strict=True))
        total -= weight * math.exp(-apart)
    return total


def functions(words: list[str]) -> None:
    plane: list[Range] = [Continuous(name="x", low="-5", high="10"), Continuous(name="y", low="0", high="15")]
    cube: list[Range] = [Continuous(name=f"x{index}", low="0", high="1") for index in range(6)]
    for name, space, objective in (("Branin", plane, branin), ("Hartmann-6", cube, hartmann)):
        compare(name, space, objective, seeds=int(words[0]) if words else 10, trials=100)


def network(words: list[str]) -> None:
    import warnings

    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")  # of networks that do not converge
    data, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(data / 16, labels, test_size=0.5, random_state=0)
    known: dict[str, float] = {}

    def objective(values: Values) -> float:
        key = json.dumps(values)
        if key not in known:
            model = MLPClassifier(
                hidden_layer_sizes=(int(values["units"]),),
                learning_rate_init=float(values["rate"]),
                alpha=float(values["decay"]),
                activation=values["activation"],
                max_iter=8,
                random_state=0,
            )
            known[key] = 1 - float(model.fit(train_x, train_y).score(test_x, test_y))
        return known[key]

    space: list[Range] = [
        Continuous(name="rate", low="1e-5", high="1.0", scale="log"),
        Continuous(name="decay", low="1e-6", high="1.0", scale="log"),
        Integer(name="units", low=4, high=64, scale="log"),
        Categorical(name="activation", values=("relu", "tanh", "logistic")),
    ]
    compare("Network on digits", space, objective, seeds=int(words[0]) if words else 20, trials=30)


def compare(name: str, space: list[Range], objective: Callable[[Values], float], *, seeds: int, trials: int) -> None:
    """The best of ``trials`` by both searches, for each seed."""
    rows = []
    for seed in range(seeds):
        past: list[Past] = []
        for number in range(trials):
            values = bayesian.propose(space, seed, number, past, "min")
            past.append(Past(number=number, values=values, objective=objective(values)))
        learned = min(one.objective for one in past if one.objective is not None)
        search = RandomSearch(space, seed)
        rows.append((learned, min(objective(search.propose(number)) for number in range(trials))))
    better = sum(learned < drawn for learned, drawn in rows)
    medians = [statistics.median(column) for column in zip(*rows, strict=True)]
    print(
        f"{name}, {trials} trials: Bayesian {medians[0]:.4f}, random {medians[1]:.4f} (medians of the best); ", end=""
    )
    print(f"Bayesian better for {better} of {seeds} seeds")


def hyperband(_: list[str]) -> None:
    for stateless in (False, True):
        with tempfile.TemporaryDirectory() as name:
            worker = Path(name, "w.py")
            worker.write_text(f"STATELESS = {stateless}\n{STATEFUL}", encoding="utf-8")
            environment = {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": f"{name}/home"}
            words = [SSM, "tune", "-p", "bench", "-t", "t", "-e", str(worker), *SEARCH, "--tune_seed", "1"]
            by = ["--hp_space", "rate", "0.0..1.0", "--tune_by", "hyperband", "--tune_resource", "epochs", "1", "27"]
            began = time.monotonic()
            subprocess.run([*words, *by], env=environment, check=True, capture_output=True)
            logs = Path(name, "home", "jobs").glob("*/logs/*")
            ran = sum(len(re.findall("ran an epoch", path.read_text("utf-8"))) for path in logs if path.is_file())
            kept = "without kept state" if stateless else "with kept state"
            took_s = time.monotonic() - began
            print(f"Hyperband 1 to 27, {kept}: {ran} epochs run, {scheduled()} scheduled; {took_s:.0f} s")


def scheduled() -> int:
    """The epochs of the schedule where none is run twice."""
    from simple_sagemaker.tuning.hyperband import schedule, trials_of_round

    epochs = 0
    for bracket in schedule(1, 27, trials_of_round(1, 27)):
        before = 0
        for rung in bracket.rungs:
            epochs += rung.trials * (rung.resource - before)
            before = rung.resource
    return epochs


def redrawn(_: list[str]) -> None:
    from datetime import datetime, timezone

    from rich.console import Console
    from rich.live import Live

    from simple_sagemaker.cli.study_table import trials_table
    from simple_sagemaker.jobs.live_text import LiveText
    from simple_sagemaker.studies.records import TrialRecord

    now = datetime.now(timezone.utc)
    trials = [
        TrialRecord(
            number=number,
            status="Completed",
            objective=number / 7,
            hyperparameters={"rate": str(number / 1000), "layers": "4", "optimizer": "adam"},
            resource=None,
            job=f"t-{number:03}-2026-11-29-12-00-00-a1B2c3D4",
            jobs=[],
            began=now,
            ended=now,
            values=20,
            seconds=60,
            billed_s=60,
            reason=None,
            why_stopped=None,
        )
        for number in range(1, 101)
    ]
    names = ["rate", "layers", "optimizer"]
    rounds = 100
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(file=nowhere, force_terminal=True, width=120, height=110)
        with Live(console=console, auto_refresh=False, transient=True) as live:
            shown = LiveText(live, console)
            began = time.process_time()
            for number in range(rounds):
                text = trials_table(trials, metric="loss", names=names, now=now, best=1, width=120)
                shown.show(f"{text}\n{number} of 100 ended")
            each_s = (time.process_time() - began) / rounds
    print(f"A table of 100 trials: {each_s * 1000:.2f} ms; four a second are {each_s * 4:.2%} of a processor")


if __name__ == "__main__":
    main()

"""The training from its start to its end: reads ``/opt/ml``, trains, and says in the failure file why it could not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import caveats, channels, cluster, files, hyperparameters
from .errors import CustomerMistake, Failure, UnforeseenMistake
from .log import note, warn

if sys.platform == "win32":
    raise ImportError("jobs on this machine need Linux or macOS")


def main() -> int:
    """Run the training, and return its exit status: 0, or 1 with the reason in ``/opt/ml/output/failure``."""
    base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))  # the first process of a host is deaf to it otherwise
    # Threads that wait give their processor away, for hosts of this machine share them; numbers stay the same.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        with tempfile.TemporaryDirectory(prefix="ssm-xgboost-") as scratch:
            _run(base, Path(scratch))
    except Failure as failure:
        return _fail(base, failure)
    except Exception as error:  # noqa: BLE001  whatever else goes wrong ends the job as well, with its reason
        import traceback

        traceback.print_exc()
        return _fail(base, UnforeseenMistake(type(error).__name__, str(error)))
    return 0


def _fail(base: Path, failure: Failure) -> int:
    """Say why, on stderr and in the failure file, whose first 1024 characters AWS shows."""
    text = f"{failure.kind}: {failure}"
    if failure.advice:
        text += f"\n\n{failure.advice}"
    print(text, file=sys.stderr, flush=True)
    place = base / "output" / "failure"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"framework error: \n{text}", encoding="utf-8")
    return 1


def _run(base: Path, scratch: Path) -> None:
    config = base / "input" / "config"
    note("Running XGBoost in algorithm mode, on this machine and without its image")
    configured = _read(config / "inputdataconfig.json")
    if "train" not in configured:
        raise UnforeseenMistake(
            "KeyError", "'SM_CHANNEL_TRAIN'", "XGBoost needs a channel named train; this job has none."
        )
    texts = _read(config / "hyperparameters.json")
    values = hyperparameters.validate(texts)
    kind = channels.check(configured)
    if values.pop("use_dask_gpu_training", "false") == "true":
        raise CustomerMistake(
            "Some configurations unsuitable for Dask GPU training were found: no GPU",
            "This machine trains on its processors: leave use_dask_gpu_training out.",
        )
    image = _read(config / "trainingjobconfig.json").get("AlgorithmSpecification", {}).get("TrainingImage", "")
    for one in caveats.find(values, has_validation="validation" in configured, image=image):
        if one.here:
            warn(one.code, one.text)
    _train(base, scratch, values, kind)


def _train(base: Path, scratch: Path, values: dict[str, Any], kind: str) -> None:
    from .plan import Data, Places
    from .training import train

    channel = {name: str(base / "input" / "data" / name) for name in ("train", "validation")}
    has_validation = "validation" in _read(base / "input" / "config" / "inputdataconfig.json")
    matrices = _load(channel, kind, values, scratch, has_validation=has_validation)
    checkpoint = _read(base / "input" / "config" / "checkpointconfig.json").get("LocalPath")
    places = Places(model=base / "model", output=base / "output" / "data", checkpoints=checkpoint)
    resources = _read(base / "input" / "config" / "resourceconfig.json")
    hosts, host = resources.get("hosts", ["algo-1"]), resources.get("current_host", "algo-1")
    has_data = matrices.get("train") is not None and (not has_validation or matrices.get("validation") is not None)

    def run(part: cluster.Part) -> None:
        data = Data(train=matrices["train"], validation=matrices.get("validation"), both=matrices.get("both"))
        train(values, data, places, part)

    if len(hosts) > 1:
        cluster.run(hosts, host, has_data=has_data, train=run)
        return
    for name, noun in (("train", "training"), ("validation", "validation")):
        if matrices.get(name) is None and (name == "train" or has_validation):
            raise CustomerMistake(
                f"No data in {noun} channel path /opt/ml/input/data/{name}",
                f"The channel {name} has no file with content.",
            )
    note("Single node training.")
    run(cluster.Part())


def _load(
    channel: dict[str, str], kind: str, values: dict[str, Any], scratch: Path, *, has_validation: bool
) -> dict[str, Any]:
    """The matrices of the channels that have data. Raises Failure."""
    from . import checks, matrices

    names = ["train", "validation"] if has_validation else ["train"]
    has_weights = values.get("csv_weights") == 1
    sizes = {name: files.total_size(channel[name]) for name in names}
    full = [name for name in names if sizes[name]]
    for name in full:
        files.check_first_line(channel[name], kind)
    listed = {name: files.listed(channel[name]) for name in full}
    if len(listed) == 2:
        files.warn_of_copies(listed["train"], listed["validation"])
    linked = {name: files.link(listed[name], scratch / name) for name in full}
    read = {name: matrices.read(linked[name], kind, has_weights=has_weights) for name in full}
    for name in full:
        checks.look_at(name, listed[name], kind, read[name], values)
    checks.compare(read)
    if "_kfold" in values and len(full) == 2:
        everything = files.link(listed["train"] + listed["validation"], scratch / "both")
        read["both"] = matrices.read(everything, kind, has_weights=has_weights)
    shutil.rmtree(scratch / "both", ignore_errors=True)
    return read


def _read(file: Path) -> dict[str, Any]:
    """The content of a configuration file; empty where there is none."""
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content

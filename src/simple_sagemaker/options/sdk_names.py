"""SageMaker's SDK's and boto3's names for what an option of ours asks for, or what needs none: no hyperparameters.

A name that no script has as a hyperparameter is refused: the job would run longer, or less protected, than was asked.
One that scripts have too is one, with a note, or is refused where only the SDK gives it such a value.
"""

from __future__ import annotations

import re

from .option import TUNE

_OPTIONS = {
    "base_job_name": "--task_name",
    "base_tuning_job_name": "--task_name",
    "code_location": "--prefix",
    "early_stopping_type": "--tune_stop",
    "enable_inter_container_traffic_encryption": "--encrypt_traffic",
    "enable_managed_spot_training": "--use_spot_instances",
    "enable_network_isolation": "--network_isolation",
    "encrypt_inter_container_traffic": "--encrypt_traffic",
    "hyperparameter_ranges": "--hp_space",
    "hyperparameters": "--hp",
    "instance_groups": "--request_merge",
    "keep_alive_period_in_seconds": "--keep_alive_mins",
    "max_number_of_training_jobs": "--tune_jobs",
    "max_parallel_jobs": "--tune_at_once",
    "max_parallel_training_jobs": "--tune_at_once",
    "max_retry_attempts": "--retry_attempts",
    "max_runtime_in_seconds": "--max_run_mins",
    "max_wait_time_in_seconds": "--max_wait_mins",
    "objective_metric_name": "--tune_for",
    "objective_type": "--tune_for",
    "output_kms_key": "--kms_key_id",
    "sagemaker_session": "--aws_profile",
    "security_group_ids": "--vpc_security_groups",
    "train_instance_count": "--instance_count",
    "train_instance_type": "--instance_type",
    "train_max_run": "--max_run_mins",
    "train_max_wait": "--max_wait_mins",
    "train_use_spot_instances": "--use_spot_instances",
    "train_volume_size": "--volume_size",
    "training_image": "--image_uri",
    "training_input_mode": "--input_mode",
    "volume_kms_key": "--kms_key_id",
    "volume_kms_key_id": "--kms_key_id",
    "volume_size_in_gb": "--volume_size",
    "warm_start_config": "--tune_from",
}
# of which scripts that other commands run may have one; also what Optuna, Ray Tune and Keras call them
_OF_A_SEARCH = {
    "max_concurrent": "--tune_at_once",
    "max_concurrent_trials": "--tune_at_once",
    "max_jobs": "--tune_jobs",
    "max_trials": "--tune_jobs",
    "n_trials": "--tune_jobs",
    "num_trials": "--tune_jobs",
    "strategy_config": "--tune_resource",
    "trials": "--tune_jobs",
}
_OTHER_UNIT = re.compile(r"(max_run|max_wait|keep_alive)_(minutes?|hours?|hrs?|seconds?|secs?|[hms])")

_STATE = "what a job keeps is its state without being asked: its code writes to $SSM_STATE (/state), and the task's "
_STATE += "folder on S3 has it, which --bucket_name and --prefix place"
_NEEDS_NONE = {
    "checkpoint_local_path": _STATE,
    "checkpoint_s3_uri": _STATE,
    "debugger_hook_config": "rules that judge a job are --warn_if, --end_if and --fail_if",
    "tensorboard_output_config": "'ssm board' shows what jobs wrote for TensorBoard",
}

# names that scripts have as well, and what only the SDK gives them
_OBJECT = re.compile(r"\s*\{.*", re.DOTALL)
_PAIR = re.compile(r"[A-Z][A-Z0-9_]*=.*", re.DOTALL)
_STRATEGY = re.compile("Bayesian|Random|Hyperband|Grid")
# names that scripts have as well, with values that tell nothing
_NOTED = {"max_run": "--max_run_mins", "max_wait": "--max_wait_mins", "role": "--role_name"}


def meant_by_sdk(plain: str, command: str) -> str | None:
    """The option that a name of the SDK's stands for, where no script has such a hyperparameter."""
    if in_mins := _OTHER_UNIT.fullmatch(plain):
        return f"--{in_mins[1]}_mins"
    return _OPTIONS.get(plain) or (_OF_A_SEARCH.get(plain) if command in TUNE else None)


def needs_none(plain: str) -> str | None:
    """What there is instead of an option for a name of the SDK's."""
    return _NEEDS_NONE.get(plain)


def meant_by_sdk_value(plain: str, value: str, command: str) -> str | None:
    """The option, with its value, that a name of scripts' and the SDK's stands for, where its value tells."""
    if plain == "strategy" and command in TUNE and _STRATEGY.fullmatch(value):
        return f"--tune_by {value.lower()}"
    if plain in {"environment", "env"} and (_OBJECT.fullmatch(value) or _PAIR.fullmatch(value)):
        name, equals, rest = value.partition("=")
        return f"--job_env {name} {rest}" if equals and "{" not in name else "--job_env NAME VALUE"
    if plain == "tags" and re.match(r"\s*[\[{].*\bKey\b", value):
        return "--tag KEY VALUE"
    return None


def perhaps_of_sdk(plain: str, value: str) -> str | None:
    """The option, with its value where that is plain, that a hyperparameter may have been meant as."""
    option = _NOTED.get(plain)
    if option is None or not option.endswith("_mins"):
        return option and f"{option} {value}"
    seconds = int(value) if value.isdecimal() and len(value) < 10 else 0
    return f"{option} {-(-seconds // 60)}" if seconds >= 60 else f"{option} (minutes)"

"""Every option takes a name away from people's scripts, so the list of them is frozen here, by hand."""

from __future__ import annotations

import pytest

from simple_sagemaker.options.commands import COMMANDS
from simple_sagemaker.options.option import BOTH, PROCESS, Option
from simple_sagemaker.options.reserved import DOCUMENTED, EARLY, OURS, RESERVED
from simple_sagemaker.options.table import every_group

OPTIONS = [option for group in every_group().values() for option in group]

# The names of the documents. Nothing is ever added to these two.
FROZEN_DOCUMENTED = """
ar bucket_name clean_state cmd cmd_line cs dependencies df dir_files distribution docker_file_path_or_content
download_model download_output download_state entry_point force_running fr framework framework_version fv help ic iis
iit image_tag input_path input_s3 input_task instance_count instance_type it keep_state ks max_run_mins max_wait_mins
md metric_definitions model_uri no_spot output_path prefix project_name pv py_version repo_name rn source_dir tag
task_name use_spot_instances volume_size aws_repo_name
"""
FROZEN_EARLY = "aws_repo docker_file_path python_version"
# The names of ours. A new one has two words joined by an underscore, and is none that a training script would use.
FROZEN_OURS = """
aws_profile aws_region bucket_owner built_in channel_type data_store dry_run encrypt_traffic end_if fail_if hp
hp_space if_changed image_uri in_experiment input_at input_local input_mode job_env json_events keep_alive_mins
kms_key_id launch_by mlflow_to network_isolation no_wait output_from profile_with quiet_run request_merge
retry_attempts role_name skip_status tune_at_once tune_by tune_failures tune_for tune_from tune_jobs tune_mins tune_on
tune_patience tune_resource tune_seed tune_stop tune_target use_gitignore use_profile vpc_security_groups vpc_subnets
warn_if
"""

FROZEN_SHORT = "-p -t -b -h -s -e -d -v -f -m -i -o"  # these take no name away, but are frozen all the same


def names(option: Option) -> set[str]:
    return {flag[2:] for flag in (*option.flags, option.early) if flag.startswith("--")}


@pytest.mark.parametrize(
    ("listed", "frozen"), [(DOCUMENTED, FROZEN_DOCUMENTED), (EARLY, FROZEN_EARLY), (OURS, FROZEN_OURS)]
)
def test_the_reserved_names_are_frozen(listed: frozenset[str], frozen: str) -> None:
    assert listed == set(frozen.split())


def test_the_reserved_names_are_those_of_the_options() -> None:
    takers = [option for option in OPTIONS if set(option.commands) & set(BOTH)]  # ssm data runs nobody's script
    # ssm process has no hyperparameters, but run and shell refuse what are its options by names with an underscore
    takers += [option for option in OPTIONS if option.commands == PROCESS and "_" in option.name]
    assert set().union(*map(names, takers)) == RESERVED


def test_the_short_options_are_frozen() -> None:
    short = {flag for option in OPTIONS for flag in option.flags if not flag.startswith("--")}
    assert short == set(FROZEN_SHORT.split())


def test_a_name_of_ours_has_two_words() -> None:
    assert all("_" in name.strip("_") for name in OURS - {"hp"})


def test_no_spelling_stands_for_two_options_of_a_command() -> None:
    for command in COMMANDS:
        flags = [flag for option in OPTIONS if command in option.commands for flag in (*option.flags, option.early)]
        given = [flag for flag in flags if flag]
        assert len(given) == len(set(given))


@pytest.mark.parametrize(
    "name", ["env", "code", "command", "arguments", "lr", "epochs", "model", "input", "output", "verbose"]
)
def test_what_training_scripts_use_is_left_to_them(name: str) -> None:
    assert name not in RESERVED

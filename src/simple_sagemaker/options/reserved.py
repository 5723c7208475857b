"""The names of hyperparameters that need ``--hp`` on the command line, and those that are impossible.

``--NAME VALUE`` is a hyperparameter unless NAME is in RESERVED, so people's scripts lose every name added here.
The list is frozen by ``tests/rules/test_reserved_names.py``: a new name is added by hand, in both places, and has two
words joined by an underscore. ``--hp NAME VALUE`` works for names in this list, never for those in TOOLKIT.
"""

from __future__ import annotations

DOCUMENTED = frozenset(
    """
    help project_name prefix task_name bucket_name
    source_dir entry_point dependencies cmd_line cmd dir_files
    instance_type it instance_count ic volume_size no_spot use_spot_instances max_wait_mins max_run_mins
    aws_repo_name ar repo_name rn image_tag docker_file_path_or_content df framework framework_version fv py_version pv
    force_running fr distribution tag
    input_path model_uri input_s3 iis input_task iit clean_state cs keep_state ks metric_definitions md
    output_path download_state download_model download_output
    """.split()  # noqa: SIM905 - a list to be read
)
EARLY = frozenset({"aws_repo", "python_version", "docker_file_path"})
OURS = frozenset(
    """
    hp if_changed image_uri launch_by job_env dry_run no_wait bucket_owner keep_alive_mins retry_attempts input_mode
    data_store use_gitignore role_name vpc_subnets vpc_security_groups kms_key_id network_isolation encrypt_traffic
    aws_region aws_profile skip_status input_local input_at output_from use_profile quiet_run
    json_events
    hp_space tune_for tune_jobs tune_at_once tune_by tune_resource tune_stop tune_target tune_patience tune_mins
    tune_seed tune_from tune_failures tune_on
    fail_if end_if warn_if request_merge mlflow_to in_experiment built_in channel_type profile_with
    """.split()  # noqa: SIM905 - a list to be read
)
RESERVED = DOCUMENTED | EARLY | OURS

TOOLKIT_PREFIX = "sagemaker_"
TOOLKIT = frozenset({"default_user_module_name", "_tuning_objective_metric"})
# https://github.com/aws/sagemaker-training-toolkit, src/sagemaker_training/params.py: SAGEMAKER_HYPERPARAMETERS;
# the toolkit takes these, and names that begin with the prefix, away from the script.

# Variables that the platform, AWS's toolkit or our launcher sets, so that one of the same name would be lost or would
# break the job. https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
_SET_PREFIXES = ("SM_", "TRAINING_JOB_", "ECS_CONTAINER_METADATA_", "AWS_CONTAINER_")
_SET = frozenset(
    """
    AWS_REGION AWS_EXECUTION_ENV HOSTNAME CURRENT_HOST
    SAGEMAKER_JOB_NAME SAGEMAKER_REGION SAGEMAKER_PROGRAM SAGEMAKER_SUBMIT_DIRECTORY SAGEMAKER_BASE_DIR
    SSM_NUM_NODES SSM_HOST_RANK SSM_STATE SSM_INSTANCE_STATE SSM_OUTPUT SSM_TENSORBOARD_DIR SSM_LONG_ENVIRONMENT
    SSM_ENVIRONMENTS SSM_PYCACHE SSM_PYTHON_BELOW
    """.split()  # noqa: SIM905 - a list to be read
)


def is_set_by_platform(variable: str) -> bool:
    """Whether the platform, AWS's toolkit or our launcher sets this variable in every job."""
    return variable in _SET or variable.startswith(_SET_PREFIXES)


def is_reserved_by_toolkit(name: str) -> bool:
    """Whether SageMaker's toolkit keeps a hyperparameter of this name for itself."""
    return name in TOOLKIT or name.startswith(TOOLKIT_PREFIX)


def close_to(name: str) -> str | None:
    """The reserved name that ``name`` probably misspells; None without a similar one."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, sorted(RESERVED), n=1, cutoff=0.8)), None)

"""The operations of AWS that we call, as boto3 names them: its clients satisfy these protocols unchanged.

On AWS they are boto3's clients; on this machine :class:`simple_sagemaker.local.api.sagemaker.LocalSageMaker` and
:class:`simple_sagemaker.local.api.cloudwatch_logs.LocalLogs`. Errors are botocore's ``ClientError`` everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import (
        DescribeLogStreamsRequestTypeDef,
        DescribeLogStreamsResponseTypeDef,
        GetLogEventsRequestTypeDef,
        GetLogEventsResponseTypeDef,
    )
    from mypy_boto3_resourcegroupstaggingapi.type_defs import GetResourcesInputTypeDef, GetResourcesOutputTypeDef
    from mypy_boto3_sagemaker.type_defs import (
        CreateExperimentRequestTypeDef,
        CreateExperimentResponseTypeDef,
        CreateHyperParameterTuningJobRequestTypeDef,
        CreateHyperParameterTuningJobResponseTypeDef,
        CreateProcessingJobRequestTypeDef,
        CreateProcessingJobResponseTypeDef,
        CreateTrainingJobRequestTypeDef,
        CreateTrainingJobResponseTypeDef,
        CreateTrialRequestTypeDef,
        CreateTrialResponseTypeDef,
        DeleteHyperParameterTuningJobRequestTypeDef,
        DescribeExperimentRequestTypeDef,
        DescribeExperimentResponseTypeDef,
        DescribeHyperParameterTuningJobRequestTypeDef,
        DescribeHyperParameterTuningJobResponseTypeDef,
        DescribeProcessingJobRequestTypeDef,
        DescribeProcessingJobResponseTypeDef,
        DescribeTrainingJobRequestTypeDef,
        DescribeTrainingJobResponseTypeDef,
        DescribeTrialRequestTypeDef,
        DescribeTrialResponseTypeDef,
        EmptyResponseMetadataTypeDef,
        ListHyperParameterTuningJobsRequestTypeDef,
        ListHyperParameterTuningJobsResponseTypeDef,
        ListProcessingJobsRequestTypeDef,
        ListProcessingJobsResponseTypeDef,
        ListTagsInputTypeDef,
        ListTagsOutputTypeDef,
        ListTrainingJobsForHyperParameterTuningJobRequestTypeDef,
        ListTrainingJobsForHyperParameterTuningJobResponseTypeDef,
        ListTrainingJobsRequestTypeDef,
        ListTrainingJobsResponseTypeDef,
        SearchRequestTypeDef,
        SearchResponseTypeDef,
        StopHyperParameterTuningJobRequestTypeDef,
        StopProcessingJobRequestTypeDef,
        StopTrainingJobRequestTypeDef,
    )
    from typing_extensions import Unpack


def error_code(error: Exception) -> str | None:
    """The service's code when ``error`` is its answer (botocore's ``ClientError``), else None. Imports nothing."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict) or not ("Error" in response or hasattr(error, "operation_name")):
        return None
    return str(response.get("Error", {}).get("Code") or "Unknown")  # botocore's word for a refusal of another form


class SageMaker(Protocol):
    """The service that runs jobs."""

    def create_training_job(
        self, **request: Unpack[CreateTrainingJobRequestTypeDef]
    ) -> CreateTrainingJobResponseTypeDef:
        """Start a job; returns at once with its ARN."""
        ...

    def describe_training_job(
        self, **request: Unpack[DescribeTrainingJobRequestTypeDef]
    ) -> DescribeTrainingJobResponseTypeDef:
        """Everything known of one job."""
        ...

    def stop_training_job(self, **request: Unpack[StopTrainingJobRequestTypeDef]) -> EmptyResponseMetadataTypeDef:
        """Ask a running job to stop; returns before it has."""
        ...

    def create_processing_job(
        self, **request: Unpack[CreateProcessingJobRequestTypeDef]
    ) -> CreateProcessingJobResponseTypeDef:
        """Start a processing job; returns at once with its ARN."""
        ...

    def describe_processing_job(
        self, **request: Unpack[DescribeProcessingJobRequestTypeDef]
    ) -> DescribeProcessingJobResponseTypeDef:
        """Everything known of one processing job."""
        ...

    def stop_processing_job(self, **request: Unpack[StopProcessingJobRequestTypeDef]) -> EmptyResponseMetadataTypeDef:
        """Ask a running processing job to stop; returns before it has."""
        ...

    def create_hyper_parameter_tuning_job(
        self, **request: Unpack[CreateHyperParameterTuningJobRequestTypeDef]
    ) -> CreateHyperParameterTuningJobResponseTypeDef:
        """Start a search that creates training jobs; returns at once with its ARN."""
        ...

    def describe_hyper_parameter_tuning_job(
        self, **request: Unpack[DescribeHyperParameterTuningJobRequestTypeDef]
    ) -> DescribeHyperParameterTuningJobResponseTypeDef:
        """Everything known of one tuning job, with its best training job so far."""
        ...

    def stop_hyper_parameter_tuning_job(
        self, **request: Unpack[StopHyperParameterTuningJobRequestTypeDef]
    ) -> EmptyResponseMetadataTypeDef:
        """Ask a tuning job and its training jobs to stop; returns before they have."""
        ...

    def delete_hyper_parameter_tuning_job(
        self, **request: Unpack[DeleteHyperParameterTuningJobRequestTypeDef]
    ) -> EmptyResponseMetadataTypeDef:
        """Delete a tuning job that has ended; its training jobs stay."""
        ...

    def list_hyper_parameter_tuning_jobs(
        self, **request: Unpack[ListHyperParameterTuningJobsRequestTypeDef]
    ) -> ListHyperParameterTuningJobsResponseTypeDef:
        """A page of summaries of tuning jobs."""
        ...

    def list_training_jobs_for_hyper_parameter_tuning_job(
        self, **request: Unpack[ListTrainingJobsForHyperParameterTuningJobRequestTypeDef]
    ) -> ListTrainingJobsForHyperParameterTuningJobResponseTypeDef:
        """A page of the training jobs of a tuning job, with the searched values and the objectives."""
        ...

    def list_training_jobs(self, **request: Unpack[ListTrainingJobsRequestTypeDef]) -> ListTrainingJobsResponseTypeDef:
        """A page of summaries of training jobs."""
        ...

    def list_processing_jobs(
        self, **request: Unpack[ListProcessingJobsRequestTypeDef]
    ) -> ListProcessingJobsResponseTypeDef:
        """A page of summaries of processing jobs."""
        ...

    def search(self, **request: Unpack[SearchRequestTypeDef]) -> SearchResponseTypeDef:
        """A page of descriptions, with tags, of the training or tuning jobs that an expression chooses."""
        ...

    def list_tags(self, **request: Unpack[ListTagsInputTypeDef]) -> ListTagsOutputTypeDef:
        """The tags of one resource, by ARN."""
        ...


class Experiments(Protocol):
    """The service that knows SageMaker's own experiments and their trials."""

    def create_experiment(self, **request: Unpack[CreateExperimentRequestTypeDef]) -> CreateExperimentResponseTypeDef:
        """Make an experiment."""
        ...

    def describe_experiment(
        self, **request: Unpack[DescribeExperimentRequestTypeDef]
    ) -> DescribeExperimentResponseTypeDef:
        """Everything known of an experiment."""
        ...

    def create_trial(self, **request: Unpack[CreateTrialRequestTypeDef]) -> CreateTrialResponseTypeDef:
        """Make a trial of an experiment."""
        ...

    def describe_trial(self, **request: Unpack[DescribeTrialRequestTypeDef]) -> DescribeTrialResponseTypeDef:
        """Everything known of a trial."""
        ...


class Tagging(Protocol):
    """The service that knows the tags of the resources of all services."""

    def get_resources(self, **request: Unpack[GetResourcesInputTypeDef]) -> GetResourcesOutputTypeDef:
        """A page of the resources that have some tags, each with all of its tags."""
        ...


class Logs(Protocol):
    """The service that stores the output of jobs."""

    def describe_log_streams(
        self, **request: Unpack[DescribeLogStreamsRequestTypeDef]
    ) -> DescribeLogStreamsResponseTypeDef:
        """The streams of a group, one or more for each host of a job."""
        ...

    def get_log_events(self, **request: Unpack[GetLogEventsRequestTypeDef]) -> GetLogEventsResponseTypeDef:
        """The lines of a stream from a token on; the same token is returned when there are no more."""
        ...

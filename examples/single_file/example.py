"""Two chained tasks and their worker in one file: run it, and its other half runs on two hosts, twice."""

import logging
import shutil
import sys
from pathlib import Path

logger = logging.getLogger(__name__)

dockerFileContent = """
FROM __BASE_IMAGE__
RUN pip3 install humanize
"""
file_path = Path(__file__).parent


def runner(project_name="simple-sagemaker-sf", prefix="", postfix="", output_path=None):
    from simple_sagemaker.sm_project import SageMakerProject

    sm_project = SageMakerProject(project_name, prefix=prefix)
    sm_project.setDefaultCodeParams(source_dir=None, entry_point=__file__, dependencies=[])
    sm_project.setDefaultInstanceParams(instance_count=2, max_run_mins=15)
    sm_project.setDefaultImageParams(
        aws_repo_name="task_repo",
        repo_name="task_repo",
        image_tag="latest",
        docker_file_path_or_content=dockerFileContent,
    )
    image_uri = sm_project.buildOrGetImage(instance_type=sm_project.defaultInstanceParams.instance_type)

    # Task 1: each host gets a share of the files in data/, and leaves what it made of them in the model.
    task1_name = "task1" + postfix
    input_data_path = file_path / "data"
    sm_project.runTask(
        task1_name,
        image_uri,
        input_distribution="ShardedByS3Key",
        hyperparameters={"worker": 1, "arg": "hello world!", "task": 1},
        input_data_path=str(input_data_path) if input_data_path.is_dir() else None,
        clean_state=True,  # runs again, also after it was completed
    )
    output_path = Path(output_path or file_path / "output")
    shutil.rmtree(output_path, ignore_errors=True)
    sm_project.downloadResults(task1_name, output_path / "output1")

    # Task 2: that model is an input, once whole on every host and once shared out among them.
    task2_name = "task2" + postfix
    sm_project.runTask(
        task2_name,
        image_uri,
        hyperparameters={"worker": 1, "arg": "hello world!", "task": 2},
        clean_state=True,
        additional_inputs={
            "task2_data": sm_project.getInputConfig(task1_name, "model"),
            "task2_data_dist": sm_project.getInputConfig(task1_name, "model", distribution="ShardedByS3Key"),
        },
    )
    sm_project.downloadResults(task2_name, output_path / "output2")
    return sm_project


def worker():
    from worker_toolkit import worker_lib

    logger.info("Starting worker...")
    worker_config = worker_lib.WorkerConfig()

    logger.info(f"Hyperparams: {worker_config.hps}")
    logger.info(f"Input data files: {files(worker_config.channel_data)}")
    logger.info(f"State files: {files(worker_config.state)}")

    if int(worker_config.hps["task"]) == 1:
        host, model = worker_config.current_host, Path(worker_config.model_dir)
        (Path(worker_config.instance_state) / f"state_{host}").write_text("state")
        for file in Path(worker_config.channel_data).rglob("*"):
            if file.is_file():
                made = model / f"{file.relative_to(worker_config.channel_data)}_proc_by_{host}"
                made.write_text(f"{file.read_text()} processed by {host}")
        (model / f"output_{host}").write_text("output")
    elif int(worker_config.hps["task"]) == 2:
        logger.info(f"Input task2_data: {files(worker_config.channel_task2_data)}")
        logger.info(f"Input task2_data_dist: {files(worker_config.channel_task2_data_dist)}")

    logger.info("finished!")


def files(folder):
    return list(Path(folder).rglob("*"))


def main():
    logging.basicConfig(stream=sys.stdout, level=logging.INFO)
    if "--worker" in sys.argv:  # the hyperparameter "worker" becomes this word
        worker()
    else:
        runner()


if __name__ == "__main__":
    main()

"""Runner and worker in one file as the first release's document has them, call for call, with lines of our own."""

import logging
import shutil
import sys
from pathlib import Path

logger = logging.getLogger(__name__)

dockerFileContent = """
FROM __BASE_IMAGE__
RUN true
"""
file_path = Path(__file__).parent


def runner(project_name="simple-sagemaker-sf", prefix="", postfix="", output_path=None):
    from simple_sagemaker.sm_project import SageMakerProject

    sm_project = SageMakerProject(project_name=project_name)
    sm_project.setDefaultCodeParams(source_dir=None, entry_point=__file__, dependencies=[])
    sm_project.setDefaultInstanceParams(instance_count=2)
    sm_project.setDefaultImageParams(
        aws_repo_name="task_repo",
        repo_name="task_repo",
        img_tag="latest",
        docker_file_path_or_content=dockerFileContent,
    )
    image_uri = sm_project.buildOrGetImage(instance_type=sm_project.defaultInstanceParams.instance_type)

    task1_name = "task1"
    input_data_path = file_path / "data"
    sm_project.runTask(
        task1_name,
        image_uri,
        distribution="ShardedByS3Key",
        hyperparameters={"worker": 1, "arg": "hello world!", "task": 1},
        input_data_path=str(input_data_path) if input_data_path.is_dir() else None,
        clean_state=True,
    )
    if not output_path:
        output_path = file_path / "output"
    shutil.rmtree(output_path, ignore_errors=True)
    sm_project.downloadResults(task1_name, Path(output_path) / "output1")

    task2_name = "task2"
    additional_inputs = {
        "task2_data": sm_project.getInputConfig(task1_name, "model"),
        "task2_data_dist": sm_project.getInputConfig(task1_name, "model", distribution="ShardedByS3Key"),
    }
    sm_project.runTask(
        task2_name,
        image_uri,
        hyperparameters={"worker": 1, "arg": "hello world!", "task": 2},
        clean_state=True,
        additional_inputs=additional_inputs,
    )
    sm_project.downloadResults(task2_name, Path(output_path) / "output2")
    return sm_project


def worker():
    from task_toolkit import task_lib

    task_lib.setDebugLevel()
    args = task_lib.parseArgs()
    state_dir = task_lib.initMultiWorkersState(args)

    logger.info(f"Hyperparams: {args.hps}")
    logger.info(f"Input data files: {list(Path(args.input_data).rglob('*'))}")
    logger.info(f"State files: {list(Path(args.state).rglob('*'))}")

    if int(args.hps["task"]) == 1:
        Path(f"{state_dir}/state_{args.current_host}").write_text("state")
        for file in Path(args.input_data).rglob("*"):
            made = Path(args.model_dir) / f"{file.relative_to(args.input_data)}_proc_by_{args.current_host}"
            made.write_text(f"{file.read_text()} processed by {args.current_host}")
        Path(f"{args.model_dir}/output_{args.current_host}").write_text("output")
    elif int(args.hps["task"]) == 2:
        logger.info(f"Input task2_data: {list(Path(args.input_task2_data).rglob('*'))}")
        logger.info(f"Input task2_data_dist: {list(Path(args.input_task2_data_dist).rglob('*'))}")

    task_lib.markCompleted(args)
    logger.info("finished!")


def main():
    logging.basicConfig(stream=sys.stdout, level=logging.INFO)
    if "--worker" in sys.argv:
        worker()
    else:
        runner()


if __name__ == "__main__":
    main()

"""One task: a folder of code, a folder of another library, a folder of data, and an image of its own."""

import sys
from pathlib import Path

file_path = Path(__file__).parent


def runner(project_name="simple-sagemaker-st", prefix="", postfix="", output_path=None):
    from simple_sagemaker.sm_project import SageMakerProject

    sm_project = SageMakerProject(project_name, prefix=prefix)
    sm_project.setDefaultCodeParams(
        source_dir=str(file_path / "code"),
        entry_point="worker.py",
        dependencies=[str(file_path / "extra")],
    )
    sm_project.setDefaultInstanceParams(instance_count=2)
    sm_project.setDefaultImageParams(
        aws_repo_name="task_repo",
        repo_name="task_repo",
        image_tag="latest",
        docker_file_path_or_content=str(file_path),
    )
    image_uri = sm_project.buildOrGetImage(instance_type=sm_project.defaultInstanceParams.instance_type)

    task_name = "single-task" + postfix
    sm_project.runTask(
        task_name,
        image_uri,
        hyperparameters={"greeting": "hello", "times": 2},
        input_data_path=str(file_path / "data"),
        tags={"kind": "example"},
    )
    sm_project.downloadResults(task_name, Path(output_path or file_path / "output"))
    return sm_project


if __name__ == "__main__":
    runner(output_path=sys.argv[1] if len(sys.argv) > 1 else None)

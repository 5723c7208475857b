"""Tasks from Python, for scripts and notebooks.

For example::

    from simple_sagemaker import Project

    project = Project("demo")
    project.run("train", "train.py", hyperparameters={"lr": 0.1}, output_path="out", download_model=True)
    project.run("test", "test.py", inputs={"model": project.input_of("train", "model")})

Everything that ``ssm`` can be asked for has the same name here and means the same. Errors are those of
:mod:`simple_sagemaker.errors`. Several threads can use one project at once.
"""

from .engines import Engine
from .job import Job, Result
from .options import Data, Outcome, ProcessOptions, RunOptions, ShellOptions, TuneOptions
from .progress import Progress
from .project import Project
from .study import Study

__all__ = [
    "Data",
    "Engine",
    "Job",
    "Outcome",
    "ProcessOptions",
    "Progress",
    "Project",
    "Result",
    "RunOptions",
    "ShellOptions",
    "Study",
    "TuneOptions",
]

"""Run Python, shell and training code as Amazon SageMaker jobs, on AWS or on this machine."""

__version__ = "0.1.0"

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from .project import Data, Job, Outcome, Project, Result, Study
    from .sm_project import SageMakerProject

__all__ = ["Data", "Job", "Outcome", "Project", "Result", "SageMakerProject", "Study"]

if not TYPE_CHECKING:

    def __getattr__(name):
        """What is exported is imported when it is first asked for: the command line needs none of it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        room = ".sm_project" if name == "SageMakerProject" else ".project"
        return getattr(import_module(room, __name__), name)

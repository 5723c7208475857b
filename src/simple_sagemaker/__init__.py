"""Run Python, shell and training code as Amazon SageMaker jobs, on AWS or on this machine."""

__version__ = "0.1.0"

"""The worker's library of the first release: ``from task_toolkit import task_lib``."""

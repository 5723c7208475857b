"""The worker's own library: ``from worker_toolkit import worker_lib``."""

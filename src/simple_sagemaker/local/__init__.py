"""A SageMaker on this machine: the service's operations, and jobs as processes."""

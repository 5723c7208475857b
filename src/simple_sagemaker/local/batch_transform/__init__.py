"""Batch transform inside a job: copied into each host, and run there by the job's Python.

Standard library alone, Python 3.6 and later, and nothing of ours but what is copied beside it: ``ssm_launcher``.
"""

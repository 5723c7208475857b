"""XGBoost's built-in algorithm without its image: runs inside a job, on the standard library, numpy and xgboost alone.

The folder is copied into a host as the package ``ssm_xgboost`` and started there, so it imports nothing of ours but
itself. What it does is what AWS's container does (https://github.com/aws/sagemaker-xgboost-container), seen by running
that on cases of our own; where it differs is listed in ``docs/xgboost.md``.
"""

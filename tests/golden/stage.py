"""Where every request of these tests is made: one job of one task in one account, for us and for AWS's SDK alike."""

from __future__ import annotations

JOB = "train-2030-01-31-12-00-00-a1B2c3D4"
ACCOUNT = "123456789012"
REGION = "eu-west-1"
BUCKET = "my-bucket"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerIAMRole_demo"
FOLDER = f"s3://{BUCKET}/demo/train"  # of the task
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/own:1"
BEFORE = "first-2030-01-30-12-00-00-a1B2c3D4"  # a completed job of another task

#!/bin/bash
# Processing, training and evaluation, each with the results of the one before. Usage: run.sh OUTPUT_FOLDER
# With SSM_ENGINE=local on this machine, else on AWS. Run it again: what has not changed is skipped.
set -e
here=$(dirname "$0")
out=${1:?say where the results go}
export SSM_RERUN=if_changed

ssm process -p ssm-ex -t prepare --code "$here/prepare.py" -i "$here/data"
ssm run -p ssm-ex -t fit -e "$here/train.py" --iit prepared prepare output FullyReplicated train
ssm process -p ssm-ex -t evaluate --code "$here/evaluate.py" --iit model fit model \
    --iit test prepare output FullyReplicated test -o "$out" --download_output
cat "$out/output/evaluation.json"

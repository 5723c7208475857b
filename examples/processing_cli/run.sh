#!/bin/bash
# Processing tasks by the command line: a script, a folder of code, a command, and a chain with a training task.
# Usage: run.sh OUTPUT_FOLDER; with SSM_ENGINE=local on this machine, else on AWS.
set -e
here=$(dirname "$0")
out=${1:?say where the results go}

# A script, with a folder of this machine as its input and what it writes to $SSM_OUTPUT brought back.
ssm process -p ssm-processing -t clean --code "$here/clean.py" -i "$here/data" \
    --env SEPARATOR ';' -o "$out/clean" --download_output -- --column price

# A folder of code, which the script imports from, on two hosts that share the files out.
ssm process -p ssm-processing -t count --code count.py -s "$here/code" --ic 2 \
    -i "$here/data" ShardedByS3Key -o "$out/count" --download_output --download_state

# The same task again: its state is there, and --force_running runs it although it has completed.
ssm process -p ssm-processing -t count --code count.py -s "$here/code" --ic 2 \
    -i "$here/data" ShardedByS3Key --force_running -o "$out/count_again" --download_state

# A command: its words after --entrypoint, what begins with a dash after a lone --. The job's own shell reads the words.
# shellcheck disable=SC2016
ssm process -p ssm-processing -t command --entrypoint /bin/bash -o "$out/command" -- \
    -c 'echo "host $SM_CURRENT_HOST of $SSM_NUM_NODES"'

# A training task that reads what the first task made, and a processing task that reads its model.
ssm run -p ssm-processing -t train -e "$here/train.py" --iit cleaned clean output -o "$out/train"
ssm process -p ssm-processing -t report --code "$here/report.sh" --iit weights train model -o "$out/report"

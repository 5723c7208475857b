#!/usr/bin/env bash
# Run every example of this folder, most of them at the same time: run.sh OUTPUT
# Exit status 0 when all of them completed. With SSM_ENGINE=local they run on this machine.
set -euo pipefail

out=${1:?"say where the results go: run.sh OUTPUT"}
here=$(cd "$(dirname "$0")" && pwd)
pause_s=${PAUSE_S:-60} # between the two scores of example 6_2: AWS draws one point a minute
started=()
status=0

if [ "${SSM_ENGINE:-}" = local ]; then
    pause_s=1
    "$here/../fill_buckets.sh"
fi
mkdir -p "$out"

# A shell command (--cmd_line)
ssm shell -p ssm-ex -t shell-task -o "$out/shell" --cmd_line "cat /proc/cpuinfo" &
started+=($!)

# Example 1: a script on two hosts (--ic) of a given type (--it)
ssm run -p ssm-ex -t python-task -e "$here/../devices.py" -o "$out/example1" --it ml.p3.2xlarge --ic 2 &
started+=($!)

# Example 2: a hyperparameter (--msg)
ssm run -p ssm-ex -t task2 -e "$here/../arguments/worker.py" --msg "Hello, world!" -o "$out/example2" &
started+=($!)

# Example 3: state, model and output; then example 5, which reads the model of example 3 (--iit)
{
    ssm run -p ssm-ex -t task3 -e "$here/worker3.py" -o "$out/example3" \
        --download_state --download_model --download_output &&
        ssm run -p ssm-ex -t task5 -e "$here/worker4.py" --iit bucket task3 model -o "$out/example5"
} &
started+=($!)

# Example 4: a local folder (-i) and a public bucket (--iis)
ssm run -p ssm-ex -t task4 -e "$here/worker4.py" -i "$here/data" \
    --iis bucket s3://awsglue-datasets/examples/us-legislators/all/persons.json -o "$out/example4" &
started+=($!)

# Example 6_1: the whole, part 1
#   - a code folder with a module of its own and requirements.txt (-s)
#   - a local folder, each host gets its share of the files (-i, ShardedByS3Key)
#   - a public bucket as one more channel (--iis)
#   - a hyperparameter (--task_type), two hosts (--ic), on-demand machines (--no_spot)
ssm run -p ssm-ex -t task6-1 -s "$here/example6/code" -e worker6.py \
    -i "$here/example6/data" ShardedByS3Key \
    --iis persons s3://awsglue-datasets/examples/us-legislators/all/persons.json \
    --no_spot --ic 2 --task_type 1 -o "$out/example6_1" || status=1

# Example 6_2: the whole, part 2
#   - the model and the state of part 1, the state shared out between the hosts (--iit)
#   - code from outside the code folder (-d)
#   - TensorFlow's image (-f); on this machine, its own Python
#   - a metric (--md) and a tag (--tag)
ssm run -p ssm-ex -t task6-2 -s "$here/example6/code" -e worker6.py \
    -d "$here/example6/external_dependency" --iit task_6_1_model task6-1 model \
    --iit task_6_1_state task6-1 state ShardedByS3Key \
    -f tensorflow --md "Score" "Score=(.*?);" --tag "MyTag" "MyValue" \
    --ic 2 --task_type 2 --pause_s "$pause_s" -o "$out/example6_2" &
started+=($!)

# Example 6_1 again: it is completed, so nothing is run and its results are brought (--ks, the default, keeps its state)
ssm run -p ssm-ex -t task6-1 -s "$here/example6/code" -e worker6.py \
    -i "$here/example6/data" ShardedByS3Key \
    --iis persons s3://awsglue-datasets/examples/us-legislators/all/persons.json \
    --ic 2 --task_type 1 -o "$out/example6_1" --ks >"$out/example6_1_2_stdout" 2>&1 &
started+=($!)

for each in "${started[@]}"; do
    wait "$each" || status=1
done
exit "$status"

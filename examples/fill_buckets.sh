#!/usr/bin/env bash
# Put a small stand-in where jobs on this machine look for a public bucket of AWS that the examples read.
# A file that is there already is left alone: for the real one, copy it to the same place.
set -euo pipefail

if [ -n "${SSM_HOME:-}" ]; then
    home=$SSM_HOME
elif [ "$(uname)" = Darwin ]; then
    home="$HOME/Library/Application Support/simple-sagemaker"
else
    home="${XDG_DATA_HOME:-$HOME/.local/share}/simple-sagemaker"
fi

persons="$home/buckets/awsglue-datasets/examples/us-legislators/all/persons.json"
if [ ! -e "$persons" ]; then
    mkdir -p "$(dirname "$persons")"
    cat >"$persons" <<'END'
{"id": "1", "name": "Ada Example", "family_name": "Example", "given_name": "Ada"}
{"id": "2", "name": "Ben Sample", "family_name": "Sample", "given_name": "Ben"}
END
fi
echo "$persons"

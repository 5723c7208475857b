#!/bin/sh
# First process of a job: finds a Python of at least 3.6 and becomes the launcher beside this file.
# Only builtins of the shell on the usual path, because every program started here delays the job.

base=${SAGEMAKER_BASE_DIR:-/opt/ml}
here=${0%/*}
[ "$here" = "$0" ] && here=.

refuse() {
    printf '%s\n' "simple-sagemaker: $1" >&2
    case $here in
    "$base/processing/"*) file=message ;;
    *) file=failure ;;
    esac
    mkdir -p "$base/output" && printf '%s' "$1" >"$base/output/$file"
    exit 1
}

is_new_enough() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -E -s -S -c 'import sys; sys.exit(sys.version_info < (3, 6))' >/dev/null 2>&1
}

find_python() {
    for python in python3 python /opt/conda/bin/python /usr/local/bin/python3 /usr/bin/python3 \
        /miniconda3/bin/python /root/miniconda3/bin/python /opt/miniconda3/bin/python /opt/venv/bin/python \
        /databricks/python3/bin/python /usr/local/bin/python /usr/bin/python /usr/libexec/platform-python; do
        is_new_enough "$python" && return
    done
    refuse "The image has no Python of version 3.6 or newer on PATH or in the usual places. Use an image that has one, or name it in the environment variable SSM_PYTHON."
}

# Is the version $1 (as 535.104.05) older than $2?
is_older() {
    mine=$1. theirs=$2.
    while [ -n "$mine" ] && [ -n "$theirs" ]; do
        left=${mine%%.*} right=${theirs%%.*}
        left=${left#0} right=${right#0}
        [ "${left:-0}" -lt "${right:-0}" ] && return 0
        [ "${left:-0}" -gt "${right:-0}" ] && return 1
        mine=${mine#*.} theirs=${theirs#*.}
    done
    return 1
}

# The version of the NVIDIA driver: the first word of the form N.N of the kernel's own description.
driver_version() {
    read -r description </proc/driver/nvidia/version || return 1
    for word in $description; do
        case $word in
        [0-9]*.[0-9]*) printf '%s' "$word" && return ;;
        esac
    done
    return 1
}

# An image newer than the host's driver brings CUDA's compatibility library, which has to be found before the driver's.
use_cuda_compatibility() {
    compat=/usr/local/cuda/compat
    [ -e "$compat/libcuda.so.1" ] && [ -r /proc/driver/nvidia/version ] || return 0
    driver=$(driver_version) && target=$(readlink "$compat/libcuda.so.1") || return 0
    if is_older "$driver" "${target##*libcuda.so.}"; then
        LD_LIBRARY_PATH=$compat${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        export LD_LIBRARY_PATH
    fi
}

if [ -n "$SSM_PYTHON" ]; then
    python=$SSM_PYTHON
    command -v "$python" >/dev/null 2>&1 || refuse "SSM_PYTHON names $python, which is not a program of this machine."
else
    find_python
fi
use_cuda_compatibility

# -E -s -S: the launcher needs the standard library alone, and skipping the rest starts it in half the time.
exec "$python" -E -s -S "$here/launcher.py"

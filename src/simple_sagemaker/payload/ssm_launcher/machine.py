"""This host's processors, accelerators and programs."""

import os


def find_program(name: str) -> "str | None":
    """The path of a program on PATH, or None."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def cpu_count() -> int:
    """The processors of this host."""
    return os.cpu_count() or 1


def gpu_count() -> int:
    """The graphics processors that NVIDIA's own tool lists and that CUDA shows; 0 without the tool.

    https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#env-vars says how the variable hides some: an
    entry that names none hides itself and all after it.
    """
    listed = [line for line in _output_of("nvidia-smi", "--list-gpus").splitlines() if line.startswith("GPU ")]
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    if shown is None:
        return len(listed)
    count = 0
    for entry in map(str.strip, shown.split(",")):
        by_index = entry.isdigit() and int(entry) < len(listed)
        by_identity = entry.startswith(("GPU-", "MIG-")) and any(entry in line for line in listed)
        if not (by_index or by_identity):
            break
        count += 1
    return count


def neuron_count(instance_type: str) -> int:
    """The cores of AWS's own accelerators; 0 without their tool."""
    if "trn2.48xlarge" in instance_type:
        return 64  # neuron-ls counts them wrongly there; AWS's toolkit has the same exception
    listed = _output_of("neuron-ls", "-j")
    if not listed:
        return 0
    import json

    return sum(int(device.get("nc_count", 0)) for device in json.loads(listed))


def _output_of(program: str, argument: str) -> str:
    """The output of a program; empty when it is not installed, or fails because it finds no device."""
    path = find_program(program)
    if path is None:
        return ""
    import subprocess

    done = subprocess.run([path, argument], stdout=subprocess.PIPE, check=False)
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""

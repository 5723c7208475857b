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
    """The graphics processors that NVIDIA's own tool lists; 0 without the tool."""
    return sum(line.startswith("GPU ") for line in _output_of("nvidia-smi", "--list-gpus").splitlines())


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

"""The graphics processors of this machine."""

from __future__ import annotations

_LONGEST_S = 10.0


def gpus() -> list[str]:
    """The identities of the graphics processors that NVIDIA's own tool lists; none without the tool.

    CUDA_VISIBLE_DEVICES takes them: indices would be CUDA's own, which need not be the tool's.
    https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#env-vars
    """
    import shutil  # which an ordinary run does not need
    import subprocess

    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        done = subprocess.run(
            [tool, "--query-gpu=uuid", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.startswith("GPU-")] if not done.returncode else []

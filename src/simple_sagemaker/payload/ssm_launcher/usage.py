"""How much of this host's memory, disk and GPUs is used, in percent."""

import os

CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat")
CGROUPS_1 = (
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    "/sys/fs/cgroup/memory/memory.stat",
)
_NO_LIMIT = 1 << 60


def memory_percent() -> "float | None":
    """How much of the container's memory is used, without what is only cached; without a limit, of the machine's."""
    for limit_file, used_file, stat_file in (CGROUPS, CGROUPS_1):
        limit, used = _number(limit_file), _number(used_file)
        if limit is not None and used is not None and 0 < limit < _NO_LIMIT:
            return 100.0 * max(0, used - _cached(stat_file)) / limit
    sizes = {}  # type: dict[str, int]
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                name, _, rest = line.partition(":")
                sizes[name] = int(rest.split()[0])
    except (OSError, ValueError, IndexError):
        return None
    if not sizes.get("MemTotal") or "MemAvailable" not in sizes:
        return None
    return 100.0 * (sizes["MemTotal"] - sizes["MemAvailable"]) / sizes["MemTotal"]


def _number(path: str) -> "int | None":
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read().strip())
    except (OSError, ValueError):  # "max" is no limit
        return None


def _cached(path: str) -> int:
    """What the kernel can take back at once, in bytes."""
    try:
        with open(path, encoding="ascii") as file:
            for line in file:
                name, _, rest = line.partition(" ")
                if name in ("inactive_file", "total_inactive_file"):
                    return int(rest)
    except (OSError, ValueError):
        return 0
    return 0


def disk_percent(folder: str) -> "float | None":
    """How much of the disk that a folder lies on is used, as ``df`` counts it."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    used = disk.f_blocks - disk.f_bfree
    return 100.0 * used / (used + disk.f_bavail) if used + disk.f_bavail else None


def gpu_percent() -> "float | None":
    """The utilization of the busiest GPU; None without any."""
    import subprocess  # which few jobs need

    from .machine import find_program

    tool = find_program("nvidia-smi")
    if tool is None:
        return None
    words = [tool, "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=10)
        return max(float(line) for line in done.stdout.decode("ascii", "replace").split())
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None

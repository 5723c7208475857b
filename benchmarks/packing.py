"""Packing a folder of code and unpacking an archive, beside Python's tarfile and the tar of the machine.

python benchmarks/packing.py [ROUNDS] [MIB]: a tree of 5,000 files and 60 MiB, copies of Python's own library and
of what is installed beside it, and an archive of MIB (1024) of numbers as models have them, which hardly shrink, in
memory where /dev/shm is, because a disk would be measured instead. Each row is a whole process with its start.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import sysconfig
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path

from measure import Run, paired

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7
MIB = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
FILES, BYTES = 5000, 60 << 20
PYTHON = sys.executable
WITHOUT_ISAL = "import sys; sys.modules['isal'] = None\n"
TARFILE = """
import sys, tarfile
with tarfile.open(sys.argv[2], "w:gz", compresslevel=6) as archive:
    archive.add(sys.argv[1], arcname="")
"""
OURS = """
import sys
from pathlib import Path
from simple_sagemaker.tasks.code.files import CodeFiles
from simple_sagemaker.tasks.code.package import fingerprint, package
from simple_sagemaker.core.specs import Code, Place, TaskSpec
spec = TaskSpec(kind="shell", place=Place(project="p", task="t"), code=Code())
code = CodeFiles()
code.add_folder(Path(sys.argv[1]), "", use_gitignore=False)
marks = fingerprint(spec, code)
if len(sys.argv) > 2:
    package(spec, code, marks).pack(Path(sys.argv[2]))
"""
UNPACK_TARFILE = """
import shutil, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    archive.extraction_filter = tarfile.data_filter
    archive.extractall(sys.argv[2])
shutil.rmtree(sys.argv[2])
"""
UNPACK_TAR = 'mkdir "$2" && tar xzf "$1" -C "$2" && rm -r "$2"'
UNPACK_OURS = """
import shutil, sys
from pathlib import Path
from simple_sagemaker.storage.archives import unpack as archives
to = Path(sys.argv[2])
to.mkdir()
archives.unpack(Path(sys.argv[1]), to, address="an archive")
shutil.rmtree(to)
"""


def main() -> None:
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        top = Path(folder)
        print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, medians of {ROUNDS} rounds\n")
        print(packing(top), "\n")
        print(unpacking(top))


def packing(top: Path) -> str:
    tree = top / "tree"
    made = [sum(make(tree)), sum(1 for at in os.walk(tree) for _ in at[2])]
    out = {name: str(top / f"{number}.tar.gz") for number, name in enumerate(["tarfile", "tar", "isal", "zlib"])}
    rows = {
        "tarfile, gzip 6": [PYTHON, "-c", TARFILE, str(tree), out["tarfile"]],
        "tar czf": ["tar", "czf", out["tar"], "-C", str(tree), "."],
        "ours": [PYTHON, "-c", OURS, str(tree), out["isal"]],
        "ours without isal": [PYTHON, "-c", WITHOUT_ISAL + OURS, str(tree), out["zlib"]],
        "ours, only whether anything changed": [PYTHON, "-c", OURS, str(tree)],
    }
    found = paired(rows, rounds=ROUNDS)
    sizes = [os.path.getsize(path) for path in out.values()]
    told = f"{made[1]:,} files, {made[0] / 2**20:.1f} MiB"
    return f"{told}\n\n{table(found, 'tarfile, gzip 6', sizes)}"


def make(tree: Path) -> Iterator[int]:
    """Copy files into the tree and give their sizes, until there are FILES of them with BYTES together."""
    left = BYTES
    for number, (path, size) in enumerate(like(FILES, BYTES)):
        folder = tree / f"package{number // 100:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:05d}{path.suffix}").write_bytes(path.read_bytes()[:size])
        left -= size
        yield size


def like(count: int, size: int) -> list[tuple[Path, int]]:
    """So many files of this machine's Python, and how much of each is taken so that they have ``size`` together."""
    tops = {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")}
    there = [path for top in sorted(tops) for path in sorted(Path(top).rglob("*")) if is_code(path)]
    some = random.Random(7).sample(there, min(count, len(there)))
    chosen = (some * (count // len(some) + 1))[:count]
    whole = sum(path.stat().st_size for path in chosen)
    share = min(1.0, size / whole)
    return [(path, int(path.stat().st_size * share)) for path in chosen]


def is_code(path: Path) -> bool:
    return path.is_file() and path.suffix != ".pyc" and 500 < path.stat().st_size < 1_000_000


def unpacking(top: Path) -> str:
    packed = top / "model.tar.gz"
    folder = top / "model"
    folder.mkdir()
    chance = random.Random(7)
    weights = array("f", (chance.gauss(0, 0.02) for _ in range(4 << 20))).tobytes()
    with open(folder / "weights.bin", "wb") as out:
        out.writelines(weights for _ in range(0, MIB, 16))
    os.system(f"tar czf {packed} -C {folder} . && rm -r {folder}")
    to = str(top / "out")
    rows = {
        "tarfile": [PYTHON, "-c", UNPACK_TARFILE, str(packed), to],
        "tar xzf": ["sh", "-c", UNPACK_TAR, "sh", str(packed), to],
        "ours": [PYTHON, "-c", UNPACK_OURS, str(packed), to],
        "ours without isal": [PYTHON, "-c", WITHOUT_ISAL + UNPACK_OURS, str(packed), to],
    }
    told = f"an archive of {MIB} MiB, packed {packed.stat().st_size >> 20} MiB"
    return f"{told}\n\n{table(paired(rows, rounds=ROUNDS), 'tarfile', [])}"


def table(found: dict[str, list[Run]], base: str, sizes: list[int]) -> str:
    """Medians of wall, processor time and memory, the ratio to ``base`` pair by pair, and the sizes of the archives."""
    lines = [
        f"| | wall [min to max] | ratio to {base} | processor | peak MiB | size MiB (ratio) |",
        "|---|---|---|---|---|---|",
    ]
    for number, (name, runs) in enumerate(found.items()):
        walls = [run.wall_s for run in runs]
        ratio = statistics.median(run.wall_s / other.wall_s for run, other in zip(runs, found[base], strict=True))
        size = f"{sizes[number] / 2**20:.1f} ({sizes[number] / sizes[0]:.2f})" if number < len(sizes) else ""
        lines.append(
            f"| {name} | {statistics.median(walls):.2f} s [{min(walls):.2f} to {max(walls):.2f}] | {ratio:.2f} "
            f"| {statistics.median(run.cpu_s for run in runs):.2f} s "
            f"| {statistics.median(run.peak_mib for run in runs):.0f} | {size} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

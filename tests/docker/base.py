"""The image that the Docker tests build on: a small system with Python and pip, under the names of AWS's images.

It takes about a minute and a half to make, and is kept as a registry's storage in the user's cache folder
(``XDG_CACHE_HOME``), under a name made from everything that it is made of.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from simple_sagemaker.images import frameworks as images

REGION = "us-east-1"
_TYPE = "ml.m5.large"
_PACKAGES = "python3,python3-pip"
# What a container never reads; and the mark that keeps pip from installing, which AWS's images have not.
_NEEDLESS = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/lib/apt/lists")
_MARK = "usr/lib/python3*/EXTERNALLY-MANAGED"
_SETTINGS = ('CMD ["/bin/bash"]', "ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8", "WORKDIR /")

Docker = Callable[..., str]


def aws_names() -> tuple[str, ...]:
    """The addresses of AWS's images that the base stands in for: those taken when nothing else is said."""
    return tuple(images.framework_image(name, instance_type=_TYPE, region=REGION) for name in ("pytorch", "tensorflow"))


def repository(address: str) -> str:
    """``pytorch-training:2.6-cpu-py312``: an address without its registry."""
    return address.partition("/")[2]


def kept(make: Callable[[Path], None]) -> Path:
    """The storage of a registry that holds the base images; made when there is none."""
    folder = _cache() / f"base-{_digest()}"
    if not folder.exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(making, ignore_errors=True)
        make(making / "registry")
        try:
            (making / "registry").rename(folder)
        except OSError:  # another run was quicker
            if not folder.exists():
                raise
        shutil.rmtree(making, ignore_errors=True)
    return folder


def copied(to: Path, make: Callable[[Path], None]) -> Path:
    """A copy of that storage, which may be written to."""
    shutil.copytree(kept(make), to)
    return to


def push(docker: Docker, registry: str, root: Path) -> None:
    """Make the base image and push it to a registry under each of its names."""
    _make_system(root)
    changes = [word for setting in _SETTINGS for word in ("--change", setting)]
    packed = subprocess.Popen(["tar", "-C", str(root), "-cf", "-", "."], stdout=subprocess.PIPE)
    archive = root.with_suffix(".tar")
    assert packed.stdout
    with packed.stdout, open(archive, "wb") as file:
        shutil.copyfileobj(packed.stdout, file)
    assert packed.wait() == 0
    image = docker("import", *changes, str(archive)).strip()
    for name in aws_names():
        docker("tag", image, f"{registry}/{repository(name)}")
        docker("push", f"{registry}/{repository(name)}")


def fetch(docker: Docker, registry: str) -> None:
    """Have the base images at hand under AWS's full names, as after a pull from AWS."""
    for name in aws_names():
        docker("pull", f"{registry}/{repository(name)}")
        docker("tag", f"{registry}/{repository(name)}", name)


def _make_system(root: Path) -> None:
    words = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "--components=main,universe"]
    log = root.with_suffix(".log")
    with open(log, "wb") as lines:
        done = subprocess.run([*words, _suite(), str(root)], stdout=lines, stderr=lines, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"no base image: {' '.join(words)} failed\n{log.read_text(errors='replace')[-2000:]}")
    for name in _NEEDLESS:
        shutil.rmtree(root / name, ignore_errors=True)
    for path in [*root.glob(_MARK), *(root / "var/cache/apt").rglob("*.*")]:
        path.unlink()


def _digest() -> str:
    made_of = [_suite(), platform.machine(), *aws_names(), Path(__file__).read_text(encoding="utf-8")]
    return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:16]


def _suite() -> str:
    """The release of this machine's own system, whose packages are surely in reach."""
    return platform.freedesktop_os_release()["VERSION_CODENAME"]


def _cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "simple-sagemaker-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""The state of earlier jobs, in a processing job: the service provides it as an input, and fills no output with it.

Each file is copied on the host that owns it: files in a host's own folder belong to that host, all others to the first
host. On other hosts the file is a link, because links are not uploaded: so no host can upload an old copy over what
another has written meanwhile. A link through which a program has written is replaced by a file at the end.
"""

import os
import shutil

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Dict, Tuple

    Mark = Tuple[int, int, int]
    Links = Dict[str, Tuple[str, Mark]]


def bring(earlier: str, state: str, hosts: "list[str]", host: str) -> "Links":
    """Make ``state`` hold what ``earlier`` holds; existing files stay.

    Returns the links that were made, each with its target and the target's size and time.
    """
    links = {}  # type: Links
    for folder, _, names in os.walk(earlier):
        inside = os.path.relpath(folder, earlier)
        target = os.path.normpath(os.path.join(state, inside))
        for name in names:
            source, place = os.path.join(folder, name), os.path.join(target, name)
            if os.path.lexists(place):
                continue
            os.makedirs(target, exist_ok=True)
            if _owner(os.path.normpath(os.path.join(inside, name)), hosts) == host:
                shutil.copy2(source, place)
            else:
                os.symlink(source, place)
                links[place] = (source, _mark(source))
    return links


def settle(links: "Links") -> None:
    """Replace each link through which something was written by a file."""
    for place, (source, before) in links.items():
        if os.path.islink(place) and os.path.exists(source) and _mark(source) != before:
            scratch = place + ".ssm-new"
            shutil.copy2(source, scratch)
            os.replace(scratch, place)


def _owner(path: str, hosts: "list[str]") -> str:
    first = path.split(os.sep, maxsplit=1)[0]
    return first if first in hosts else hosts[0]


def _mark(path: str) -> "Mark":
    stat = os.stat(path)
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns

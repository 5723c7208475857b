"""What a job's request asks of the engine, whichever kind of job it makes: the one seam between the kinds.

Hosts, attempts and supervisor know this alone; ``training`` and ``processing`` read it out of their requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ...core.store import Store
from ..data.channels import Channel
from ..job.folder import JobFolder
from ..job.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A folder of the job that is kept at an address while the job runs.

    With ``restores`` it begins with what is there already; with ``deletes`` what is deleted goes from there as well.
    """

    path: str
    uri: str
    restores: bool
    deletes: bool


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A phase of a job's life as the journal names it, and the service's sentence."""

    secondary: str
    message: str


class Work(Protocol):
    """A request, read. All paths are the job's own."""

    @property
    def request(self) -> Mapping[str, Any]: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def image(self) -> str: ...

    @property
    def host_count(self) -> int: ...

    @property
    def instance_type(self) -> str: ...

    @property
    def is_cut_off(self) -> bool:
        """Whether its hosts reach no network."""
        ...

    @property
    def last_words(self) -> str:
        """The file in which a host's program says why it ended."""
        ...

    @property
    def running(self) -> Phase:
        """The phase in which the code runs."""
        ...

    @property
    def saving(self) -> Phase:
        """The phase in which results are saved."""
        ...

    @property
    def entrypoint(self) -> Sequence[str]:
        """The words that replace the image's own; empty for AWS's ``train`` or whatever the image starts with."""
        ...

    @property
    def arguments(self) -> Sequence[str]:
        """The words after the entry point."""
        ...

    @property
    def image_arguments(self) -> Sequence[str]:
        """The words after the image's own entry point where the request says none."""
        ...

    @property
    def is_script_mode(self) -> bool:
        """Whether AWS's toolkit starts a submitted script."""
        ...

    @property
    def metrics(self) -> Sequence[tuple[str, str]]:
        """The names and regular expressions of the metrics to be found in the logs."""
        ...

    def environment(self, region: str, places: Mapping[str, str]) -> dict[str, str]:
        """The request's variables and those that the platform sets. ``places`` are folders to name for paths."""
        ...

    def channels(self) -> list[Channel]:
        """What is brought, in the order in which it must be: parents before what lies below them."""
        ...

    def folders(self) -> list[str]:
        """The folders that are there at the start, beside those of the channels."""
        ...

    def private(self) -> list[str]:
        """The folders outside ``/opt/ml`` that are the job's own."""
        ...

    def links(self) -> dict[str, str]:
        """Paths that are links, and the paths where they lead."""
        ...

    def configs(
        self, host: str, places: Mapping[str, str], *, attempt: int, region: str, interface: str
    ) -> dict[str, dict[str, Any] | list[Any]]:
        """The content of each configuration file, by its path."""
        ...

    def kept(self) -> list[Kept]:
        """The folders that are kept while the job runs."""
        ...

    def failure(self, base: Path, code: int) -> str | None:
        """Why a host that ended with this status fails the job; None when it does not. ``base`` is its ``/opt/ml``."""
        ...

    def message(self, bases: Sequence[Path]) -> str | None:
        """What the code said of its end, all hosts in order; None where it cannot say anything."""
        ...

    def save(self, job: JobFolder, folder: Callable[[int, str], Path], hosts: int, store: Store) -> None:
        """Save what the hosts left. ``folder`` finds a path of the job on host number so-and-so, from 0."""
        ...

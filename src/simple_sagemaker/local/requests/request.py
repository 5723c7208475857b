"""A job's request as the engine sees it, independent of the kind of job.

Hosts, attempts and supervisor use this interface only; ``training``, ``processing`` and ``transform`` implement it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ...core.records import dataclass
from ...core.store import ProgressCallback, Store
from ..data.channels import Channel
from ..job.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class MirroredFolder:
    """A folder of the job that is mirrored to an address while the job runs.

    With ``restores`` the folder starts with what the address already holds; with ``deletes`` deletions are mirrored.
    """

    path: str
    uri: str
    restores: bool
    deletes: bool


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A phase of a job: its secondary status, and the service's message for it."""

    secondary: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Saving:
    """How results are saved: ``scratch`` is a folder for large files; ``on_note`` gets remarks for the job's owner.

    ``on_progress`` is called again and again, and may raise to stop. ``is_stopped`` is whether somebody stopped the
    job, or its time was over.
    """

    job: str
    scratch: Path
    on_note: Callable[[str], None]
    on_progress: ProgressCallback
    is_stopped: bool = False


class HostFolders(Protocol):
    """What one host left, by the job's paths. ``folder`` is below which the job may have put links."""

    @property
    def folder(self) -> Path: ...

    def inside(self, path: str) -> Path:
        """The host's folder for a path of the job."""
        ...

    def read(self, path: str, most: int) -> bytes | None:
        """The first ``most`` bytes of a file; None where there is no regular file of the job's own."""
        ...


class Work(Protocol):
    """A job's request. All paths are as the job sees them."""

    @property
    def request(self) -> Mapping[str, Any]: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def image(self) -> str: ...

    @property
    def host_count(self) -> int: ...

    def instance_type(self, host: str) -> str: ...

    def receivers(self, channel: Channel) -> Sequence[str]:
        """The hosts that get a channel, or a share of it, in the order of their numbers."""
        ...

    @property
    def is_network_isolated(self) -> bool:
        """Whether network isolation is on: its hosts reach no network."""
        ...

    @property
    def exit_message_path(self) -> str:
        """The file into which a host's program writes why it ended."""
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
        """The arguments that replace the image's entry point; empty for AWS's ``train`` or the image's own."""
        ...

    @property
    def arguments(self) -> Sequence[str]:
        """The arguments after the entry point."""
        ...

    @property
    def image_arguments(self) -> Sequence[str]:
        """The arguments after the image's own entry point where the request has none."""
        ...

    @property
    def is_script_mode(self) -> bool:
        """Whether AWS's toolkit starts a submitted script."""
        ...

    @property
    def algorithm(self) -> str | None:
        """The built-in algorithm of AWS's whose image runs with its own program; None where a program is named."""
        ...

    @property
    def metrics(self) -> Sequence[tuple[str, str]]:
        """The names and regular expressions of the metrics to find in the logs."""
        ...

    def environment(self, region: str, places: Mapping[str, str]) -> dict[str, str]:
        """The request's variables and the platform's. ``places`` maps paths of the job to folders, see config_files."""
        ...

    def channels(self) -> list[Channel]:
        """The input channels, in the order to download them: parents before what lies below them."""
        ...

    def folders(self) -> list[str]:
        """The folders that exist at the start, besides those of the channels."""
        ...

    def private(self) -> list[str]:
        """The folders outside ``/opt/ml`` that are private to the job."""
        ...

    def links(self) -> dict[str, str]:
        """Symbolic links to make: path and target."""
        ...

    def configs(
        self, host: str, places: Mapping[str, str], *, attempt: int, region: str, interface: str
    ) -> dict[str, dict[str, Any] | list[Any]]:
        """The content of each configuration file, by its path."""
        ...

    def mirrored_folders(self) -> list[MirroredFolder]:
        """The folders that are mirrored while the job runs."""
        ...

    def failure(self, host: HostFolders, code: int, last_line: str) -> str | None:
        """Why a host that ended with this status fails the job; None when it does not.

        ``last_line`` is the error with which its output ended.
        """
        ...

    def warning(self, host: HostFolders, code: int) -> str | None:
        """What is odd about the end of a host that does not fail the job; None if nothing is."""
        ...

    def message(self, hosts: Sequence[HostFolders]) -> str | None:
        """The exit messages of all hosts in order; None if there is none."""
        ...

    def save(self, hosts: Sequence[HostFolders], store: Store, saving: Saving) -> None:
        """Upload the results of all hosts, in the order of their numbers."""
        ...

"""Which value of each key is in force: the highest level that has one.

The command line beats variables, these the profile, the profile the task, and the task the defaults. A list is replaced
as a whole; the names in a table (``hp``, ``tag``, ``input_s3`` …) are settings of their own. A higher level also takes
away what it contradicts on a lower one: ``--no_spot`` a default of ``use_spot_instances``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...core.records import dataclass
from ...core.spelling import nearest
from ...errors import UsageError
from ..option import DATA, LIVING, RM, STOP
from .keys import takes
from .read import Entries, Entry, ProjectFile

Key = tuple[str, str]

PROFILE_VARIABLE = "SSM_PROFILE"
_REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")
_CREDENTIALS = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
# The variables that say the same as a key.
VARIABLES = {
    "aws_region": _REGION,
    "aws_profile": _CREDENTIALS,
    "if_changed": ("SSM_RERUN",),
    "keep_state": ("SSM_RERUN",),
}

_IMAGES = frozenset(
    {"framework", "framework_version", "py_version", "docker_file_path_or_content", "aws_repo_name", "repo_name"}
    | {"image_tag"}
)
_DOWNLOADS = frozenset({"download_state", "download_model", "download_output"})
_CHANNELS = ("input_path", "input_local", "input_s3", "input_task")
# What a setting takes away on lower levels, beside itself; of options without a value only where they are on.
_TAKES_AWAY: Mapping[str, Collection[str]] = {
    "no_spot": ("use_spot_instances", "max_wait_mins"),
    "use_spot_instances": ("no_spot", "keep_alive_mins"),
    "clean_state": ("keep_state",),
    "keep_state": ("clean_state", "if_changed"),
    "no_wait": ("output_path", *_DOWNLOADS),
    "output_path": ("no_wait",),
    "image_uri": _IMAGES,
    **dict.fromkeys(_IMAGES, ("image_uri",)),
    "framework": ("image_uri", "framework_version", "py_version"),
    "code": ("entrypoint",),
    "entrypoint": ("code", "command"),
    "bucket_name": ("bucket_owner",),
    "tune_for": ("tune_for",),  # one search has one
    "tune_resource": ("tune_resource",),
}
_SPOT = frozenset({"no_spot", "use_spot_instances"})  # of which false says something as well


@dataclass(frozen=True)
class Level:
    """The settings of one table of the file."""

    title: str
    entries: Entries


@dataclass(frozen=True)
class Chosen:
    """A setting in force, and those of the same key that it beats, from the highest level down."""

    entry: Entry
    title: str
    beaten: Sequence[tuple[Entry, str]] = ()


def profile_of(file: ProjectFile, typed: str | None, flag: str, environment: Mapping[str, str]) -> str | None:
    """The profile that was chosen. Raises UsageError for one that the file has not."""
    name = typed if typed is not None else environment.get(PROFILE_VARIABLE) or None
    if name is None or name in file.profiles:
        return name
    near = nearest(name, file.profiles)
    known = f"there are: {', '.join(file.profiles)}" if file.profiles else "it has none"
    what = f"{flag} {name}" if typed is not None else f"{PROFILE_VARIABLE}={name}"
    raise UsageError(f"{what}: {file.shown} has no such profile; {f'did you mean {near}?' if near else f'{known}.'}")


def levels(file: ProjectFile, profile: str | None, task: str | None) -> list[Level]:
    """The tables that are in force, from the highest down; ``task`` is the one that was typed."""
    own = [Level(f"profile.{profile}", file.profiles[profile])] if profile else []
    defaults = [Level("project", file.project), Level("defaults", file.defaults)]
    task = task or task_of([*own, *defaults])
    if task is not None and task in file.tasks:
        own.append(Level(f"task.{task}", file.tasks[task]))
    return own + defaults


def task_of(some: Sequence[Level]) -> str | None:
    """The task that a profile or the defaults name."""
    names = (level.entries.get(("task_name", "")) for level in some)
    return next((str(entry.value) for entry in names if entry is not None and entry.value), None)


def merge(
    some: Sequence[Level], command: str | None, typed: Mapping[Key, object], environment: Mapping[str, str]
) -> dict[Key, Chosen]:
    """What is in force of the file for a command, or for any, beside what was typed (with its value).

    A text or list that is empty takes away what lower levels say.
    """
    taken = _Taken()
    for key, value in typed.items():
        taken.add(key, value)
    taken.names.update(_named_by_hand(command, {name for name, _ in typed}))
    for name, variables in VARIABLES.items():
        if any(environment.get(variable) for variable in variables):
            taken.keys.add((name, ""))
    chosen: dict[Key, Chosen] = {}
    for level in some:
        mine = {key: entry for key, entry in level.entries.items() if command is None or takes(command, key[0])}
        for key, entry in mine.items():
            if key in chosen:
                chosen[key] = Chosen(chosen[key].entry, chosen[key].title, (*chosen[key].beaten, (entry, level.title)))
            elif not taken.has(key):
                chosen[key] = Chosen(entry, level.title)
        for key, entry in mine.items():
            taken.add(key, entry.value)
    return {key: one for key, one in chosen.items() if key[1] or not is_empty(one.entry.value)}


def _named_by_hand(command: str | None, typed: Collection[str]) -> Collection[str]:
    """What a command does not take of the file, as what it is for was typed, or has to be."""
    names: set[str] = set()
    if command in STOP + RM:  # what is stopped or deleted is always typed
        names.add("task_name")
    if command in DATA and "clean_state" in typed:  # which is all that is to be done
        names.update(("output_path", *_DOWNLOADS))
    if command in LIVING and "task_name" not in typed and {"job", "all_projects"} & {*typed}:
        names.update(("project_name", "task_name", "prefix", "bucket_name", "bucket_owner"))  # it can be any project's
    return names


def is_empty(value: object) -> bool:
    """Whether a value of the file takes away what lower levels say, and says nothing itself."""
    return value in ("", [])


class _Taken:
    """The keys, names of channels and options that higher levels have decided."""

    def __init__(self) -> None:
        self.keys: set[Key] = set()
        self.names: set[str] = set()
        self._channels: set[str] = set()

    def add(self, key: Key, value: object) -> None:
        self.keys.add(key)
        name, part = key
        if not part and is_empty(value):
            return
        if name in _CHANNELS:
            self._channels.add(part or "data")
        if value is not False or name in _SPOT:
            self.names.update(_TAKES_AWAY.get(name, ()))

    def has(self, key: Key) -> bool:
        name, part = key
        return key in self.keys or name in self.names or (name in _CHANNELS and (part or "data") in self._channels)

"""A person's members merged into the request of a job: what no option of ours says.

In: the request that the options give, and the members. Out: the request that is sent. Members of structures are merged
by their names, members of lists by what names them (a channel, a tag, a rule); anything else replaces what is there.
Everything is held against the service's model before anything is sent, and what the tool relies on stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from ..core.spelling import nearest
from ..errors import EngineUnavailable, UsageError
from .protected_members import NOT_HERE, protected

if TYPE_CHECKING:
    from ..core.specs import RequestMerge, Spec
    from ..local.api.model import Model

# What names a member of a list, in the shapes of the service's model.
_NAMED_BY: Final = (
    "ChannelName",
    "InputName",
    "OutputName",
    "InstanceGroupName",
    "RuleConfigurationName",
    "CollectionName",
    "UltraServerId",
    "Key",
    "Name",
)
_SHOWN: Final = 5  # errors


def merge(request: Mapping[str, Any], spec: Spec, *, engine: str) -> dict[str, Any]:
    """The request with the spec's members merged into it; ``engine`` is who runs the job.

    Raises UsageError for members that the service does not know or would refuse, that an option sets, or that the tool
    relies on; EngineUnavailable for what this machine cannot run.
    """
    from ..local.api.model import read_installed

    fragment, model = spec.request_merge, read_installed()
    if fragment is None:
        return dict(request)
    operation = "CreateProcessingJob" if spec.kind == "process" else "CreateTrainingJob"
    base = copy.deepcopy(dict(request))
    _use_machines_of(base, fragment)
    merger = _Merger(fragment, model, protected(spec.kind), runs_here=engine in {"local", "docker"})
    merged = merger.structure(model.inputs[operation], base, fragment.members)
    _check_new_channels(request, merged, fragment)
    before = set(model.errors(operation, base))
    if errors := [one for one in model.errors(operation, merged) if one not in before]:
        raise UsageError.naming(
            "{request_merge:file}: SageMaker would refuse the request:\n{errors}",
            file=fragment.file,
            errors="\n".join(errors[:_SHOWN]),
        )
    return merged


def group_hosts(spec: Spec) -> int | None:
    """How many hosts the groups have that the spec's members give the job; None without groups."""
    members = spec.request_merge.members if spec.request_merge else {}
    machines = members.get("ResourceConfig")
    groups = machines.get("InstanceGroups") if isinstance(machines, dict) else None
    if not isinstance(groups, list):
        return None
    counts = [one.get("InstanceCount") for one in groups if isinstance(one, dict)]
    return sum(count for count in counts if isinstance(count, int))


def _use_machines_of(base: dict[str, Any], fragment: RequestMerge) -> None:
    """Leave out the machines that a list of machines is in the place of, for the service takes one of the two.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    """
    for path in (("ResourceConfig",), ("ProcessingResources", "ClusterConfig")):
        ours: Any = base
        theirs: Any = fragment.members
        for name in path:
            ours = ours.get(name, {})
            theirs = theirs.get(name) if isinstance(theirs, Mapping) else None
        if not isinstance(theirs, Mapping):
            continue
        for name in {"InstanceGroups", "InstancePreferences"} & theirs.keys():
            counts = _counts(theirs[name], ".".join((*path, name)), fragment)
            ours.pop("InstanceType", None)
            if name == "InstanceGroups" or counts:
                ours.pop("InstanceCount", None)
            if name == "InstancePreferences" and base.get("EnableManagedSpotTraining"):
                raise UsageError.naming(
                    "{request_merge:file}: {member}: SageMaker chooses among on-demand machines only. Add {no_spot}.",
                    file=fragment.file,
                    member=".".join((*path, name)),
                )


def _counts(machines: Any, member: str, fragment: RequestMerge) -> list[Any]:
    """The counts in a list of machines, which has some; of what else it may be, the model of the service knows."""
    if not isinstance(machines, list):
        return []
    counts = [one["InstanceCount"] for one in machines if isinstance(one, Mapping) and "InstanceCount" in one]
    if not machines or any(type(count) is int and count < 1 for count in counts):
        raise UsageError.naming(
            "{request_merge:file}: {member}: {why}",
            file=fragment.file,
            member=member,
            why="each InstanceCount is at least 1." if machines else "it is empty. Leave it out.",
        )
    return counts


class _Merger:
    """Merges members into a request, by the shapes of the service's model."""

    def __init__(self, fragment: RequestMerge, model: Model, reasons: Mapping[str, str], *, runs_here: bool) -> None:
        self._file = fragment.file
        self._model = model
        self._reasons = reasons
        self._runs_here = runs_here

    def structure(
        self, shape: str, ours: Any, theirs: Mapping[str, Any], path: str = "", shown: str = ""
    ) -> dict[str, Any]:
        """A structure of ours with the members of theirs; ``shown`` is its path as messages have it."""
        known = self._model.shapes[shape]["members"]
        result = dict(ours) if isinstance(ours, Mapping) else {}
        for name, value in theirs.items():
            place, display = _join(path, name), _join(shown, name)
            if name not in known:
                close = nearest(name, known)
                advice = f" Did you mean {close}?" if close else f" Members: {', '.join(sorted(known))}."
                from importlib.metadata import version

                by = f"as botocore {version('botocore')} knows them"  # a member may be newer than that
                self._refuse(display, f"SageMaker's requests have no such member, {by}.{advice}")
            result[name] = self._member(known[name]["shape"], result.get(name), value, place, display)
        return result

    def _member(self, shape: str, ours: Any, theirs: Any, path: str, shown: str) -> Any:
        if theirs is None:
            self._refuse(shown, "it has no value (null). Leave it out.")
        if theirs == ours:
            return ours
        self._check_free(path, shown)
        kind = self._model.shapes[shape]["type"]
        if kind == "structure":
            if not isinstance(theirs, Mapping):
                self._refuse(shown, "it is an object, {…}.")
            return self.structure(shape, ours, theirs, path, shown)
        if kind == "map":
            if not isinstance(theirs, Mapping):
                self._refuse(shown, "it is an object, {…}.")
            return {**(ours or {}), **theirs}
        if kind == "list":
            if not isinstance(theirs, list):
                self._refuse(shown, "it is a list, […].")
            return self._list(self._model.shapes[shape]["member"]["shape"], ours or [], theirs, path, shown)
        return theirs

    def _list(self, shape: str, ours: list[Any], theirs: list[Any], path: str, shown: str) -> list[Any]:
        """A list in which members that are named are merged with those of their names; other lists are replaced."""
        members = self._model.shapes[shape].get("members", {})
        key = next((name for name in _NAMED_BY if name in members), None)
        if key is None:
            return [
                self.structure(shape, {}, one, f"{path}[]", shown) if members and isinstance(one, Mapping) else one
                for one in theirs
            ]
        result = list(ours)
        places = {one.get(key): number for number, one in enumerate(ours)}
        names: set[str] = set()
        for one in theirs:
            name = one.get(key) if isinstance(one, Mapping) else None
            if not isinstance(name, str):
                self._refuse(shown, f"each of the list is an object with a {key}.")
            if name in names:
                self._refuse(shown, f"{key} {name!r} is there twice.")
            names.add(name)
            display = f"{shown} {name}"
            at = places.get(name)
            before = {} if at is None else result[at]
            if one != before:
                self._check_free(f"{path}[{name}]", display)
            whole = self.structure(shape, before, {key: name, **one}, f"{path}[]", display)
            if at is None:
                result.append(whole)
            else:
                result[at] = whole
        return result

    def _check_free(self, path: str, shown: str) -> None:
        if path in self._reasons:
            template = "{request_merge:file}: {member} is not for a file: " + self._reasons[path] + "."
            raise UsageError.naming(template, file=self._file, member=shown)
        if self._runs_here and path in NOT_HERE:
            raise EngineUnavailable.naming(
                "{request_merge:file}: {member}: this machine has nothing for it. Run on AWS, or leave it out here.",
                file=self._file,
                member=shown,
            )

    def _refuse(self, shown: str, why: str) -> NoReturn:
        raise UsageError.naming("{request_merge:file}: {member}: {why}", file=self._file, member=shown, why=why)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _check_new_channels(request: Mapping[str, Any], merged: Mapping[str, Any], fragment: RequestMerge) -> None:
    """Refuse channels of S3, which options make with the rights to read them, and file systems without a network."""
    for member, name, source in (
        ("InputDataConfig", "ChannelName", "DataSource"),
        ("ProcessingInputs", "InputName", "S3Input"),
    ):
        ours = {one[name] for one in request.get(member, ())}
        for one in merged.get(member, ()):
            content = one.get(source) or {}
            if source == "DataSource" and len(content) != 1:
                raise UsageError.naming(
                    "{request_merge:file}: {member} {channel}: a channel has one DataSource: {sources}.",
                    file=fragment.file,
                    member=member,
                    channel=one[name],
                    sources="not both " + " and ".join(content) if content else "none is given",
                )
            reads_s3 = "S3DataSource" in content if source == "DataSource" else bool(content)
            if reads_s3 and one[name] not in ours:
                raise UsageError.naming(
                    "{request_merge:file}: {member} {channel}: there is no such channel. {input_s3} makes one, with a "
                    "right to read it; the file can add to it.",
                    file=fragment.file,
                    member=member,
                    channel=one[name],
                )
            if "FileSystemDataSource" in content and "VpcConfig" not in merged:
                raise UsageError.naming(
                    "{request_merge:file}: {member} {channel}: a file system is reached by a network of yours. Add "
                    "{vpc_subnets} and {vpc_security_groups}.",
                    file=fragment.file,
                    member=member,
                    channel=one[name],
                )

"""A project file from Python: read when it is asked for, once; each call's arguments are completed by it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..core.specs import DATA_STORES, DataStore
from ..errors import SsmError, UsageError
from ..options.arguments import Arguments
from ..options.project_file.fill import Filled, fill
from ..options.project_file.find import named_file
from ..options.project_file.merge import levels, merge, profile_of
from ..options.project_file.read import ProjectFile, load, parse
from .engines import Engine, Engines
from .options import StrPath

if TYPE_CHECKING:
    import boto3

_BY_METHODS = ("no_wait",)  # what Python says by an argument of its own


class FileSettings:
    """A file and the profile of it that is used. Raises UsageError for a file that cannot be used, or none."""

    def __init__(self, path: StrPath | None, profile: str | None) -> None:
        self._file = _read(path)
        self._profile = profile_of(self._file, profile, "profile", os.environ)

    def project_name(self) -> str:
        """The project's name. Raises UsageError where the file has none."""
        name = self._value("project_name")
        if name is None:
            raise UsageError(f'{self._file.shown} names no project: write name = "NAME" below [project].')
        return name

    def role_name(self) -> str | None:
        """The role of jobs of tasks that name none."""
        return self._value("role_name")

    def engines(self, engine: Engine | None, session: boto3.Session | None) -> Engines:
        """The engines, which see the region and the profile of AWS that the file names."""
        variables: dict[str, str] = {}
        if region := self._value("aws_region"):
            variables |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        if aws_profile := self._value("aws_profile"):
            variables["AWS_PROFILE"] = aws_profile
        data_store: DataStore | None = None
        for store in DATA_STORES:
            if store == self._value("data_store"):
                data_store = store
        return Engines(engine, instance_type=None, data_store=data_store, session=session, variables=variables)

    def fill(self, arguments: Arguments) -> Filled:
        """Complete the arguments of a call."""
        return fill(arguments, self._file, os.environ, profile=self._profile, ignored=_BY_METHODS)

    def _value(self, key: str) -> str | None:
        """A text that the file has for the whole project."""
        one = merge(levels(self._file, self._profile, None), "run", {}, os.environ).get((key, ""))
        return None if one is None else str(one.entry.value)


@contextmanager
def completed(arguments: Arguments, settings: FileSettings | None) -> Iterator[None]:
    """Within, the arguments have what the file says for them; errors say what the file has to do with them."""
    if settings is None:
        yield
        return
    filled = settings.fill(arguments)
    try:
        yield
    except SsmError as error:
        explained = filled.explain(error)
        if explained is error:
            raise
        raise explained from error


def _read(path: StrPath | None) -> ProjectFile:
    if path is None:
        file = load(os.environ)
        if file is None:
            raise UsageError(
                "There is no project file: neither ssm.toml nor [tool.ssm] in pyproject.toml, in the current folder or "
                "one above it."
            )
        return file
    named = os.fspath(path)
    file = parse(named_file(named, f"path {named!r}"))
    if file is None:
        raise UsageError(f"path {named!r}: it has no table [tool.ssm].")
    return file

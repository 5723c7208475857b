"""Searching hyperparameters from Python: the part of a Project that begins studies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from ..options.tune import tune_spec
from .arguments import arguments_of, python_spelling
from .file import FileSettings, completed
from .options import PLACE, StrPath, TuneOptions
from .study import Study, begin_study

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .engines import Engines
    from .job import Job
    from .progress import Progress

_TUNE = TuneOptions.__optional_keys__ | PLACE | {"entry_point", "role_name", "hp_space", "tune_for", "no_wait"}


class Searches:
    """What a Project knows of studies."""

    _file: FileSettings | None
    _engines: Engines
    _progress: Progress
    _with_defaults: Callable[..., dict[str, object]]
    job: Callable[[str], Job]

    def tune(
        self,
        task_name: str,
        entry_point: StrPath | None = None,
        *,
        hp_space: Mapping[str, str | Sequence[object]],
        tune_for: tuple[str, Literal["min", "max", "auto"]] | Mapping[str, str],
        wait: bool = True,
        **options: Unpack[TuneOptions],
    ) -> Study:
        """Search the hyperparameters of a script, as ``ssm tune`` does; a study that there is goes on.

        ``hp_space`` has the range of each hyperparameter, ``"1e-5..1e-1@log"`` or a list of values; ``tune_for`` is a
        metric of ``metric_definitions``, or of a ``built_in`` algorithm, and whether it is to be small or large. Gives
        the study once it has ended; with ``wait=False`` at once, driven by a thread of this process. Raises JobFailed
        or JobStopped for another end, and UsageError, InputNotFound and others of ours before anything is started.
        """
        named = {**options, "task_name": task_name, "entry_point": entry_point}
        named |= {"hp_space": hp_space, "tune_for": tune_for, "no_wait": not wait and options.get("tune_on") == "aws"}
        with python_spelling():
            arguments = arguments_of("tune", self._with_defaults(named, reruns=False), known=_TUNE)
            with completed(arguments, self._file):
                spec = tune_spec(arguments)
            services = self._engines.for_task(spec.task)
            study = begin_study(spec, services, self._progress, self.job)
        study.start()
        if wait:
            study.wait()
        return study

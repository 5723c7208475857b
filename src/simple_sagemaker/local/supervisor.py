"""A job's supervisor: a process that takes a job from Starting to its end, whoever else lives or dies.

Comes in: a job's folder with its request and settings. Goes out: the journal, the logs, the objects in the buckets.
It costs one small process a job; the data is copied once to each host.
"""

from __future__ import annotations

import json
import os
import re
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..layout import split_uri
from ..storage import FolderStore
from . import addresses, artifacts, configs, crew, interpreter, isolation
from .channels import Channel, Item
from .crew import Crew, Ending, Member
from .events import Stream
from .home import Home
from .host import Host, hosts_text
from .jobs import JobFolder
from .mirror import Mirror

_MIRROR_PAUSE_S = 1.0
_MIRROR_SHARE = 10  # of the time, a mirror may use one part in so many
_FINAL = {
    "done": ("Completed", "Completed", "Training job completed"),
    "failed": ("Failed", "Failed", "Training job failed"),
    "stopped": ("Stopped", "Stopped", "Training job stopped"),
    "timeout": ("Stopped", "MaxRuntimeExceeded", "Training job runtime exceeded MaxRuntimeInSeconds"),
}


class StopAsked(Exception):
    """Somebody asked the job to stop before its hosts had started."""


class Supervisor:
    """What is known of the job while it is taken to its end."""

    def __init__(self, job: JobFolder, lock: int) -> None:
        self.job = job
        self.request = job.request()
        settings = json.loads((job.path / "settings.json").read_bytes())
        self.home = Home(Path(settings["home"]))
        self.grace_s: float = settings["stop_grace_s"]
        self.store = FolderStore(self.home.buckets)
        self.python = interpreter.ask(settings["python"], self.home.cache)
        self.isolation = isolation.choose(settings["isolation"], scratch=job.path)
        names = configs.host_names(self.request["ResourceConfig"]["InstanceCount"])
        self.addresses = addresses.reserve(names, self.home.locks)
        self.hosts = [self._host(name) for name in names]
        self.channels: list[tuple[Channel, list[Item]]] = []
        self.mirrors: list[Mirror] = []
        self.streams: list[Stream] = []
        self.locks = [lock, *self.addresses.locks]

    def _host(self, name: str) -> Host:
        number = int(name.rpartition("-")[2]) - 1
        isolated = self.isolation != "plain"
        return Host(name=name, number=number, folder=self.job.host(name), request=self.request, isolated=isolated)

    def run(self) -> None:
        """The whole life of the job; always ends with a final entry in the journal."""
        try:
            self._download()
            ending, reason = self._train()
        except StopAsked:
            self.job.append(secondary="Stopping", message="Stopping the training job")
            ending, reason = "stopped", None
        self._end(ending, reason)

    def _download(self) -> None:
        self.job.append(secondary="Downloading", message="Downloading input data", isolation=self.isolation)
        mode = self.request["AlgorithmSpecification"]["TrainingInputMode"]
        channels = [Channel.of(config, mode) for config in self.request.get("InputDataConfig", ())]
        self.channels = [(channel, channel.items(self.store)) for channel in channels]
        for host in self.hosts:
            host.prepare()
            for channel, items in self.channels:
                self._drain(host.fetch(channel, items, len(self.hosts), self.store))
            if not self.request["AlgorithmSpecification"].get("ContainerEntrypoint"):
                host.place_script(self.store)
            for mirror, restored in self._mirrors_of(host):
                self.mirrors.append(mirror)
                if restored:
                    self._drain(mirror.restore())
            interpreter.layer(self.python, host.layer)

    def _drain(self, steps: Iterator[None]) -> None:
        for _ in steps:
            if self.job.stop_mark.exists():
                raise StopAsked

    def _mirrors_of(self, host: Host) -> Iterator[tuple[Mirror, bool]]:
        names = [one.name for one in sorted(self.hosts, key=lambda one: one.number)]
        checkpoints = self.request.get("CheckpointConfig")
        if checkpoints:
            bucket, key = split_uri(checkpoints["S3Uri"])
            folder = host.inside(configs.checkpoint_path(self.request))
            yield Mirror(folder, bucket, key.rstrip("/") + "/", self.store, host.name, names), True
        board = self.request.get("TensorBoardOutputConfig")
        if board:
            bucket, key = split_uri(board["S3OutputPath"])
            prefix = f"{key.rstrip('/')}/{self.job.name}/tensorboard-output/".lstrip("/")
            folder = host.inside(configs.tensorboard_path(self.request))
            yield Mirror(folder, bucket, prefix, self.store, host.name, names, deletes=False), False

    def _train(self) -> tuple[Ending, str | None]:
        self.home.environments.mkdir(parents=True, exist_ok=True)
        hosts_file = self.job.path / "hosts"
        hosts_file.write_text(hosts_text(self.addresses), encoding="utf-8")
        self.job.append(secondary="Training", message="Training image download completed. Training in progress.")
        members: list[Member] = []
        for host in self.hosts:
            members.append(self._start(host, hosts_file, members))
        limit = self.request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 24 * 60 * 60)
        running = Crew(
            members=members,
            stop_asked=self.job.stop_mark.exists,
            background=self._mirroring(),
            grace_s=self.grace_s,
            deadline=time.monotonic() + limit,
            on_ending=self._note_ending,
        )
        ending = running.watch()
        self.streams = [member.stream for member in members]
        return self._verdict(ending, running)

    def _start(self, host: Host, hosts_file: Path, earlier: Sequence[Member]) -> Member:
        read, write = os.pipe()
        launch = isolation.Launch(
            argv=host.argv(),
            environment=host.environment(self.python, self.home.environments, self.addresses),
            cwd="/",
            hostname=host.name,
            output=write,
        )
        channels = [channel for channel, _ in self.channels]
        view = host.view(self.python, self.home.environments, hosts_file, channels)
        others = [descriptor for member in earlier for descriptor in (member.output, member.started.errors)]
        close = [read, *self.locks, *others]
        started = isolation.start(self.isolation, launch, view, root=str(host.root), close=close)
        os.close(write)
        return Member(name=host.name, started=started, output=read, stream=self._stream(host))

    def _stream(self, host: Host) -> Stream:
        definitions = self.request["AlgorithmSpecification"].get("MetricDefinitions", ())
        patterns = [(definition["Name"], re.compile(definition["Regex"])) for definition in definitions]
        return Stream(host=host.name, folder=self.job.logs, patterns=patterns)

    def _mirroring(self) -> Iterator[bool]:
        """Passes over all mirrors, each after a pause that grows with how long the last one took.

        Each step says whether it did something.
        """
        due = 0.0
        while True:
            if time.monotonic() < due:
                yield False
                continue
            began = time.monotonic()
            for mirror in self.mirrors:
                for _ in mirror.pass_once():
                    yield True
            now = time.monotonic()
            due = now + max(_MIRROR_PAUSE_S, (now - began) * _MIRROR_SHARE)

    def _note_ending(self, ending: Ending) -> None:
        if ending in {"stopped", "timeout"}:
            self.job.append(secondary="Stopping", message="Stopping the training job")

    def _verdict(self, ending: Ending, running: Crew) -> tuple[Ending, str | None]:
        """The ending and, for a failure, its reason. A failure file makes a job fail whatever its exit status."""
        if ending == "failed" and running.first_failed:
            member = running.first_failed
            return "failed", _reason(self._failure(member.name), member.code or 0)
        if ending == "done":
            for member in running.members:
                text = self._failure(member.name)
                if text:
                    return "failed", _reason(text, 0)
        return ending, None

    def _failure(self, name: str) -> str:
        path = self.job.host(name) / "opt" / "ml" / "output" / "failure"
        try:
            return path.read_bytes()[:4096].decode("utf-8", "replace")[:1024]
        except (FileNotFoundError, IsADirectoryError):
            return ""

    def _end(self, ending: Ending, reason: str | None) -> None:
        detected = time.time()
        for mirror in self.mirrors:
            for _ in mirror.pass_once():
                pass
        if ending in {"done", "failed"}:
            self.job.append(secondary="Uploading", message="Uploading generated training model")
        self._upload()
        status, secondary, message = _FINAL[ending]
        metrics = list(self._last_metrics().values())
        self.job.append(
            status=status, secondary=secondary, message=message, reason=reason, metrics=metrics, detected=detected
        )
        self._tidy()

    def _upload(self) -> None:
        bucket, key = split_uri(self.request["OutputDataConfig"]["S3OutputPath"])
        prefix = f"{key.rstrip('/')}/{self.job.name}/output".lstrip("/")
        in_order = sorted(self.hosts, key=lambda host: host.number)
        models = [host.base / "model" for host in in_order]
        outputs = [in_order[0].base / "output" / "data"]
        for name, folders in (("model", models), ("output", outputs)):
            present = [folder for folder in folders if folder.is_dir()]
            scratch = self.job.path / f"{name}.tar.gz"
            clashes = artifacts.upload(
                present, self.store, bucket=bucket, key=f"{prefix}/{name}.tar.gz", scratch=scratch
            )
            if clashes:
                self.job.append(
                    note=f"{name}: several hosts wrote {', '.join(clashes[:20])}; the last host's were kept"
                )

    def _last_metrics(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for stream in self.streams:
            for name, point in stream.last_values.items():
                if name not in found or found[name]["at"] <= point["at"]:
                    found[name] = point
        return found

    def _tidy(self) -> None:
        """Drop what only the running job needed."""
        import shutil

        for host in self.hosts:
            for path in (host.folder / "tmp", host.layer, host.root):
                shutil.rmtree(path, ignore_errors=True)


def _reason(text: str, code: int) -> str:
    tail = f", exit code: {code}"
    return f"AlgorithmError: {text}"[: 1024 - len(tail)] + tail


def main(words: Sequence[str]) -> None:
    """The process: ``JOB-FOLDER LOCK-DESCRIPTOR``. The lock stays ours until the process is gone."""
    job, lock = JobFolder(Path(words[0])), int(words[1])
    os.set_inheritable(lock, False)
    crew.adopt_orphans()
    try:
        Supervisor(job, lock).run()
    except Exception as error:  # noqa: BLE001  whatever it is, the job must not stay InProgress
        traceback.print_exc()
        crew.kill_descendants()
        job.append(
            status="Failed",
            secondary="Failed",
            message="Training job failed",
            reason=f"InternalServerError: {type(error).__name__}: {error} (see {job.path / 'supervisor.log'})",
        )

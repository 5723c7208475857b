"""Takes a host's objects through the model: split, asked, joined, assembled; one output for each object, or none.

In: the job's description and the objects as files. Out: a file for each object whose records were all answered, the
lines that AWS writes into a job's data log, and why the job fails, if it does.
"""

import gzip
import os
import sys
import time
import zlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from . import splitting
from .joining import BadOutput, Processing
from .splitting import BadInput

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import IO, Any, Iterator

    from .pool import Answer, Pool

CLIENT, ALGORITHM = "ClientError", "AlgorithmError"
_MOST_LINES = 100  # of an error that the model answers
_DAMAGED = (OSError, EOFError, zlib.error)


class Batch:
    """The records of one request: as they are sent, and as they are joined to the answer."""

    def __init__(self, sent: "list[bytes]", records: "list[Any]") -> None:
        self.sent = sent
        self.records = records


class Object:
    """One object of the input, and the output that is written for it."""

    def __init__(self, described: "dict[str, str]", folder: str) -> None:
        self.address = described["address"]
        self.source = os.path.join(folder, "input", described["file"])
        self._target = os.path.join(folder, "output", described["file"])
        self._part = None  # type: IO[bytes] | None
        self.failed = False

    def write(self, pieces: "Iterator[bytes]") -> None:
        """Add to the output."""
        if self._part is None:
            self._part = open(self._target + ".part", "wb")  # noqa: SIM115 - closed when it is complete
        for piece in pieces:
            self._part.write(piece)

    def finish(self) -> None:
        """Complete the output, or remove that of an object that failed."""
        self.write(iter(()))
        if self._part is not None:
            self._part.close()
        if self.failed:
            os.remove(self._target + ".part")
        else:
            os.rename(self._target + ".part", self._target)


class Driver:
    """Runs the job of a host. ``job`` is the description that the engine wrote, ``folder`` where it lies."""

    def __init__(self, job: "dict[str, Any]", folder: str, pool: "Pool") -> None:
        self._job = job
        self._pool = pool
        self._objects = [Object(one, folder) for one in job["files"]]
        self._split = job["split_type"]  # type: str
        self._several = job["batch_strategy"] == "MultiRecord"
        self._separator = splitting.separator_of(self._split)
        mib = job["max_payload_mb"]
        self._most = mib << 20 if mib else None  # type: int | None
        self._processing = Processing(
            job["input_filter"],
            job["output_filter"],
            joins=job["join_source"] == "Input",
            content_type=(job["content_type"] or "").split(";")[0].strip(),
        )
        self._timeout_s = job["timeout_s"]  # type: float
        self._head = {"content_type": job["content_type"], "accept": job["accept"]}
        self.failure = ""

    def run(self) -> str:
        """Take all objects through the model; return why the job fails, or an empty text."""
        concurrent = self._job["max_concurrent"]
        strategy = "MULTI_RECORD" if self._several else "SINGLE_RECORD"
        text = "MaxConcurrentTransforms={}, MaxPayloadInMB={}, BatchStrategy={}"
        say(text.format(concurrent, self._job["max_payload_mb"], strategy))
        waiting = deque()  # type: deque[tuple[Object, Batch | None, Future[Answer | None] | None]]
        with ThreadPoolExecutor(concurrent) as threads:
            for one in self._objects:
                for batch in self._batches(one):
                    body = self._separator.join(batch.sent)
                    waiting.append((one, batch, threads.submit(self._pool.ask, self._head, body, self._timeout_s)))
                    self._take(waiting, 2 * concurrent)
                    if one.failed:
                        break
                waiting.append((one, None, None))  # its end
                self._take(waiting, 2 * concurrent)
            self._take(waiting, 0)
        return self.failure

    def _batches(self, one: Object) -> "Iterator[Batch]":
        """The requests for an object. One that cannot be read to its end has failed."""
        try:
            with _open(one.source, self._job["compression"]) as file:
                framed = self._several and self._split in ("RecordIO", "TFRecord")
                records = splitting.split(file, self._split, self._most, framed=framed)
                originals = deque()  # type: deque[Any]
                for sent in splitting.collect(
                    self._chosen(records, originals), self._most, self._separator, several=self._several
                ):
                    yield Batch(sent, [originals.popleft() for _ in sent])
        except BadInput as error:
            self._fail(one, CLIENT, str(error))
        except _DAMAGED as error:
            self._fail(one, CLIENT, "Unable to read the object: {}".format(error))

    def _chosen(self, records: "Iterator[bytes]", originals: "deque[Any]") -> "Iterator[bytes]":
        for record in records:
            sent, original = self._processing.choose(record)
            originals.append(original)
            yield sent

    def _take(self, waiting: "deque[tuple[Object, Batch | None, Future[Answer | None] | None]]", left: int) -> None:
        """Add answers to their outputs, in the order of the requests, until so many are left."""
        while len(waiting) > left:
            one, batch, asked = waiting.popleft()
            if batch is None or asked is None:
                one.finish()
            else:
                answer = asked.result()
                if not one.failed:
                    self._write(one, batch, answer)

    def _write(self, one: Object, batch: Batch, answer: "Answer | None") -> None:
        """Add an answer to the output of its object."""
        if answer is None:
            self._fail(one, ALGORITHM, "Unable to get response from algorithm")
        elif answer.status >= 400:
            is_ours = answer.status < 500
            head = "ClientError: {}" if is_ours else "Bad HTTP status received from algorithm: {}"
            message = answer.body.decode("utf-8", "replace").splitlines()[:_MOST_LINES]
            kind = CLIENT if is_ours else ALGORITHM
            self._fail(one, kind, "\n".join([head.format(answer.status), "", "Message:", *message]))
        else:
            try:
                records = [answer.body]
                if self._processing.changes_output:
                    records = self._processing.join(batch.records, answer.body)
                one.write(splitting.assemble(records, self._job["assemble_with"]))
            except BadOutput as error:
                self._fail(one, CLIENT, str(error))

    def _fail(self, one: Object, kind: str, text: str) -> None:
        one.failed = True
        self.failure = self.failure or "{}: See job logs for more information".format(kind)
        for line in text.split("\n"):
            say("{}: {}".format(one.address, line))


def _open(path: str, compression: str) -> "IO[bytes]":
    if compression == "Gzip":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return open(path, "rb")


def say(text: str) -> None:
    """Write a line in the form of AWS's data log."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    sys.stdout.write("{}.{:03.0f}:[sagemaker logs]: {}\n".format(stamp, now % 1 * 999, text))
    sys.stdout.flush()

"""Profiles a script: where its time goes, by Python's own cProfile or by PyTorch's profiler.

The script runs as the main module of this process, as if it had been started by itself. A profile that cannot be made
or written is told in a line, and never ends a job.
"""

import importlib.machinery
import os
import signal
import sys

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

FOLDER = "profile"
SHOWN = 10  # functions in the log
WAIT, WARM_UP, ACTIVE = 5, 3, 10  # steps of an optimizer: passed over, warming the profiler up, recorded


def run(kind: str, script: str, arguments: "list[str]") -> None:
    """Run the script, and profile it: ``cprofile`` or ``torch``. Ends as the script does."""
    sys.argv[:] = [script, *arguments]
    profiler, process = _start(kind), os.getpid()

    def stop(number: int, _: object) -> None:
        if os.getpid() == process:
            _finish(profiler)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # ends as the script would have

    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, stop)
    _leave_to_this_process(profiler, stop)
    namespace = sys.modules["__main__"].__dict__
    code = _prepare(script, namespace)
    if profiler is not None:
        profiler.begin()
    try:
        exec(code, namespace)  # noqa: S102 - the person's own script, which would have been started anyway
    finally:
        if os.getpid() == process:
            _finish(profiler)


def _prepare(script: str, namespace: "dict[str, Any]") -> "Any":
    """Make the main module that of the script, empty yet, and return its code: of a package, or of a file alone."""
    for name in [name for name in namespace if not name.startswith("__")]:
        del namespace[name]
    # Absolute as Python itself makes it: https://docs.python.org/3/whatsnew/3.9.html#other-language-changes
    path = os.path.abspath(script) if sys.version_info >= (3, 9) else script
    loader = importlib.machinery.SourceFileLoader("__main__", path)  # type: Any
    namespace.update(__spec__=None, __package__=None, __doc__=None, __file__=path, __cached__=None, __loader__=loader)
    root = sys.path[0]
    if os.path.exists(os.path.join(root, "setup.py")):
        from importlib import util

        module = (script[:-3] if script.endswith(".py") else script).replace("/", ".")
        spec = util.find_spec(module)
        loader = spec.loader if spec is not None else None
        if spec is not None and hasattr(loader, "get_code"):
            namespace.update(__spec__=spec, __package__=spec.parent, __file__=spec.origin, __loader__=loader)
            sys.argv[0] = str(spec.origin)
            return loader.get_code(module)
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    with open(script, "rb") as file:
        return compile(file.read(), path, "exec")


def _start(kind: str) -> "Any":
    """A profiler of the kind; None, and a line, where there can be none."""
    try:
        return _Functions() if kind == "cprofile" else _Steps()
    except Exception as error:  # noqa: BLE001 - whatever a library of the job raises
        _say("nothing is profiled: {}".format(error))
        return None


def _finish(profiler: "Any") -> None:
    if profiler is None:
        return
    try:
        profiler.finish()
    except Exception as error:  # noqa: BLE001 - as above, and disks are full
        _say("the profile could not be written: {}".format(error))


def _leave_to_this_process(profiler: "Any", handler: "Any") -> None:
    """See to it that forks of this process have neither profile nor handler: they are not in the profile.

    SIGTERM waits while a fork is made: Python would forget one that its handler has noted by then.
    """
    masks = []  # type: list[Any]

    def hold() -> None:
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]))

    def release() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.pop())

    def forget() -> None:
        if signal.getsignal(signal.SIGTERM) is handler:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if profiler is not None:
            profiler.pause()
        release()

    register = getattr(os, "register_at_fork", None)  # since Python 3.7
    if register is not None:
        register(before=hold, after_in_parent=release, after_in_child=forget)


def _say(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write("simple-sagemaker: profile: {}\n".format(text))
    sys.stderr.flush()


def _worker() -> str:
    """A name for this process among all of the job."""
    host, rank = os.environ.get("SM_CURRENT_HOST", "algo-1"), os.environ.get("RANK")
    return host if rank is None else "{}-rank-{}".format(host, rank)


def _folder(variable: str) -> str:
    folder = os.path.join(os.environ.get(variable) or os.getcwd(), FOLDER)
    os.makedirs(folder, exist_ok=True)
    return folder


def _import_own(*names: str) -> "list[Any]":
    """Python's own modules of these names, whatever files are beside the script: its ``profile.py`` stays its own."""
    before, places, root = set(sys.modules), sys.path[:], os.path.abspath(sys.path[0])
    sys.path[:] = [place for place in places if os.path.abspath(place) != root]
    try:
        return [importlib.import_module(name) for name in names]
    finally:
        sys.path[:] = places
        for name in {"profile", *names} - before:
            sys.modules.pop(name, None)


class _Functions:
    """Python's cProfile over the main thread, in the output folder; the costliest functions are in the log too."""

    def __init__(self) -> None:
        cProfile, self._pstats = _import_own("cProfile", "pstats")
        self._profile = cProfile.Profile()
        self._is_open = True

    def begin(self) -> None:
        self._profile.enable()

    def pause(self) -> None:
        self._profile.disable()

    def finish(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._profile.disable()
        path = os.path.join(_folder("SM_OUTPUT_DATA_DIR"), "{}.prof".format(_worker()))
        self._profile.dump_stats(path)
        _say("{}, which python -m pstats and snakeviz read. The most time, in all and by itself:".format(path))
        stats = getattr(self._pstats.Stats(path), "stats", {})  # type: dict[Any, Any]
        costly = sorted(stats.items(), key=lambda one: -one[1][2])[:SHOWN]
        for (file, line, function), (_, calls, own_s, whole_s, _) in costly:
            place = function if line == 0 else "{}:{} {}".format(os.path.basename(file), line, function)
            _say("{:9.3f} s {:9.3f} s {:9,} calls  {}".format(whole_s, own_s, calls, place))


class _Steps:
    """PyTorch's profiler over a few steps of the optimizer, in the folder for TensorBoard."""

    def __init__(self) -> None:
        try:
            import torch.profiler  # type: ignore[import-not-found]
            from torch.optim.optimizer import register_optimizer_step_post_hook  # type: ignore[import-not-found]
        except ImportError as error:
            raise RuntimeError("PyTorch 2 or later is needed ({})".format(error)) from error
        self._torch = torch  # type: Any
        self._profiler = None  # type: Any
        self._steps = 0
        self._is_written = False
        self._is_over = False
        register_optimizer_step_post_hook(self._step)

    def begin(self) -> None:
        """Nothing begins before the first step."""

    def pause(self) -> None:
        self._is_over = True

    def _step(self, *_: object) -> None:
        """Note the end of a step; a fault of the profiler must not become one of the training.

        The hook stays while steps are made: PyTorch goes through the hooks, and bears no change of them meanwhile.
        """
        if self._is_over:
            return
        self._steps += 1
        try:
            if self._profiler is None:
                self._profiler = self._make()
                self._profiler.start()
            else:
                self._profiler.step()
        except Exception as error:  # noqa: BLE001 - as above
            _say("stopped: {}".format(error))
            self._profiler, self._is_over = None, True
        else:
            if self._is_written:
                self.finish()

    def _make(self) -> "Any":
        profiler = self._torch.profiler
        kinds = [profiler.ProfilerActivity.CPU]
        if self._torch.cuda.is_available():
            kinds.append(profiler.ProfilerActivity.CUDA)
        return profiler.profile(
            activities=kinds,
            schedule=profiler.schedule(wait=WAIT, warmup=WARM_UP, active=ACTIVE, repeat=1),
            on_trace_ready=self._write,
            record_shapes=True,
            profile_memory=True,
        )

    def _write(self, profile: "Any") -> None:
        self._is_written = True
        folder = _folder("SSM_TENSORBOARD_DIR")
        self._torch.profiler.tensorboard_trace_handler(folder, worker_name=_worker())(profile)
        _say(
            "steps {} to {} in {}; 'ssm board' shows it with torch-tb-profiler".format(
                WAIT + WARM_UP + 2, self._steps, folder
            )
        )

    def finish(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        profiler, self._profiler = self._profiler, None
        if profiler is not None:
            profiler.stop()
        elif not self._steps:
            _say("no optimizer of PyTorch made a step, so there is nothing to record")
        if self._steps and not self._is_written:
            least = WAIT + WARM_UP + 2
            _say("{} steps of the optimizer; what is recorded begins with step {}".format(self._steps, least))

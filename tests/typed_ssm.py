"""``ssm`` as a program that shells and scripts of a test find on their path.

It starts as in tests/forked_ssm.py, which spares four fifths of a command's time: a small program asks the test's
process for a fork with its words, folder, environment and output, and ends as the fork does. Where a fork would not
do the same, and in the long run, it is what an installation has.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import shlex
import shutil
import signal
import socket
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

from tests import forked_ssm
from tests.counts import LONG

_LARGEST = 1 << 18
_ANEW = b"anew"  # the answer where it has to start as always
_ASKING = """#!{python} -IS
import json, os, signal, socket, sys
anew = [{python!r}, "-m", "simple_sagemaker.cli.main", *sys.argv[1:]]
given, nothing = os.fstat(0), os.stat(os.devnull)
if (given.st_dev, given.st_ino) != (nothing.st_dev, nothing.st_ino):  # a fork has no input
    os.execv(anew[0], anew)
asked = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
asked.connect({address!r})
pid = 0
def tell(number, _):
    if pid:
        os.kill(pid, number)
    else:
        sys.exit(128 + number)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, tell)
request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(asked, [request], [1, 2])
answer = asked.recv(100)
if answer == {anew!r}:
    os.execv(anew[0], anew)
pid = int(answer)
status = int(asked.recv(100))
if status < 0:
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


def install(folder: Path) -> Path:
    """Write the program ``ssm`` into a folder, for the time of this process; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "linux" and not LONG:
        text = _ASKING.format(python=sys.executable, address=_address(), anew=_ANEW)
    else:
        text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m simple_sagemaker.cli.main "$@"\n'
    (folder / "ssm").write_text(text, encoding="utf-8")
    (folder / "ssm").chmod(0o755)
    return folder


@cache
def _address() -> str:
    """Where this process listens for the programs."""
    folder = tempfile.mkdtemp(prefix="typed-ssm-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(f"{folder}/asked")
    listening.listen(64)
    threading.Thread(target=_listen, args=(listening,), daemon=True).start()
    return f"{folder}/asked"


def _listen(listening: socket.socket) -> None:
    while True:
        asking, _ = listening.accept()
        threading.Thread(target=_answer, args=(asking,), daemon=True).start()


def _answer(asking: socket.socket) -> None:
    """Start one command and tell how it ends; a program that sees no answer fails."""
    with asking:
        request, output, _, _ = socket.recv_fds(asking, _LARGEST, 2)
        try:
            words, folder, environment = json.loads(request)
            if not forked_ssm.can_fork(words, Path(folder), environment):
                asking.send(_ANEW)
                return
            pid, report = forked_ssm.start(words, Path(folder), environment, output)
        finally:
            for one in output:
                os.close(one)
        with report:
            asking.send(str(pid).encode())
            ready, _, _ = select.select([report, asking], [], [])
            if report not in ready:  # the program was killed, which is meant for the fork
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(BrokenPipeError):
                asking.send(report.recv(100))

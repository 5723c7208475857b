"""Two ways to what was typed: hyperparameters by name, and everything after ``--`` in sys.argv."""

import sys

from worker_toolkit import worker_lib

config = worker_lib.WorkerConfig(False)
print("-***-", config.hps["msg"])
print("-***- words:", sys.argv[1:])

"""The program that runs in a script's place when it is profiled: ``profiled.py KIND SCRIPT [ARGUMENT ...]``."""

import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # the code's root, as for the script itself

from ssm_launcher import profiling  # type: ignore[import-not-found]  # noqa: E402 - by the path that was just set

profiling.run(sys.argv[1], sys.argv[2], sys.argv[3:])

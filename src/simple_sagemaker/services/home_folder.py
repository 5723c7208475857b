"""Where this machine's engine keeps everything. Loads nothing: a shell's completion asks at every TAB."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping


def home_path(environment: Mapping[str, str]) -> str:
    """``$SSM_HOME``, else the folder where this platform keeps a user's data."""
    if named := environment.get("SSM_HOME"):
        return named if os.path.isabs(named) else os.path.join(os.getcwd(), named)
    home = environment.get("HOME") or os.path.expanduser("~")
    if sys.platform == "win32":
        return os.path.join(environment.get("LOCALAPPDATA") or home, "simple-sagemaker")
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Application Support", "simple-sagemaker")
    return os.path.join(environment.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share"), "simple-sagemaker")

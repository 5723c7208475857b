"""What the clients' processing jobs run: it lists its input, and writes a result and a message."""

import json
import os
import pathlib
import sys

base = pathlib.Path("/opt/ml")
host = json.loads((base / "config/resourceconfig.json").read_text())["current_host"]
names = sorted(path.name for path in (base / "processing/input/data").iterdir())
print("input", names, sys.argv[1:], os.environ.get("GREETING"))
(base / "processing/result" / host).write_text(" ".join(names))
(base / "output/message").write_text("from " + host + ";")

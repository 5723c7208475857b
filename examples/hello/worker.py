"""The smallest job: every host says who it is and leaves a file in the model."""

import os
import pathlib

host = os.environ["SM_CURRENT_HOST"]
print(f"-***- hello from {host}, one of {os.environ['SM_HOSTS']}")
pathlib.Path(os.environ["SM_MODEL_DIR"], host).write_text("a line of the model\n")

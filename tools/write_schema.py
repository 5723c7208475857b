"""Write ``docs/schemas/ssm-toml.json``, the schema of the project file: ``python tools/write_schema.py``."""

from __future__ import annotations

from pathlib import Path

from simple_sagemaker.cli.config import schema_text

FILE = Path(__file__).parents[1] / "docs" / "schemas" / "ssm-toml.json"

if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(schema_text(), encoding="utf-8")

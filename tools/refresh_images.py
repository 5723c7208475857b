"""Write ``image_data/*.json`` and ``built_in_images.json`` in ``images/`` from the facts in AWS's published SDK.

Nothing is downloaded here. Fetch and unpack the SDK first, version 3's core or version 2::

    pip download --no-deps sagemaker-core==2.27.0     # or sagemaker==2.257.7
    unzip sagemaker_core-*.whl -d sdk
    python -m tools.refresh_images sdk

With ``--record FILE``, in an environment where that SDK is installed, also write what the SDK itself answers for a
table of questions: ``tests/unit/images/test_frameworks.py`` holds our answers against it.
"""

from __future__ import annotations

import argparse
import ast
import datetime as dt
import json
import re
import sys
from pathlib import Path
from typing import Any

from tools.image_rows import rows, scope_of
from tools.sdk_answers import record

FRAMEWORKS = (
    *("autogluon", "chainer", "coach-mxnet", "coach-tensorflow", "huggingface", "huggingface-training-compiler"),
    *("mxnet", "pytorch", "pytorch-smp", "pytorch-training-compiler", "ray-pytorch", "ray-tensorflow"),
    *("sklearn", "tensorflow", "vw", "xgboost"),
    *("clarify", "data-wrangler", "sagemaker-geospatial", "spark"),  # for processing jobs alone
)
# Images of a framework that the SDK has as a framework of its own.
FURTHER = {
    "pytorch": ("pytorch-amzn2023", "pytorch-neuron", "hyperpod-recipes-neuron"),
    "huggingface": ("huggingface-neuronx",),
}
# By which name the SDK answers for those; "" where it refuses: their tests compare with texts, not with the SDK.
ASKED = {"pytorch-neuron": "pytorch", "hyperpod-recipes-neuron": "", "huggingface-neuronx": ""}
# Frameworks whose short versions the SDK maps to something else: pytorch-smp's to versions of its library, and the
# other's would be in an address that was never published.
WITHOUT_ALIASES = ("huggingface-training-compiler", "pytorch-smp")
# Built-in algorithms with one image for every machine; XGBoost's images are a framework's as well.
ALGORITHMS = (
    "blazingtext",
    "factorization-machines",
    "forecasting-deepar",
    "image-classification",
    "ipinsights",
    "kmeans",
    "knn",
    "lda",
    "linear-learner",
    "ntm",
    "object-detection",
    "object2vec",
    "pca",
    "randomcutforest",
    "semantic-segmentation",
    "seq2seq",
)
IMAGES = Path(__file__).parents[1] / "src" / "simple_sagemaker" / "images"
TO = IMAGES / "image_data"

Json = dict[str, Any]


def find(unpacked: Path) -> tuple[Path, Json]:
    """The folder of image data in an unpacked SDK, and which package and version it is."""
    folders = sorted(unpacked.rglob("image_uri_config"))
    infos = [path for path in sorted(unpacked.rglob("METADATA")) if path.parent.name.startswith("sagemaker")]
    if len(folders) != 1 or len(infos) != 1:
        sys.exit(f"{unpacked} is no unpacked wheel of sagemaker or sagemaker-core: it needs one of each")
    words = dict(re.findall(r"^(Name|Version): (.+)$", infos[0].read_text(encoding="utf-8"), flags=re.MULTILINE))
    today = dt.datetime.now(tz=dt.timezone.utc).date().isoformat()
    return folders[0], {"package": words["Name"], "version": words["Version"], "read": today}


def by_account(registries: dict[str, str]) -> dict[str, str]:
    """Account to its regions in one string, the shortest form of region to account."""
    regions: dict[str, list[str]] = {}
    for region, account in sorted(registries.items()):
        regions.setdefault(account, []).append(region)
    return {account: " ".join(names) for account, names in sorted(regions.items())}


def exceptions(folder: Path, framework: str) -> dict[str, str]:
    """Tags that get a suffix on p4d machines; the SDK has them in its code, not in its data."""
    code = ast.parse((folder.parent / "image_uris.py").read_text(encoding="utf-8"))
    found = [
        node.value
        for node in ast.walk(code)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if node.targets[0].id == "container_versions" and isinstance(node.value, ast.Dict)
    ]
    table: dict[str, str] = ast.literal_eval(found[0])
    start = f"{framework}-"
    return {tag.removeprefix(start): suffix for tag, suffix in sorted(table.items()) if tag.startswith(start)}


def compact(folder: Path, framework: str) -> Json:
    """What ``published.py`` reads for one framework."""
    accounts: list[dict[str, str]] = []
    versions: dict[str, list[Any]] = {}
    for name in (framework, *FURTHER.get(framework, ())):
        for version, row in rows(folder, name):
            row[3] = number_of(accounts, row[3])
            if name != framework:
                row[4]["sdk"] = ASKED.get(name, name)
            versions.setdefault(version, []).append(row if row[4] else row[:4])
    source = scope_of(folder, framework)
    return {
        "scope": source["scope"],
        "aliases": {} if framework in WITHOUT_ALIASES else source.get("version_aliases", {}),
        "p4d": exceptions(folder, framework),
        "accounts": accounts,
        "versions": versions,
    }


def number_of(accounts: list[dict[str, str]], registries: dict[str, str]) -> int:
    """The place of a map of accounts in the list of them, which grows."""
    owners = by_account(registries)
    if owners not in accounts:
        accounts.append(owners)
    return accounts.index(owners)


def lines(provenance: Json, facts: Json) -> str:
    """JSON with one line for each version and each map of accounts."""

    def block(name: str, items: list[str], brackets: str) -> str:
        return f' "{name}": {brackets[0]}\n  ' + ",\n  ".join(items) + f"\n {brackets[1]}"

    def key(version: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", version)]

    parts = [
        f' "from": {json.dumps(provenance)}',
        f' "scope": {json.dumps(facts["scope"])}',
        f' "aliases": {json.dumps(facts["aliases"], sort_keys=True)}',
        f' "p4d": {json.dumps(facts["p4d"], sort_keys=True)}',
        block("accounts", [json.dumps(owners) for owners in facts["accounts"]], "[]"),
        block(
            "versions",
            [
                f"{json.dumps(name)}: {json.dumps(facts['versions'][name])}"
                for name in sorted(facts["versions"], key=key)
            ],
            "{}",
        ),
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def built_ins(folder: Path, provenance: Json) -> str:
    """What ``built_in.py`` reads, as JSON: the versions of each algorithm, with their repository and accounts."""
    accounts: list[dict[str, str]] = []
    algorithms: dict[str, dict[str, list[object]]] = {}
    for name in ALGORITHMS:
        source = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        if set(source) != {"scope", "versions"} or "training" not in source["scope"]:
            sys.exit(f"{name} is not of the form that built_in.py knows: {set(source)}")
        for version, build in source["versions"].items():
            if set(build) != {"registries", "repository"}:
                sys.exit(f"{name} {version} has {set(build)}, which built_in.py does not know")
            row = [build["repository"], number_of(accounts, build["registries"])]
            algorithms.setdefault(name, {})[version] = row
    parts = [f' "from": {json.dumps(provenance)}']
    parts += [' "accounts": [\n  ' + ",\n  ".join(json.dumps(owners) for owners in accounts) + "\n ]"]
    rows = (f"{json.dumps(name)}: {json.dumps(versions)}" for name, versions in algorithms.items())
    parts += [' "algorithms": {\n  ' + ",\n  ".join(rows) + "\n }"]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Read the words, write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sdk", type=Path, help="the unpacked wheel, or the environment's site-packages")
    parser.add_argument("--record", type=Path, metavar="FILE", help="also ask the installed SDK, and write its answers")
    words = parser.parse_args()
    folder, provenance = find(words.sdk)
    everything = {framework: compact(folder, framework) for framework in FRAMEWORKS}
    TO.mkdir(exist_ok=True)
    for framework, facts in everything.items():
        file = TO / f"{framework}.json"
        file.write_text(lines(provenance, facts), encoding="utf-8")
        print(f"{file}: {len(facts['versions'])} versions, {file.stat().st_size} bytes")
    (IMAGES / "built_in_images.json").write_text(built_ins(folder, provenance), encoding="utf-8")
    if words.record:
        record(provenance, everything, words.record)


if __name__ == "__main__":
    main()

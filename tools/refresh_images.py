"""Write ``src/simple_sagemaker/images/image_data/*.json`` from the facts in AWS's published SDK.

Nothing is downloaded here. Fetch and unpack the SDK first, version 3's core or version 2::

    pip download --no-deps sagemaker-core==2.27.0     # or sagemaker==2.257.7
    unzip sagemaker_core-*.whl -d sdk
    python tools/refresh_images.py sdk

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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FRAMEWORKS = ("huggingface", "pytorch", "sklearn", "tensorflow", "xgboost")
# Newer images of a framework that the SDK has as a framework of its own, and their Python, which the SDK does not say.
# https://github.com/aws/deep-learning-containers, docker/pytorch: one Python for all
FURTHER = {"pytorch": [("pytorch-amzn2023", "py312")]}
MACHINES = {"cpu": "ml.m5.large", "gpu": "ml.p3.2xlarge"}
TO = Path(__file__).parents[1] / "src" / "simple_sagemaker" / "images" / "image_data"

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


def builds(version: Json) -> Iterator[tuple[list[str], str, Json]]:
    """The Python versions of a framework version and what it is built on, each with its own facts."""
    if "repository" in version:
        yield version.get("py_versions", []), "", version
        return
    for name, build in version.items():
        if name.startswith(("pytorch", "tensorflow")):
            yield build["py_versions"], name, build
        elif name != "version_aliases":
            yield [name], "", build


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
    """What ``frameworks.py`` reads for one framework."""
    source = json.loads((folder / f"{framework}.json").read_text(encoding="utf-8"))["training"]
    accounts: list[dict[str, str]] = []
    versions: Json = {}
    for name, version in source["versions"].items():
        rows = []
        for pys, base, build in builds(version):
            unknown = set(build) - {"registries", "repository", "py_versions", "processors", "container_version"}
            if unknown:
                sys.exit(f"{framework} {name} has {unknown}, which frameworks.py does not know")
            owners = number_of(accounts, build["registries"])
            processors = source.get("processors") or build.get("processors", [])
            row = [build["repository"], " ".join(pys), " ".join(processors), owners]
            suffixes = {*build.get("container_version", {}).values()}
            if len(suffixes) > 1:
                sys.exit(f"{framework} {name} has {suffixes}, and frameworks.py knows one for all machines")
            rows.append([*row, base, *suffixes] if base or suffixes else row)
        versions[name] = rows
    for further, py in FURTHER.get(framework, ()):
        versions |= whole_tags(folder, further, py, accounts)
    return {
        "aliases": source.get("version_aliases", {}),
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


def whole_tags(folder: Path, framework: str, py: str, accounts: list[dict[str, str]]) -> Json:
    """The versions of a framework whose tags name neither processor nor Python: the rest of the tag by processor."""
    source = json.loads((folder / f"{framework}.json").read_text(encoding="utf-8"))["training"]
    versions: Json = {}
    for name, build in source["versions"].items():
        unknown = set(build) - {"registries", "repository", "container_version", "processor_in_tag", "tag_prefix"}
        if unknown or build["processor_in_tag"] or build["tag_prefix"] != name:
            sys.exit(f"{framework} {name} is not of the form that frameworks.py knows: {build}")
        tags = build["container_version"]
        versions[name] = [
            [build["repository"], py, " ".join(tags), number_of(accounts, build["registries"]), "", tags, framework]
        ]
    return versions


def lines(provenance: Json, facts: Json) -> str:
    """JSON with one line for each version and each map of accounts."""

    def block(name: str, items: list[str], brackets: str) -> str:
        return f' "{name}": {brackets[0]}\n  ' + ",\n  ".join(items) + f"\n {brackets[1]}"

    def key(version: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", version)]

    parts = [
        f' "from": {json.dumps(provenance)}',
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


def questions(framework: str, facts: Json) -> Iterator[tuple[str, str, str, str, str]]:
    """What to ask the SDK: framework, version as typed, Python, machine and region.

    Every build once, and every region of every map of accounts.
    """
    aliases = {full: short for short, full in facts["aliases"].items()}
    seen: set[int] = set()
    for name, rows in facts["versions"].items():
        for _, pys, processors, accounts, *more in rows:
            machines = [MACHINES[processor] for processor in processors.split() or ["cpu"]]
            on = f"+{more[0]}" if more and more[0] else ""
            asked = more[2] if len(more) > 2 else framework
            for py in pys.split() or [""]:
                for typed in (f"{one}{on}" for one in (name, aliases.get(name)) if one):
                    special = ["ml.p4d.24xlarge"] if f"{typed}-gpu-{py}" in facts["p4d"] else []
                    yield from ((asked, typed, py, machine, "us-east-1") for machine in [*machines, *special])
            if accounts not in seen:
                regions = " ".join(facts["accounts"][accounts].values()).split()
                py = [*pys.split(), ""][0]
                elsewhere = [region for region in regions if region != "us-east-1"]
                yield from ((asked, f"{name}{on}", py, machines[0], region) for region in elsewhere)
            seen.add(accounts)


def record(provenance: Json, everything: dict[str, Json], to: Path) -> None:
    """Ask the installed SDK itself, and write down its answers: one line for each host and machine."""
    if provenance["package"] == "sagemaker":
        from sagemaker.image_uris import retrieve  # type: ignore[import-not-found,unused-ignore]
    else:
        from sagemaker.core.image_uris import retrieve  # type: ignore[import-not-found,unused-ignore]
    ask: Callable[..., str] = retrieve
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for framework, facts in everything.items():
        for asked, version, py, machine, region in questions(framework, facts):
            typed, _, base = version.partition("+")
            answer = ask(
                asked,
                region,
                version=typed,
                py_version=py or None,
                instance_type=machine,
                image_scope="training",
                base_framework_version=base or None,
            )
            host, _, image = answer.partition("/")
            rows.setdefault((framework, machine, region, host), []).append(f"{version} {py} {image}")
    head = (
        f' "from": {json.dumps(provenance)},\n'
        ' "columns": "framework, machine, region, host, then version, Python and image of each answer",\n'
    )
    body = ",\n  ".join(json.dumps([*key, answers]) for key, answers in rows.items())
    to.write_text("{\n" + head + ' "answers": [\n  ' + body + "\n ]\n}\n", encoding="utf-8")
    print(f"{to}: {sum(map(len, rows.values()))} answers")


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
    if words.record:
        record(provenance, everything, words.record)


if __name__ == "__main__":
    main()

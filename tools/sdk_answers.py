"""What AWS's installed SDK answers for a table of questions about images, written down for our tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MACHINES = {"cpu": "ml.m5.large", "gpu": "ml.p3.2xlarge", "trn": "ml.trn1.2xlarge"}
IMAGES = Path(__file__).parents[1] / "src" / "simple_sagemaker" / "images"

Json = dict[str, Any]
Ask = Callable[[str, str, str, str, str], str]  # framework, version, Python, machine, region


def questions(framework: str, facts: Json) -> Iterator[tuple[str, str, str, str, str]]:
    """What to ask the SDK: framework, version as typed, Python, machine and region.

    Every build once, and every region of every map of accounts.
    """
    aliases = {full: short for short, full in facts["aliases"].items()}
    seen: set[int] = set()
    for name, images in facts["versions"].items():
        for _, pys, processors, accounts, *more in images:
            further = more[0] if more else {}
            asked = further.get("sdk", framework)
            if not asked:
                continue
            machines = [MACHINES[processor] for processor in processors.split() or ["cpu"]]
            regions = " ".join(facts["accounts"][accounts].values()).split()
            home = "us-east-1" if "us-east-1" in regions else regions[0]
            on = f"+{further['base']}" if "base" in further else ""
            for py in [*pys.split(), *([""] if "short" in further else [])] or [""]:
                for typed in (f"{one}{on}" for one in (name, aliases.get(name)) if one):
                    special = ["ml.p4d.24xlarge"] if f"{typed}-gpu-{py}" in facts["p4d"] else []
                    special += ["ml.p5.48xlarge"] if "p5" in further.get("suffix", "") else []
                    yield from ((asked, typed, py, machine, home) for machine in [*machines, *special])
            if accounts not in seen:
                py = [*pys.split(), ""][0]
                elsewhere = [region for region in regions if region != home]
                yield from ((asked, f"{name}{on}", py, machines[0], region) for region in elsewhere)
            seen.add(accounts)


def of_built_ins(ask: Ask) -> Iterator[list[object]]:
    """The SDK's answers for each algorithm and version, in every region: the image, and its hosts."""
    facts = json.loads((IMAGES / "built_in_images.json").read_text(encoding="utf-8"))
    for name, versions in facts["algorithms"].items():
        for version, (_, accounts) in versions.items():
            regions = sorted(" ".join(facts["accounts"][accounts].values()).split())
            answers = {region: ask(name, version, "", MACHINES["cpu"], region) for region in regions}
            images = {answer.partition("/")[2] for answer in answers.values()}
            hosts = {region: answer.partition("/")[0] for region, answer in answers.items()}
            yield [name, version, *images, hosts]


def sdk(provenance: Json) -> Ask:
    """The installed SDK's own answer to a question, asked as its classes ask it."""
    if provenance["package"] == "sagemaker":
        from sagemaker import image_uris  # type: ignore[import-not-found,unused-ignore]
    else:
        from sagemaker.core import image_uris  # type: ignore[import-not-found,unused-ignore]

    def answer(framework: str, version: str, py: str, machine: str, region: str) -> str:
        if framework == "pytorch-smp":
            smp = {"torch_distributed": {"enabled": True}, "smdistributed": {"modelparallel": {"enabled": True}}}
            one: str = image_uris.get_training_image_uri(
                region, "pytorch", framework_version=version, py_version=py, distribution=smp, instance_type=machine
            )
            return one
        name = framework.removesuffix("-training-compiler")
        typed, _, base = version.partition("+")
        plain: str = image_uris.retrieve(
            name,
            region,
            version=typed,
            py_version=py or None,
            instance_type=machine,
            image_scope=None if framework == "spark" else "training",
            base_framework_version=base or None,
            container_version="v1" if framework == "spark" and py else None,
            training_compiler_config=object() if name != framework else None,
        )
        return plain

    return answer


def record(provenance: Json, everything: dict[str, Json], to: Path) -> None:
    """Ask the installed SDK itself, and write down its answers: one line for each host and machine."""
    ask = sdk(provenance)
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for framework, facts in everything.items():
        for asked, version, py, machine, region in questions(framework, facts):
            answer = ask(asked, version, py, machine, region)
            host, _, image = answer.partition("/")
            found.setdefault((framework, machine, region, host), []).append(f"{version} {py} {image}")
    algorithms = ",\n  ".join(json.dumps(row) for row in of_built_ins(ask))
    head = (
        f' "from": {json.dumps(provenance)},\n'
        ' "columns": "framework, machine, region, host, then version, Python and image of each answer",\n'
    )
    body = ",\n  ".join(json.dumps([*key, answers]) for key, answers in found.items())
    built_in = f' "built_ins": [\n  {algorithms}\n ],\n'
    to.write_text("{\n" + head + built_in + ' "answers": [\n  ' + body + "\n ]\n}\n", encoding="utf-8")
    print(f"{to}: {sum(map(len, found.values()))} answers")

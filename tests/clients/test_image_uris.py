"""The image addresses that we know, beside AWS's SDK: each framework, version, Python, kind of machine and region.

The long run asks for every one, a short one for one of eleven.
"""

from __future__ import annotations

import functools
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from simple_sagemaker.images import built_in, published
from simple_sagemaker.images.frameworks import framework_image
from tests.clients.versions import VERSION
from tests.counts import examples

MACHINES = {"cpu": "ml.m5.large", "gpu": "ml.p3.2xlarge", "trn": "ml.trn1.2xlarge", "": "ml.m5.large"}
COMPILER = "-training-compiler"
SMP = {"torch_distributed": {"enabled": True}, "smdistributed": {"modelparallel": {"enabled": True}}}


def asked(framework: str) -> Iterator[dict[str, str]]:
    """Everything that can be asked of a framework: versions in full and short, with each Python, machine and region."""
    facts = published.facts(framework)
    short = {full: one for one, full in facts["aliases"].items()}
    for name, rows in facts["versions"].items():
        for _, pythons, processors, accounts, *more in rows:
            further = more[0] if more else {}
            if further.get("sdk") == "":  # images that the SDK has facts of, and no address
                continue
            regions = " ".join(facts["accounts"][accounts].values()).split()
            for typed in filter(None, (name, short.get(name))):
                for py in [*pythons.split(), *([""] if "short" in further else [])] or [""]:
                    for processor in processors.split() or [""]:
                        for region in regions:
                            yield {
                                "version": typed,
                                "py": py,
                                "machine": MACHINES[processor],
                                "region": region,
                                "base": further.get("base", ""),
                                "framework": further.get("sdk", framework),
                            }


def theirs() -> Callable[..., str]:
    """The SDK's own answer. It reads a megabyte of endpoints for each, which is kept here: 24,000 are asked for."""
    if VERSION == 2:
        from sagemaker import image_uris, utils
    else:
        from sagemaker.core import common_utils as utils
        from sagemaker.core import image_uris
    utils._botocore_resolver = functools.cache(utils._botocore_resolver)

    def ask(framework: str, py_version: str | None, **words: object) -> str:
        """Ask as the SDK's own classes do for such a job."""
        if framework == "pytorch-smp":
            del words["image_scope"], words["base_framework_version"]
            words |= {"framework_version": words.pop("version"), "distribution": SMP}
            smp: str = image_uris.get_training_image_uri(framework="pytorch", py_version=py_version, **words)
            return smp
        if framework.endswith(COMPILER):
            words["training_compiler_config"] = object()
        if framework == "spark" and py_version:
            words["container_version"] = "v1"
        plain: str = image_uris.retrieve(framework.removesuffix(COMPILER), py_version=py_version, **words)
        return plain

    return ask


def difference(framework: str, one: dict[str, str], ours: str) -> str:
    """Why an address may differ from the SDK's; empty for no reason that we know."""
    if VERSION == 2 and framework == "huggingface" and f"transformers{one['version']}-" not in ours:
        return "SDK 2 leaves a short version of transformers short; SDK 3, from which our data is, writes it in full"
    return ""


@pytest.mark.skipif(not VERSION, reason="AWS's SDK is not installed here: tox -e clients-sdk2,clients-sdk3")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("framework", published.frameworks())
def test_any_address_is_the_sdks(framework: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    logging.disable(logging.WARNING)
    ask, told = theirs(), Counter[str]()
    wrong = []
    for one in islice(asked(framework), 0, None, examples(11, 1)):
        words = {"region": one["region"], "version": one["version"], "py_version": one["py"] or None}
        words |= {"instance_type": one["machine"], "image_scope": published.facts(framework).get("scope", "training")}
        try:
            sdk = ask(one["framework"], **words, base_framework_version=one["base"] or None)
        except (ValueError, KeyError, FileNotFoundError):
            assert VERSION == 2, one
            told["SDK 2 does not know it: our data is of SDK 3, which is newer"] += 1
            continue
        version = f"{one['version']}+{one['base']}" if one["base"] else one["version"]
        ours = framework_image(
            framework,
            version=version,
            py_version=one["py"] or None,
            instance_type=one["machine"],
            region=one["region"],
        )
        why = "the same" if ours == sdk else difference(framework, one, ours)
        told[why] += 1
        if not why:
            wrong.append((one, ours, sdk))
    assert not wrong, (len(wrong), wrong[:5])
    assert told["the same"]
    assert VERSION == 2 or set(told) == {"the same"}
    print(framework, dict(told))


@pytest.mark.skipif(not VERSION, reason="AWS's SDK is not installed here: tox -e clients-sdk2,clients-sdk3")
@pytest.mark.timeout(600)
def test_any_address_of_a_built_in_algorithm_is_the_sdks() -> None:
    logging.disable(logging.WARNING)
    facts = json.loads(Path(built_in.__file__).with_name("built_in_images.json").read_bytes())
    ask, count = theirs(), 0
    for name, versions in facts["algorithms"].items():
        for version, (_, accounts) in versions.items():
            for region in " ".join(facts["accounts"][accounts].values()).split():
                words = {"region": region, "version": version, "py_version": None, "instance_type": "ml.m5.large"}
                sdk = ask(name, **words, image_scope="training")
                assert built_in.built_in_image(name, version, region) == sdk
                count += 1
    assert count == 15 * 37 + 16

"""``ssm built_ins`` shows every algorithm, and the line that it ends with is a right one."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from simple_sagemaker.built_ins.algorithms import algorithm, names
from simple_sagemaker.cli.built_ins import run_line
from simple_sagemaker.cli.main import status_of
from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import TaskSpec

RECORDIO = b"\x0a\x23\xd7\xce" + bytes(60)
CONTENT = {
    "csv": b"0,1,2,3,4,5,6,7,8,9,10\n1,1,2,3,4,5,6,7,8,9,10\n",
    "pbr": RECORDIO,
    "rec": RECORDIO,
    "jsonl": b'{"label": 1, "in0": [1], "in1": [2]}\n',
    "json": b'{"start": "2030-01-01 00:00:00", "target": [1, 2]}\n',
    "txt": b"some words\n",
}


def test_the_list_has_every_algorithm(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["built_ins"])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == list(names())


@pytest.mark.parametrize("name", names())
def test_a_page_says_what_an_algorithm_takes_and_json_says_the_same(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(["built_ins", name])
    page = capsys.readouterr().out
    with pytest.raises(SystemExit):
        parse(["built_ins", f"{name}:1", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["name"] == name
    assert report["checkpoints"] is algorithm(name).checkpoints
    for one in report["hyperparameters"]:
        assert one["name"] in page
    for channel in report["channels"]:
        assert channel in page
    assert page.rstrip().splitlines()[-1].strip() == run_line(algorithm(name))


@pytest.mark.parametrize("name", names())
def test_the_line_of_a_page_is_right(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = run_line(algorithm(name)).replace(
        "--feature_dim 10", "--feature_dim 11" if _is_plain(name) else "--feature_dim 10"
    )
    words = shlex.split(line)
    for word in words:
        if "." in word and (content := CONTENT.get(word.rpartition(".")[2])):
            Path(word).write_bytes(content)
    if name == "semantic-segmentation":
        for folder, file in (("train", "a.jpg"), ("validation", "a.jpg"), ("train_annotation", "a.png")):
            write_image(folder, file)
        write_image("validation_annotation", "a.png")
    if name == "ipinsights":
        Path("train.csv").write_text("user,10.0.0.1\n", encoding="utf-8")
    if "vocab.pbr" in words:
        words[words.index("vocab.pbr")] = "vocab"
        Path("vocab").mkdir()
        for part in ("src", "trg"):
            Path(f"vocab/vocab.{part}.json").write_text("{}", encoding="utf-8")
    spec = parse(words[1:])
    assert isinstance(spec, TaskSpec)
    assert spec.image.built_in


def write_image(folder: str, name: str) -> None:
    Path(folder).mkdir()
    Path(folder, name).write_bytes(b"\xff\xd8\xff" if name.endswith("jpg") else b"\x89PNG")


def _is_plain(name: str) -> bool:
    return algorithm(name).learns == "unsupervised"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["kmeens"], "Did you mean: ssm built_ins kmeans?"),
        (["kmeans", "pca"], "name one algorithm"),
        (["--jsn"], "there is --json"),
        (["resnet"], "There are: blazingtext"),
    ],
)
def test_a_slip_is_understood(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["built_ins", *words]) == 2
    assert said in capsys.readouterr().err

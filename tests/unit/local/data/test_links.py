"""What links of a mirrored folder stand for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.local.data.links import copies

FILES = {"a", "d/b", "d/e/c"}


@pytest.mark.parametrize(
    ("links", "kept"),
    [
        ({"l": "a"}, {"l": "a"}),
        ({"d/l": "../a"}, {"d/l": "a"}),
        ({"l": "/state/d/b"}, {"l": "d/b"}),
        ({"l": "/home/1/state/a"}, {"l": "a"}),
        ({"l": "d"}, {"l/b": "d/b", "l/e/c": "d/e/c"}),
        ({"l": "d/", "m": "l/e/c", "n": "l/../a"}, {"l/b": "d/b", "l/e/c": "d/e/c", "m": "d/e/c", "n": "a"}),
        ({"l": "m", "m": "n", "n": "./a"}, {"l": "a", "m": "a", "n": "a"}),
    ],
)
def test_a_link_inside_stands_for_what_it_leads_to(links: dict[str, str], kept: dict[str, str]) -> None:
    assert copies(FILES, links, ("/state", "/home/1/state")) == (kept, {})


@pytest.mark.parametrize(
    ("links", "why"),
    [
        ({"l": "/etc/passwd"}, "leads outside, to /etc/passwd"),
        ({"l": "/statement/a"}, "leads outside"),
        ({"l": "../a"}, "leads outside"),
        ({"d/l": "../../a"}, "leads outside"),
        ({"l": "nothing"}, "link to nothing, where there is no file"),
        ({"l": "l"}, "circle"),
        ({"d/l": "."}, "folder that it lies in"),
        ({"l": "/state"}, "folder that it lies in"),
    ],
)
def test_another_is_named(links: dict[str, str], why: str) -> None:
    kept, refused = copies(FILES, links, ("/state",))
    assert kept == {}
    (text,) = refused.values()
    assert why in text


NAMES = st.lists(st.sampled_from(["a", "b", "d"]), min_size=1, max_size=3).map("/".join)
TARGETS = st.lists(st.sampled_from(["a", "b", "d", "..", "."]), min_size=1, max_size=4).map("/".join)


@given(files=st.sets(NAMES, max_size=4), links=st.dictionaries(NAMES, TARGETS, max_size=4))
def test_it_agrees_with_the_file_system(
    files: set[str], links: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    top = tmp_path_factory.mktemp("links")
    made: set[str] = set()
    for path in sorted(files):
        if not any(other != path and other.startswith(f"{path}/") for other in files):
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_text(path)
            made.add(path)
    placed: dict[str, str] = {}
    for path, target in links.items():
        if not os.path.lexists(top / path) and (top / path).parent.is_dir() and _is_real((top / path).parent, top):
            (top / path).symlink_to(target)
            placed[path] = target
    kept, refused = copies(made, placed, ("/state",))
    for path, source in kept.items():
        assert (top / path).read_text() == source
    for path in placed:
        leads_to = Path(os.path.realpath(top / path))
        if leads_to.is_file() and leads_to.is_relative_to(top) and path not in refused:
            assert kept[path] == leads_to.relative_to(top).as_posix()
    assert set(refused) <= set(placed)


def _is_real(folder: Path, top: Path) -> bool:
    return Path(os.path.realpath(folder)) == Path(os.path.realpath(top)) / folder.relative_to(top)

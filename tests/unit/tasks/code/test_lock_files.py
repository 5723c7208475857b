"""What lock files pin, as lines of a requirements file; locks as uv 0.13 writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.core.specs import Code, Place, ProcessSpec, Spec, TaskSpec
from simple_sagemaker.errors import UsageError
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks.code.lock_files import read_lock
from simple_sagemaker.tasks.code.package import collect

PYPROJECT = """
[project]
name = "demo"
version = "0.1"
requires-python = ">=3.9"
dependencies = ["Tiny_Thing >= 0.5, <2", "dates>=2.8", "six ; sys_platform == 'linux'", "torch"]
[project.optional-dependencies]
more = ["idna"]
"""
PYPI = 'source = { registry = "https://pypi.org/simple" }'
UV_LOCK = f"""
version = 1
revision = 3
requires-python = ">=3.9"

[[package]]
name = "attrs"
version = "26.1.0"
{PYPI}
wheels = [{{ url = "https://x/attrs.whl", hash = "sha256:aa" }}]

[[package]]
name = "dates"
version = "3.0.0"
{PYPI}
resolution-markers = ["python_full_version < '3.11'"]
dependencies = [{{ name = "six" }}, {{ name = "zones", extra = ["data"] }}]
sdist = {{ url = "https://x/dates.tar.gz", hash = "sha256:d0" }}
wheels = [{{ url = "https://x/dates.whl", hash = "sha256:d1" }}]

[[package]]
name = "dates"
version = "4.0.0"
{PYPI}
dependencies = [{{ name = "zones" }}]
wheels = [{{ url = "https://x/dates4.whl", hash = "sha256:d2" }}]

[[package]]
name = "demo"
version = "0.1"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "dates", version = "3.0.0", {PYPI}, marker = "python_full_version < '3.11'" }},
    {{ name = "dates", version = "4.0.0", {PYPI}, marker = "python_full_version >= '3.11'" }},
    {{ name = "six", marker = "sys_platform == 'linux'" }},
    {{ name = "tiny-thing" }},
    {{ name = "torch" }},
]

[package.optional-dependencies]
more = [{{ name = "idna" }}]

[package.dev-dependencies]
dev = [{{ name = "attrs" }}]

[package.metadata]
requires-dist = [
    {{ name = "dates", specifier = ">=2.8" }},
    {{ name = "idna", marker = "extra == 'more'" }},
    {{ name = "six", marker = "sys_platform == 'linux'" }},
    {{ name = "tiny-thing", specifier = ">=0.5,<2" }},
    {{ name = "torch" }},
]

[[package]]
name = "idna"
version = "3.20"
{PYPI}
wheels = [{{ url = "https://x/idna.whl", hash = "sha256:1d" }}]

[[package]]
name = "names"
version = "1"
{PYPI}
wheels = [{{ url = "https://x/names.whl", hash = "sha256:aa" }}]

[[package]]
name = "six"
version = "1.17.0"
{PYPI}
wheels = [{{ url = "https://x/six.whl", hash = "sha256:66" }}]

[[package]]
name = "tiny-thing"
version = "1.0"
{PYPI}
dependencies = [{{ name = "zones" }}, {{ name = "tiny-thing" }}]
wheels = [{{ url = "https://x/tiny.whl", hash = "sha256:77" }}]

[[package]]
name = "torch"
version = "2.9.0+cpu"
source = {{ registry = "https://download.pytorch.org/whl/cpu" }}
wheels = [{{ url = "https://x/torch.whl", hash = "sha256:88" }}]

[[package]]
name = "zones"
version = "2026.6"
{PYPI}
wheels = [{{ url = "https://x/zones.whl", hash = "sha256:99" }}]

[package.optional-dependencies]
data = [{{ name = "names" }}]
"""
UV_LINES = """
# locked by uv.lock, for Python >=3.9
--extra-index-url https://download.pytorch.org/whl/cpu
dates==3.0.0 ; (python_full_version < '3.11') --hash=sha256:d1 --hash=sha256:d0
dates==4.0.0 ; (python_full_version >= '3.11') --hash=sha256:d2
names==1 ; (python_full_version < '3.11') --hash=sha256:aa
six==1.17.0 ; ((python_full_version < '3.11')) or ((sys_platform == 'linux')) --hash=sha256:66
tiny-thing==1.0 --hash=sha256:77
torch==2.9.0+cpu --hash=sha256:88
zones==2026.6 --hash=sha256:99
"""
PYLOCK = """
lock-version = "1.0"
created-by = "uv"
requires-python = ">=3.9"
extras = ["more"]
default-groups = ["main"]
[[packages]]
name = "six"
version = "1.17.0"
marker = "sys_platform == 'linux' and 'main' in dependency_groups"
index = "https://pypi.org/simple"
sdist = { url = "https://x/six.tar.gz", hashes = { sha256 = "60" } }
wheels = [{ url = "https://x/six.whl", hashes = { md5 = "0", sha512 = "65" } }]
[[packages]]
name = "idna"
version = "3"
marker = "'more' in extras"
wheels = [{ url = "https://x/idna.whl", hashes = { sha256 = "1d" } }]
[[packages]]
name = "far"
version = "1"
archive = { url = "https://x/far-1.zip", hashes = { sha256 = "fa" } }
"""


def lines(name: str, text: str, pyproject: str | None = PYPROJECT) -> list[str]:
    return read_lock(name, text.encode(), pyproject.encode() if pyproject is not None else None)


def refused(name: str, text: str, pyproject: str | None = PYPROJECT) -> str:
    with pytest.raises(UsageError) as error:
        lines(name, text, pyproject)
    return str(error.value)


def test_a_lock_of_uv_is_what_the_project_needs_on_any_python_and_system_with_all_hashes() -> None:
    assert lines("uv.lock", UV_LOCK) == UV_LINES.strip().splitlines()
    assert lines("uv.lock", UV_LOCK, None) == lines("uv.lock", UV_LOCK)


def test_a_pylock_is_all_its_packages_with_its_default_groups_and_no_extras() -> None:
    assert lines("pylock.toml", PYLOCK) == [
        "# locked by pylock.toml, for Python >=3.9",
        "far @ https://x/far-1.zip --hash=sha256:fa",
        "idna==3 ; python_version < '0' --hash=sha256:1d",
        "six==1.17.0 ; sys_platform == 'linux' and python_version >= '0' --hash=sha512:65 --hash=sha256:60",
    ]


@pytest.mark.parametrize(
    ("changed", "to", "why"),
    [
        ('"torch"]', '"torch", "jax"]', "pyproject.toml needs jax, which is not in it"),
        (', "torch"]', "]", "it is for a project that needs torch, and pyproject.toml does not"),
        ("dates>=2.8", "dates>=3", "pyproject.toml needs dates>=3, and it was made for dates>=2.8"),
        (">=3.9", ">=3.10", "pyproject.toml asks for Python >=3.10, and it is for >=3.9"),
    ],
)
def test_a_lock_that_the_project_has_outgrown_is_refused(changed: str, to: str, why: str) -> None:
    message = refused("uv.lock", UV_LOCK, PYPROJECT.replace(changed, to))
    assert why in message
    assert "Run uv lock" in message


@pytest.mark.parametrize(
    ("changed", "to", "why"),
    [
        ('hash = "sha256:77"', "size = 1", "tiny-thing 1.0 has no hash"),
        (f'version = "1.0"\n{PYPI}', 'version = "1.0"\nsource = { git = "https://g/t" }', "comes from a repository"),
        (f'version = "1.0"\n{PYPI}', 'version = "1.0"\nsource = { editable = "lib" }', "tiny-thing is the folder lib"),
        ("version = 1\n", "version = 2\n", "its format is version 2"),
        ('name = "demo"', "name = ", "it is not TOML"),
        ('{ virtual = "." }', '{ virtual = "other" }', "it is not that of a project"),
    ],
)
def test_a_lock_that_pip_cannot_install_is_refused_with_what_is_wrong(changed: str, to: str, why: str) -> None:
    message = refused("uv.lock", UV_LOCK.replace(changed, to, 1))
    assert message.startswith("uv.lock cannot be installed: ")
    assert why in message


def test_nothing_in_a_lock_becomes_an_option_of_pip() -> None:
    for text in ("six\\n--index-url=https://evil", "-e x", "six #"):
        assert "no package that can be written" in refused("pylock.toml", PYLOCK.replace('"six"', f'"{text}"'))
    marker = PYLOCK.replace("sys_platform == 'linux'", "sys_platform == 'linux'\\n--pre")
    assert "no package that can be written" in refused("pylock.toml", marker)


HEADER = '# /// script\n# dependencies = ["header-package"]\n# ///\n'


@pytest.mark.parametrize(
    ("kind", "name", "beside", "note"),
    [
        ("run", "w.py", {}, "Code: pylock.toml pins what is installed: 1 package, by hash"),
        ("process", "w.py", {"setup.py": ""}, "Code: pylock.toml pins what is installed: 1 package, by hash"),
        ("run", "w.py", {"setup.py": ""}, "Code: its setup.py is installed, not what pylock.toml pins"),
        (
            "run",
            "w.py",
            {"w.py": HEADER},
            "Code: what the header of w.py lists is installed, not what pylock.toml pins",
        ),
        ("run", "w.py", {"requirements.txt": ""}, "Code: requirements.txt is installed, not what pylock.toml pins"),
        ("run", "w.sh", {}, None),
        ("process", "w.sh", {}, "Code: pylock.toml pins what is installed: 1 package, by hash"),
    ],
)
def test_a_lock_counts_where_nothing_else_says_what_is_installed(
    tmp_path: Path, kind: str, name: str, beside: dict[str, str], note: str | None
) -> None:
    package = (
        '[[packages]]\nname = "tiny"\nversion = "1.0"\nwheels = [{ name = "t.whl", hashes = { sha256 = "aa" } }]\n'
    )
    lock = f'lock-version = "1.0"\ncreated-by = "test"\n{package}'
    for file, text in {name: "", "pylock.toml": lock, **beside}.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    place, code = Place(project="p", task="t"), Code(entry_point=name, source_dir=tmp_path)
    spec: Spec = (
        ProcessSpec(place=place, code=code) if kind == "process" else TaskSpec(kind="run", place=place, code=code)
    )
    found = collect(spec, FolderStore(tmp_path / "buckets"), lambda: tmp_path / "scratch")
    assert found.notes == ([] if note is None else [note])
    assert bool(found.locked_requirements) == ("pins what is installed" in (note or ""))

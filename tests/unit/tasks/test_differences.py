"""What is said of the code's files that differ from those of an earlier job."""

from __future__ import annotations

from simple_sagemaker.tasks import differences

BEFORE = {"gone.py": "100644 aa", "same.py": "100644 bb", "edited.py": "100644 cc", "run.sh": "100644 dd"}
NOW = {"new.py": "100644 ee", "same.py": "100644 bb", "edited.py": "100644 ff", "run.sh": "100755 dd"}


def test_a_file_is_new_or_gone_or_changed_in_content_or_mode() -> None:
    assert list(differences._changes(BEFORE, NOW)) == [
        "edited.py changed",
        "gone.py is gone",
        "new.py is new",
        "run.sh mode 100644 -> 100755",
    ]


def test_a_file_changed_in_both_is_one_line_and_none_is_none() -> None:
    assert list(differences._changes({"a": "100644 aa"}, {"a": "100755 bb"})) == ["a mode 100644 -> 100755 changed"]
    assert list(differences._changes(NOW, NOW)) == []

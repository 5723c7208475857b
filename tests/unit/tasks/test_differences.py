"""What is said of the code's files that differ from those of an earlier job."""

from __future__ import annotations

import pytest

from simple_sagemaker.tasks import differences
from simple_sagemaker.tasks.differences import Difference

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


def test_values_that_differ_are_both_said_and_the_others_not_at_all() -> None:
    before = {"lr": "0.1", "gone": "7", "same": "s"}
    found = differences._of_mappings(before, {"new": "8", "same": "s", "lr": "0.2"})
    assert [str(one) for one in found] == ["new: not given -> 8", "lr: 0.1 -> 0.2", "gone: 7 -> not given"]


@pytest.mark.parametrize(
    "difference",
    [
        Difference("data", None, "e\x1b]0;title\x07\nx\x9b31m changed"),
        Difference("e\x1b]0;title\x07\nx\x9b31m changed", None, None),
        Difference("e\x1b]0;title\x07\nx\x9b31m changed", "1", "2"),
    ],
)
def test_a_difference_is_a_line_that_steers_no_terminal(difference: Difference) -> None:
    assert str(difference).isprintable()
    assert "changed" in str(difference)

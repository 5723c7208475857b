"""Why a training fails: the message of AWS's container, and what to do about it."""

from __future__ import annotations


class Failure(Exception):
    """A failure that the container reports as ``kind``; ``advice`` is ours and may be empty."""

    kind = "Exception"

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class CustomerMistake(Failure):
    """A mistake in hyperparameters, channels or data that the container knows as one."""

    kind = "UserError"


class AlgorithmFailure(Failure):
    """Something that failed while training."""

    kind = "AlgorithmError"


class UnforeseenMistake(Failure):
    """A mistake on which the container ends with an error of Python; ``kind`` is that error's class."""

    def __init__(self, kind: str, message: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.kind = kind


# Parts of xgboost's messages, and what a person can do about them.
_ADVICE = (
    (
        "label must be in (0, 1) for logistic",
        (
            "Labels of a binary or logistic objective are 0 and 1, or numbers between; look at the first column of the "
            "data (a header line counts as a row)."
        ),
    ),
    (
        "label must be discrete values in the range of [0, num_class)",
        (
            "Labels of multi:softmax and multi:softprob are whole numbers from 0 to num_class - 1: count classes from "
            "0, and set num_class to their number."
        ),
    ),
    ("non-negative for Poisson/Tweedie", "Labels of count:poisson and reg:tweedie are 0 or more."),
    ("greater than 0 for gamma regression", "Labels of reg:gamma are above 0."),
    ("base_score must be in (0,1)", "base_score is a probability for this objective: a number between 0 and 1."),
    ("Invalid shape of labels", "num_class is for multi:softmax and multi:softprob; leave it out for others."),
    (
        "Number of columns does not match number of features",
        "The validation channel has more columns than the train channel; both need the same ones, the label first.",
    ),
    (
        "Constrained features are not a subset",
        (
            "The container hands interaction_constraints over in a form that xgboost 3 takes for names of features, so "
            "it works neither here nor on AWS: leave it out, or use script mode."
        ),
    ),
    ("Invalid Input: 'gpu_hist'", "xgboost 3 has no gpu_hist: use tree_method hist."),
    ("map can only be used with binary labels", "The metric map needs labels 0 and 1; ndcg takes graded ones."),
    ("contains `inf`", "Replace infinite values in the data, or leave their cells empty (missing)."),
    ("isinf(v)", "A label is infinite or not a number: look at the first column."),
    (
        "0 feature is supplied",
        "Beside the label no column of numbers was read. Values in quotes count as missing: drop the quotes.",
    ),
    (
        "is not found in the line",
        (
            "The delimiter was guessed from the first line and is missing in another: use one delimiter throughout, "
            "and at least two columns (the label first)."
        ),
    ),
    ("average='binary'", "This metric is for two classes; use its _macro or _micro variant."),
    ("Check failed: valid: Input data contains", "Replace infinite values in the data, or leave their cells empty."),
)


def advise(message: str) -> str:
    """What to do about a message of xgboost's; empty where we do not know."""
    return next((advice for part, advice in _ADVICE if part in message), "")

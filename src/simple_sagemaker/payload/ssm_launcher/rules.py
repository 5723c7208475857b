"""Rules that end a script, or warn: judged here, beside the script, from its lines and from this host.

In: the rules of ``run.json``, already checked, and the regular expressions of the metrics. A rule is met once. What it
says when it is met names the rule, the value, the line and the time.
"""

import math
import time

from . import metric_lines, usage

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any, Callable

GRACE_S = 110.0  # for the script to save what it has, after which it is killed; SageMaker itself gives 120
EVERY_S = 1.0  # between two looks at the clock
SYSTEM_EVERY_S = 5.0  # between two looks at memory and disk
GPU_EVERY_S = 15.0
OF_SYSTEM = ("silent", "gpu_idle", "memory", "disk")  # the rules that no line meets
IDLE_GPU = 5.0  # percent; below it a GPU is idle


class Hit:
    """A rule that is met: what becomes of the script (fail, end or warn), and the text that says why."""

    def __init__(self, action: str, text: str) -> None:
        self.action = action
        self.text = text


class Watch:
    """Judges rules while a script runs. ``note`` prints a line of ours; ``hit`` is the one that ends the script.

    ``interval_s`` is after how long :meth:`tick` is due, ``grace_s`` how long a script has to end by itself.
    """

    grace_s = GRACE_S
    interval_s = EVERY_S

    def __init__(
        self, rules: "list[dict[str, Any]]", metrics: "dict[str, str]", base: str, note: "Callable[[str], None]"
    ) -> None:
        self.hit = None  # type: Hit | None
        self._note = note
        self._base = base
        self._open = list(rules)
        self._counts = {}  # type: dict[int, int]
        self._last = {}  # type: dict[int, float]
        self._best = {}  # type: dict[int, float]
        self._since = {}  # type: dict[int, float]
        self._newest = {}  # type: dict[str, float]
        self._fresh = set()  # type: set[str]
        self._lines = metric_lines.Lines()
        self._line = 0
        self._output_at = time.monotonic()
        self._tick_at = 0.0
        self._due = {"system": 0.0, "gpu": 0.0}
        named = {rule[key] for rule in rules for key in ("metric", "other") if rule.get(key)}
        if any(rule["kind"] == "nan" for rule in rules):
            named |= set(metrics)
        chosen = {name: metrics[name] for name in sorted(named & set(metrics))}
        self._finder = metric_lines.Finder(chosen, "by rules", note)

    def feed(self, data: bytes) -> None:
        """Judge what the script has printed."""
        self._output_at = time.monotonic()
        text = self._lines.push(data)
        if text:
            self._judge(text)

    def finish(self) -> None:
        """Judge a last line that nothing ended."""
        text = self._lines.rest()
        if text:
            self._judge(text)

    def tick(self) -> None:
        """Judge what needs no output: silence, memory, disk and GPUs."""
        now = time.monotonic()
        if now < self._tick_at:  # it is called after every piece of output
            return
        self._tick_at = now + EVERY_S
        looks = {"silent": True}
        for kind, every in (("system", SYSTEM_EVERY_S), ("gpu", GPU_EVERY_S)):
            looks[kind] = now >= self._due[kind]
            if looks[kind]:
                self._due[kind] = now + every
        for rule in list(self._open):
            kind = rule["kind"]
            if kind == "silent" and now - self._output_at >= rule["seconds"]:
                self._met(rule, "no output for {:.0f} s".format(now - self._output_at))
            elif kind in ("memory", "disk") and looks["system"]:
                used = usage.memory_percent() if kind == "memory" else usage.disk_percent(self._base)
                if used is not None and used > rule["value"]:
                    self._met(rule, "{:.1f} %".format(used))
            elif kind == "gpu_idle" and looks["gpu"]:
                self._judge_gpus(rule, now)

    def _judge_gpus(self, rule: "dict[str, Any]", now: float) -> None:
        busiest = usage.gpu_percent()
        if busiest is None:
            self._open.remove(rule)
            self._note("rule '{}' cannot be met: there is no GPU, or nvidia-smi does not tell".format(rule["text"]))
            return
        if busiest >= IDLE_GPU:
            self._since.pop(id(rule), None)
        elif now - self._since.setdefault(id(rule), now) >= rule["seconds"]:
            self._met(rule, "below {:.0f} % for {:.0f} s".format(IDLE_GPU, now - self._since[id(rule)]))

    def _judge(self, text: str) -> None:
        """Judge whole lines."""
        values = sorted(self._finder.values(text))
        pairs = any(rule["kind"] == "difference" for rule in self._open)
        at, line, is_last = 0, self._line, True
        for index, (start, name, value) in enumerate(values):
            line += text.count("\n", at, start)
            at = start
            if pairs:
                self._newest[name] = value
                self._fresh.add(name)
                is_last = index + 1 == len(values) or text.find("\n", start, values[index + 1][0]) >= 0
            for rule in self._open[:]:
                kind = rule["kind"]
                if kind in OF_SYSTEM or (self.hit is not None and rule["action"] != "warn"):
                    continue
                if kind in ("nan", "difference") or rule["metric"] == name:
                    self._judge_value(rule, name, value, line + 1, is_last)
        self._line += text.count("\n")

    def _judge_value(self, rule: "dict[str, Any]", name: str, value: float, line: int, is_last: bool) -> None:
        kind = rule["kind"]
        if kind == "nan":
            if not math.isfinite(value):
                self._met(rule, "{}={}".format(name, value), line)
        elif kind == "difference":
            self._judge_difference(rule, name, line, is_last)
        elif kind == "compare":
            if self._counts_enough(rule, _holds(value, rule)):
                self._met(rule, "{}={:g}".format(name, value), line)
        elif kind in ("rises", "falls"):
            before = self._last.get(id(rule))
            is_up = before is not None and (value > before if kind == "rises" else value < before)
            self._last[id(rule)] = value
            if self._counts_enough(rule, is_up):
                self._met(rule, "{}={:g}".format(name, value), line)
        elif kind == "stalls":
            self._judge_stall(rule, name, value, line)

    def _judge_stall(self, rule: "dict[str, Any]", name: str, value: float, line: int) -> None:
        """A value that is no better than the best so far counts; one that is begins anew."""
        best = self._best.get(id(rule))
        is_better = best is None or (value < best if rule["goal"] == "min" else value > best)
        if is_better and not math.isnan(value):
            self._best[id(rule)] = value
        if self._counts_enough(rule, not is_better or math.isnan(value)):
            text = "no better than {}={:g} for {} values".format(name, self._best.get(id(rule), value), rule["count"])
            self._met(rule, text, line)

    def _judge_difference(self, rule: "dict[str, Any]", name: str, line: int, is_last: bool) -> None:
        """Two metrics are compared once both have a new value."""
        both = {rule["metric"], rule["other"]}
        if not is_last or not both <= self._fresh:
            return
        self._fresh -= both
        one, other = self._newest[rule["metric"]], self._newest[rule["other"]]
        if self._counts_enough(rule, _holds(one - other, rule)):
            self._met(rule, "{}={:g} {}={:g}".format(rule["metric"], one, rule["other"], other), line)

    def _counts_enough(self, rule: "dict[str, Any]", holds: bool) -> bool:
        """Count that a rule holds, or begin anew; whether it has held as often in a row as it says."""
        count = self._counts.get(id(rule), 0) + 1 if holds else 0
        self._counts[id(rule)] = count
        return count >= int(rule["count"])

    def _met(self, rule: "dict[str, Any]", what: str, line: int = 0) -> None:
        self._open.remove(rule)
        at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        where = " in line {}".format(line) if line else ""
        text = "rule '{}' is met: {}{} at {}".format(rule["text"], what, where, at)
        does = {"fail": ", so the job fails", "end": ", so the job ends", "warn": ""}[rule["action"]]
        self._note(text + does)
        if rule["action"] != "warn" and self.hit is None:
            self.hit = Hit(rule["action"], text)


def _holds(value: float, rule: "dict[str, Any]") -> bool:
    limit, operator = rule["value"], rule["operator"]
    if operator == ">":
        return bool(value > limit)
    if operator == "<":
        return bool(value < limit)
    return bool(value >= limit if operator == ">=" else value <= limit)

"""Random search: what is proposed follows from a seed and the trial's number alone."""

from __future__ import annotations

import random
from collections.abc import Iterable

from .ranges import Space, Values, combination, combinations

_DRAWS = 20  # for a trial unlike all earlier ones, before the rest of the space is gone through


class RandomSearch:
    """Proposals for the trials 0, 1, 2 …, the same for the same seed; no two are equal while a space has others.

    Nor is one equal to any of those that are ``taken`` already.
    """

    def __init__(self, space: Space, seed: int, *, taken: Iterable[Values] = ()) -> None:
        self._space = space
        self._seed = seed
        self._total = combinations(space)
        self._proposals: list[Values] = []
        self._taken = {tuple(values[one.name] for one in space) for values in taken}

    def propose(self, number: int) -> Values:
        """The values of a trial; costs the computation of all earlier ones once."""
        while len(self._proposals) <= number:
            values = self._next(len(self._proposals))
            self._proposals.append(values)
            self._taken.add(tuple(values.values()))
        return dict(self._proposals[number])

    def _next(self, number: int) -> Values:
        values = draw(self._space, self._seed, number)
        if self._total is None or len(self._taken) >= self._total:
            return values
        for attempt in range(1, _DRAWS):
            if tuple(values.values()) not in self._taken:
                return values
            values = draw(self._space, self._seed, number, attempt)
        begin = random.Random(f"{self._seed}/{number}/rest").randrange(self._total)
        for index in range(self._total):
            values = combination(self._space, (begin + index) % self._total)
            if tuple(values.values()) not in self._taken:
                return values
        return values


def draw(space: Space, seed: int, number: int, attempt: int = 0) -> Values:
    """One value of each range, each from a generator of its own: a further range changes no other's values."""
    return {one.name: one.value_at(random.Random(f"{seed}/{number}/{attempt}/{one.name}").random()) for one in space}

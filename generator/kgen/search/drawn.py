"""Suggestions that look at no result: random as hyperopt draws it, every point of a grid, hyperband's first bracket."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random

from kgen.katib.settings import halving
from kgen.search.space import Parameter
from kgen.search.suggestion import Exhausted, Stuck, Told

_MOST_SHUFFLED = 100_000  # points of a grid that are put in order beforehand


class RandomSearch:
    """Katib's `random`."""

    def __init__(self, space: Sequence[Parameter], seed: int) -> None:
        self._space, self._random, self._given = space, Random(seed), 0

    def ask(self, count: int, trials: Sequence[Told]) -> list[dict[str, str]]:
        """Draw points; equal ones may come again, as they do in Katib."""
        before = len(trials) - self._given  # of a run that goes on
        self._given = len(trials) + count
        return [{p.name: p.draw(self._random.random()) for p in self._space} for _ in range(before + count)][before:]


class Grid:
    """Katib's `grid`: each point once, in an order of chance."""

    def __init__(self, space: Sequence[Parameter], seed: int) -> None:
        self._names = [parameter.name for parameter in space]
        self._values = [parameter.points() for parameter in space]
        self._total = math.prod(len(values) for values in self._values)
        self._order, self._given = self._indices(Random(seed)), 0

    def ask(self, count: int, trials: Sequence[Told]) -> list[dict[str, str]]:
        """Give further points; fewer than are asked for where the grid ends."""
        for _ in range(len(trials) - self._given):  # of a run that goes on
            next(self._order, None)
        out = [self._point(index) for index in islice(self._order, count)]
        self._given = len(trials) + len(out)
        if not out:
            raise Exhausted
        return out

    def _indices(self, random: Random) -> Iterator[int]:
        if self._total <= _MOST_SHUFFLED:
            order = list(range(self._total))
            random.shuffle(order)
            yield from order
            return
        seen: set[int] = set()  # of a space as large as that, no search sees more than a small part
        while len(seen) < self._total:
            index = random.randrange(self._total)
            if index not in seen:
                seen.add(index)
                yield index

    def _point(self, index: int) -> dict[str, str]:
        out = {}
        for name, values in zip(reversed(self._names), reversed(self._values), strict=True):
            index, at = divmod(index, len(values))
            out[name] = values[at]
        return {name: out[name] for name in self._names}


class Hyperband:
    """Katib's `hyperband`: its first bracket, which is all that its controller can make use of.

    The service answers with brackets of its own size, and Katib takes no other number of trials than it asked for.
    """

    def __init__(self, space: Sequence[Parameter], settings: Mapping[str, str], seed: int) -> None:
        self._space, self._random = space, Random(seed)
        self._resource, longest, eta = settings["resource_name"], float(settings["r_l"]), settings.get("eta", "")
        brackets = halving(longest, eta)
        if brackets is None or brackets.rounds < 0:
            raise Stuck(f"hyperband makes no bracket of r_l {longest:g} and eta {eta or 3}")
        self._size = brackets.asked
        self._given = str(int(longest * (float(eta) if eta else 3.0) ** (-brackets.rounds)))

    def ask(self, count: int, trials: Sequence[Told]) -> list[dict[str, str]]:
        """Draw the first bracket."""
        if trials or count != self._size:
            raise Stuck(
                f"hyperband answers with {self._size} trials at once, and then with other numbers, and Katib takes no "
                f"number but the {count} that it asks for: set maxTrialCount and parallelTrialCount to {self._size}"
            )
        return [self._drawn() for _ in range(count)]

    def _drawn(self) -> dict[str, str]:
        return {p.name: self._given if p.name == self._resource else self._value(p) for p in self._space}

    def _value(self, parameter: Parameter) -> str:
        if parameter.type == "categorical":
            return self._random.choice(parameter.values)
        listed = [int(value) for value in parameter.values]
        low, high = (min(listed), max(listed)) if listed else parameter.bounds
        drawn = low + self._random.random() * (high - low)
        if listed:
            return str(min(listed, key=lambda value: abs(value - drawn)))
        return str(round(drawn)) if parameter.type == "int" else str(drawn)

"""Finding the fastest of several candidates with few measurements on a machine that is not quiet.

Problem. Every measurement of a candidate is its true time and what the machine adds: other programs slow a run down,
for a moment or for seconds, and hardly ever speed it up. (On the CPU the time in which others had the processors is
left out, `_timing.time_runs`; caches and the halves of a core are shared all the same.) Measuring each candidate for
the same long while, one after the other, spends most of the time on those that have no chance, and a burst of noise
that falls on one candidate decides.

Idea. The candidates race (Maron and Moore, "Hoeffding Races", NIPS 1994). In every round each one that is still in the
race gives one sample, in an order that is shuffled, so that a slow moment meets all alike (the blocks of the F-race:
Birattari, Stuetzle, Paquete, Varrentrapp, GECCO 2002). A sample is the least time of some runs right after one another.

As noise only adds, a candidate's true time is the lower end of the distribution of its samples (Chen and Revels,
"Robust benchmarking in noisy environments", HPEC 2016: the least time is the estimate that repeats best). Two things
follow:

- the least sample of the best candidate is at no time below its true time: an upper bound, for certain;
- a lower bound for any candidate, at confidence 1 - a, is `x1 - (1 - a) / a * (x2 - x1)` for its two least samples x1
  and x2: Robson and Whitlock, "Estimation of a truncation point", Biometrika 51, 1964. The difference of two samples
  may be small by chance; the median of all candidates' differences, which is the machine's noise, takes its place
  where it is larger.

A candidate whose lower bound lies more than `TIE` above the upper bound of the best has no chance, and leaves the race.
When the best cannot be more than `TIE` better than any that is left, which one is taken makes no difference worth the
time, and the race ends. It also ends when its time is up.

The choice. A candidate's estimate is the mean of its three least samples, which one lucky sample (a clock that was
boosted) does not decide. Among those left that lie within `TIE` of the best, the one that was named first is taken:
so the same machine, measured twice, gives the same answer, although the numbers differ.

Invariant. A race can stop after any sample and go on later: all it knows is in `samples`, `left` and `rounds`.

Cost. A round of k candidates is k samples, and O(k log n) arithmetic after n rounds.
"""

from __future__ import annotations

from bisect import insort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: Candidates whose times differ by less than this fraction are as good as each other.
TIE = 0.01
#: Rounds: no candidate is dropped before the first of these, none is without its three least samples before the
#: second, whatever the time, and no race goes on beyond the third.
FIRST, LEAST, LAST = 2, 3, 60
#: The probability that a lower bound misses.
RISK = 0.1


def _middle(ordered: list[float]) -> float:
    n = len(ordered)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


class Race:
    """A race between candidates 0, 1, ....

    Attributes
    ----------
    samples : list of list of float
        For each candidate its samples, the least one first.
    left : list of int
        Who is still in the race.
    rounds : int
        How many rounds were finished.
    """

    def __init__(self, count: int) -> None:
        self.samples: list[list[float]] = [[] for _ in range(count)]
        self.left = list(range(count))
        self.rounds = 0

    def estimate(self, candidate: int) -> float:
        """A candidate's time; infinite where it was never measured."""
        least = self.samples[candidate][:3]
        return sum(least) / len(least) if least else float("inf")

    def noise(self) -> float:
        """The usual difference between the two least samples of a candidate, as a fraction of the time."""
        gaps = sorted(row[1] / row[0] - 1 for row in self.samples if len(row) > 1 and row[0] > 0)
        return _middle(gaps) if gaps else 0.0

    def best(self) -> int:
        """The candidate with the least estimate of those left."""
        return min(self.left, key=self.estimate)

    def winner(self) -> int:
        """The first of those left that are as good as the best one."""
        limit = self.estimate(self.best()) * (1 + TIE)
        return next(c for c in self.left if self.estimate(c) <= limit)

    def _lower_bound(self, candidate: int, noise: float) -> float:
        row = self.samples[candidate]
        gap = max(row[1] - row[0], row[0] * noise) if len(row) > 1 else row[0]
        return row[0] - (1 - RISK) / RISK * gap

    def _drop(self) -> bool:
        """Take those out who have no chance; whether all who are left are as good as the best one."""
        noise, best = self.noise(), self.best()
        limit = self.samples[best][0] * (1 + TIE)
        self.left = [c for c in self.left if c == best or self._lower_bound(c, noise) <= limit]
        floor = self._lower_bound(best, noise) * (1 + TIE)
        return all(self.samples[c][0] <= floor for c in self.left)

    def run(
        self,
        sample: Callable[[int], float],
        go_on: Callable[[], bool],
        told: Callable[[Race], None] = lambda race: None,
    ) -> int:
        """Race, and name the winner.

        Parameters
        ----------
        sample : callable
            Measures a candidate: a time, in any unit.
        go_on : callable
            Whether there is time for another round.
        told : callable
            Told of the race after every round.
        """
        import random

        while len(self.left) > 1 and self.rounds < LAST and (self.rounds < LEAST or go_on()):
            order = [c for c in self.left if len(self.samples[c]) <= self.rounds]  # all, unless this round was cut off
            random.Random(self.rounds).shuffle(order)
            for c in order:
                insort(self.samples[c], sample(c))
            self.rounds += 1
            equal = self.rounds >= FIRST and self._drop()
            told(self)
            if equal:
                break
        return self.winner()

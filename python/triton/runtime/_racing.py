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

Parts. On a machine with more work than processors no sample may be undisturbed, and the least ones of two candidates
then differ by what met them. But a sample comes in parts, pieces of the grid that do the same work in every sample, and
what disturbs one part hardly ever disturbs the same part again. So the least time of each part, added up, is close to
the true time after a few samples: in 16 rounds of 20 matmuls beside ten other programs it was 2% above what a hundred
rounds came to, and the least sum 8%. The bound is the same for each part, and since their errors do not add up, its
factor comes down towards 1, where it would be without bias, with the number of parts.

A candidate whose lower bound lies more than `TIE` above the upper bound of the best has no chance, and leaves the race.
When the best cannot be more than `TIE` better than any that is left, which one is taken makes no difference worth the
time, and the race ends. It also ends when its time is up.

Cuts. Where bounds decide little, time goes to those that may win (successive halving: Karnin, Koren and Somekh, "Almost
optimal exploration in multi-armed bandits", ICML 2013). Whenever as many samples were taken as there were candidates
at first (30 at least), the worse 60% of those left leave, but none that is as good as the best; when nobody has to
leave, the race ends.

The choice. A candidate's estimate is the sum of its parts' least times, and without parts the mean of its three least
samples, which one lucky sample (a clock that was boosted) does not decide. Among those left that lie within `TIE` of
the best, the one that was named first is taken: so the same machine, measured twice, gives the same answer, although
the numbers differ.

Invariant. A race can stop after any sample and go on later: all it knows is in its attributes.

Cost. By the cuts at most about k (2 + 2 log k) samples of k candidates; as much arithmetic as there are parts of them.
"""

from __future__ import annotations

from bisect import insort
from math import ceil

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
#: The share of those left that stays at a cut, and the samples from one to the next where there are few candidates.
STAY, BETWEEN = 0.4, 30


def _middle(ordered: list[float]) -> float:
    n = len(ordered)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


class Race:
    """A race between candidates 0, 1, ....

    Attributes
    ----------
    samples : list of list of float
        For each candidate its samples, the least one first.
    parts : list of (list of float, list of float) or None
        For each candidate the least and the second least time of each part; None where there are no parts.
    left : list of int
        Who is still in the race.
    rounds : int
        How many rounds were finished.
    """

    def __init__(self, count: int) -> None:
        self.samples: list[list[float]] = [[] for _ in range(count)]
        self.parts: list[tuple[list[float], list[float]] | None] = [None] * count
        self.left = list(range(count))
        self.rounds = 0
        self._since_cut = 0

    def add(self, candidate: int, sample: float | list[float]) -> None:
        """Add a sample, a time or the times of its parts."""
        row = self.samples[candidate]
        if isinstance(sample, list):
            known = self.parts[candidate]
            if not row and len(sample) > 1:
                self.parts[candidate] = sample, [float("inf")] * len(sample)
            elif known and len(known[0]) == len(sample):
                pairs = list(zip(*known, sample, strict=True))
                self.parts[candidate] = [min(a, c) for a, _, c in pairs], [max(a, min(b, c)) for a, b, c in pairs]
            else:  # the parts were not the same: they say nothing
                self.parts[candidate] = None
            sample = sum(sample)
        insort(row, sample)
        self._since_cut += 1

    def least(self, candidate: int) -> float:
        """A time that the candidate can do."""
        known = self.parts[candidate]
        return sum(known[0]) if known else self.samples[candidate][0]

    def estimate(self, candidate: int) -> float:
        """A candidate's time; infinite where it was never measured."""
        if self.parts[candidate]:
            return self.least(candidate)
        least = self.samples[candidate][:3]
        return sum(least) / len(least) if least else float("inf")

    def _gap(self, candidate: int) -> float:
        """Between the two least samples, or those of the parts, as a fraction of the time."""
        known, row = self.parts[candidate], self.samples[candidate]
        if len(row) < 2 or row[0] <= 0:
            return 1.0
        return sum(known[1]) / sum(known[0]) - 1 if known else row[1] / row[0] - 1

    def noise(self) -> float:
        """The usual such gap."""
        gaps = sorted(self._gap(c) for c, row in enumerate(self.samples) if len(row) > 1)
        return _middle(gaps) if gaps else 0.0

    def best(self) -> int:
        """The candidate with the least estimate of those left."""
        return min(self.left, key=self.estimate)

    def winner(self) -> int:
        """The first of those left that are as good as the best one."""
        limit = self.estimate(self.best()) * (1 + TIE)
        return next(c for c in self.left if self.estimate(c) <= limit)

    def _lower_bound(self, candidate: int, noise: float) -> float:
        count = len(self.parts[candidate][0]) if self.parts[candidate] else 1
        factor = 1 + ((1 - RISK) / RISK - 1) / count
        return self.least(candidate) * (1 - factor * max(self._gap(candidate), noise))

    def _drop(self) -> bool:
        """Take those out who have no chance; whether all who are left are as good as the best one."""
        noise, best = self.noise(), self.best()
        limit = self.least(best) * (1 + TIE)
        self.left = [c for c in self.left if c == best or self._lower_bound(c, noise) <= limit]
        floor = self._lower_bound(best, noise) * (1 + TIE)
        return all(self.least(c) <= floor for c in self.left)

    def _cut(self) -> bool:
        """Where it is time, take the worse ones out; whether nobody had to leave."""
        if self._since_cut < max(len(self.samples), BETWEEN):
            return False
        self._since_cut = 0
        limit = self.estimate(self.best()) * (1 + TIE)
        ranked = sorted(self.left, key=self.estimate)
        stay = {*ranked[: max(2, ceil(STAY * len(ranked)))], *(c for c in ranked if self.estimate(c) <= limit)}
        before = len(self.left)
        self.left = [c for c in self.left if c in stay]
        return len(self.left) == before

    def run(
        self,
        sample: Callable[[int], float | list[float]],
        go_on: Callable[[], bool],
        told: Callable[[Race], None] = lambda race: None,
    ) -> int:
        """Race, and name the winner.

        Parameters
        ----------
        sample : callable
            Measures a candidate: a time, in any unit, or the times of its parts.
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
                self.add(c, sample(c))
            self.rounds += 1
            over = self.rounds >= FIRST and (self._drop() or self._cut())
            told(self)
            if over:
                break
        return self.winner()

"""Random kernels, run and compared: python tests/generator [--seed S] [--count N | --seconds T] [--targets ...]

A program is evaluated over NumPy and run on `--each` of the targets, in turn. Programs run in worker processes, so
that one which crashes or hangs is a failure like any other. Prints what is wrong with each failing program, its seed.

    ./dev fuzz --count 20000              programs from a seed of its own, which is printed
    ./dev fuzz --night                    on until a million programs have run; stopped and started again it goes on
    ./dev fuzz --seconds 28800            a night of programs from a seed of its own
    ./dev fuzz --seed 7 --count 1 --show  one program: its source, and every target
    ./dev fuzz --minimize 7               the smallest kernel that still fails as program 7 does
    ./dev fuzz --corpus --count 1000      first all programs of tests/generator/corpus, on every target
"""

from __future__ import annotations

import argparse
import collections
import gc
import json
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import sys
import tempfile
import time

# Before the package is imported, which worker processes then need not do.
folder = tempfile.TemporaryDirectory(prefix="tritonc-fuzz-")
os.environ |= {"TRITON_CACHE_DIR": folder.name, "TRITON_ALWAYS_COMPILE": "1", "TRITONC_NUM_THREADS": "1"}
os.environ.setdefault("TRITONC_VERIFY", "1")

import torch  # noqa: E402
from compare import TARGETS, check, turns  # noqa: E402
from memory import program_of  # noqa: E402
from minimize import minimize  # noqa: E402
from program import Saved  # noqa: E402

CORPUS = pathlib.Path(__file__).parent / "corpus"
NIGHT = pathlib.Path(__file__).parents[2] / "build" / "fuzz-night.json"


def chosen(options: argparse.Namespace, seed: int) -> list:
    """The targets of a program."""
    slots = turns(options.targets)
    step = len(slots) // options.each if options.each <= len(slots) else 1
    picked = [slots[(seed + k * step) % len(slots)] for k in range(options.each)]
    return list(dict.fromkeys(picked))


def work(pipe: object, options: argparse.Namespace, log: str) -> None:
    """Runs programs by their seeds until told to stop."""
    sys.stdout = sys.stderr = open(log, "w", buffering=1)  # noqa: SIM115
    os.dup2(sys.stderr.fileno(), 2)
    gc.freeze()
    gc.disable()
    while True:
        seeds = pipe.recv()
        if seeds is None:
            return
        for seed in seeds:
            pipe.send((seed, check(program_of(seed, options.kind), chosen(options, seed))))
        gc.collect()


class Worker:
    """A process that runs programs, some dozens at a time."""

    BATCH, LIFE = 32, 640

    def __init__(self, options: argparse.Namespace, number: int) -> None:
        self.options, self.number, self.seeds = options, number, collections.deque()
        self.start()

    def start(self) -> None:
        self.pipe, other = multiprocessing.Pipe()
        self.log = os.path.join(tempfile.gettempdir(), f"tritonc-fuzz-{os.getpid()}-{self.number}.log")
        self.process = multiprocessing.Process(target=work, args=(other, self.options, self.log), daemon=True)
        self.process.start()
        other.close()
        self.done = 0

    def give(self, seeds: list) -> None:
        """More seeds; a new process now and then, as compiled kernels are kept for as long as their process lives."""
        if self.done >= self.LIFE:
            self.stop()
            self.start()
        self.seeds, self.since = collections.deque(seeds), time.monotonic()
        self.pipe.send(seeds)

    def answers(self) -> list:
        """(seed, what is wrong) of each program that is done, has died, or has taken too long."""
        found = []
        try:
            while self.seeds and self.pipe.poll():
                found.append(self.pipe.recv())
                assert found[-1][0] == self.seeds.popleft()
                self.since, self.done = time.monotonic(), self.done + 1
        except (EOFError, ConnectionResetError):
            self.process.join()
        late = time.monotonic() - self.since > self.options.limit
        if self.seeds and (late or not self.process.is_alive()) and not self.pipe_has_more():
            found.append(self.lost())
        return found

    def pipe_has_more(self) -> bool:
        try:
            return self.process.is_alive() and self.pipe.poll()
        except (EOFError, ConnectionResetError):
            return False

    def lost(self) -> tuple:
        """The program that ended its process; the others of its batch are given to a new one."""
        how = f"takes longer than {self.options.limit} s"
        if not self.process.is_alive():
            how = f"died with status {self.process.exitcode}"
        self.process.kill()
        self.process.join()
        with open(self.log) as file:
            how += "\n" + "".join(file.readlines()[-6:])
        seed = self.seeds.popleft()
        self.start()
        self.give(list(self.seeds))
        return seed, [("process", how)]

    def stop(self) -> None:
        self.pipe.send(None)
        self.process.join(5)
        self.process.kill()


def report(seed: int, wrong: list, seen: collections.Counter, show: int = 40) -> None:
    for target, text in wrong:
        kind = text.strip().splitlines()[-1][:70] if text.strip() else "?"
        seen[f"{target.partition(':')[0]}: {kind if '[' not in kind[:6] else 'a wrong value'}"] += 1
        if sum(seen.values()) <= show:
            print(f"seed {seed}, {target}: {text}", flush=True)


def run_corpus(options: argparse.Namespace) -> int:
    """What failed once, on every target; says how many are wrong."""
    wrong = 0
    files = sorted(CORPUS.glob("*.py"))
    for file in files:
        found = check(Saved(file.read_text()), options.targets)
        wrong += bool(found)
        for target, text in found:
            print(f"{file.name}, {target}: {text}", flush=True)
    print(f"{len(files)} programs of {CORPUS.name}/ on {len(options.targets)} targets, {wrong} wrong", flush=True)
    return wrong


class Night:
    """How far a long run has come, in a file: of `count` programs from `seed` all of the first `done` have run.

    What others had run when the run was stopped runs again.
    """

    FACTS = ("seed", "count", "kind", "each", "targets")

    def __init__(self, path: pathlib.Path, options: argparse.Namespace) -> None:
        self.path, self.open = path, set()
        self.state = {name: getattr(options, name) for name in self.FACTS} | {"done": 0, "failed": [], "seconds": 0.0}
        if path.exists():
            self.state = json.loads(path.read_text())
            for name in self.FACTS:
                setattr(options, name, self.state[name])
        self.before = self.state["seconds"]

    def save(self, given: int, seconds: float) -> None:
        """`given`: how many have been given to workers, of which `open` are not done."""
        self.state["done"] = min(self.open) - self.state["seed"] if self.open else given
        self.state["seconds"] = round(self.before + seconds, 1)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.state, indent=1) + "\n")
        fresh.replace(self.path)


def run(options: argparse.Namespace, night: Night | None = None) -> int:
    begin = time.monotonic()
    workers = [Worker(options, k) for k in range(options.jobs)]
    done = failed = 0
    given = night.state["done"] if night else 0
    ran: collections.Counter = collections.Counter()
    seen: collections.Counter = collections.Counter()

    def batch() -> list:
        nonlocal given
        if options.seconds and time.monotonic() - begin > options.seconds:
            return []
        size = min(Worker.BATCH, options.count - given) if options.count else Worker.BATCH
        given += size
        seeds = list(range(options.seed + given - size, options.seed + given))
        if night:
            night.open.update(seeds)
        return seeds

    while True:
        for worker in workers:
            if not worker.seeds and (seeds := batch()):
                worker.give(seeds)
        busy = [worker for worker in workers if worker.seeds]
        if not busy:
            break
        multiprocessing.connection.wait([worker.pipe for worker in busy], 0.5)
        for seed, wrong in [answer for worker in busy for answer in worker.answers()]:
            done += 1
            ran.update(["numpy", *chosen(options, seed)])
            if wrong:
                failed += 1
                report(seed, wrong, seen)
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{seed}.py").write_text(Saved.text(program_of(seed, options.kind)))
            if night:
                night.open.discard(seed)
                night.state["failed"] += [seed] * bool(wrong and seed not in night.state["failed"])
                if done % 100 == 0:
                    night.save(given, time.monotonic() - begin)
            if done % 1000 == 0:
                print(f"{done} programs, {failed} wrong, {time.monotonic() - begin:.0f} s", flush=True)
    for worker in workers:
        worker.stop()
    print(f"{done} programs from seed {options.seed}, {failed} wrong, {time.monotonic() - begin:.0f} s")
    if night:
        night.save(given, time.monotonic() - begin)
        facts = night.state
        print(f"{facts['done']} of {facts['count']} programs in {facts['seconds']:.0f} s, {len(facts['failed'])} wrong")
    print("runs:", ", ".join(f"{target} {n}" for target, n in sorted(ran.items())))
    for what, n in seen.most_common(30):
        print(f"  {n} x {what}")
    return int(failed > 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="of the first program; by default the time")
    parser.add_argument("--count", type=int, default=0, help="how many programs")
    parser.add_argument("--seconds", type=float, default=0, help="how long")
    parser.add_argument("--targets", nargs="*", help="what to run on")
    parser.add_argument("--each", type=int, default=1, help="on how many of the targets each program runs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--limit", type=float, default=60, help="seconds that a program may take")
    parser.add_argument(
        "--kind",
        choices=["all", "general", "memory", "blocks", "strips", "bundles"],
        default="all",
        help="which programs: of eight, two are about memory, one is about descriptors and scaled products, one is "
        "about strips, about values that travel together",
    )
    parser.add_argument("--corpus", action="store_true", help="first what failed once")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER", help="where failing programs are put")
    parser.add_argument(
        "--night",
        nargs="?",
        type=pathlib.Path,
        const=NIGHT,
        metavar="FILE",
        help="go on with the run of a file (build/fuzz-night.json); a new one has a million programs",
    )
    parser.add_argument("--show", action="store_true", help="print the programs' sources")
    parser.add_argument("--minimize", type=int, metavar="SEED", help="make a failing program small")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.targets = options.targets or [*TARGETS, "interpreter"]
    if options.minimize is not None:
        return minimize(program_of(options.minimize, options.kind), options.targets)
    options.seed = int(time.time()) * 100000 if options.seed is None else options.seed
    if options.show:
        program = program_of(options.seed, options.kind)
        print(program.source, program.scalars, program.grid, program.options)
        wrong = check(program, options.targets)
        report(options.seed, wrong, collections.Counter())
        return int(bool(wrong))
    night = None
    if options.night:
        options.count = options.count or 1_000_000
        options.keep = options.keep or options.night.with_suffix("")
        night = Night(options.night, options)
        print(f"{options.night}: {night.state['done']} of {options.count} programs have run", flush=True)
    if not options.count and not options.seconds:
        options.count = 1000
    print(f"seed {options.seed}", flush=True)
    wrong = run_corpus(options) if options.corpus else 0
    return int(run(options, night) or wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Random kernels, run and compared: python tests/generator [--seed S] [--count N | --seconds T] [--targets ...]

Every program runs in the interpreter and on `--each` of the targets, in turn. Programs run in worker processes, so that
one which crashes or hangs is a failure like any other. Prints what is wrong with each failing program, and its seed.

    ./dev fuzz --count 20000              programs from a seed of its own, which is printed
    ./dev fuzz --seconds 28800            a night
    ./dev fuzz --seed 7 --count 1 --show  one program: its source, and every target
    ./dev fuzz --minimize 7               the smallest kernel that still fails as program 7 does
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import sys
import tempfile
import time


def work(pipe: object, targets: list, each: int, log: str) -> None:
    """Runs programs by their seeds until told to stop."""
    sys.stdout = sys.stderr = open(log, "w", buffering=1)  # noqa: SIM115
    os.dup2(sys.stderr.fileno(), 2)
    import torch

    torch.set_num_threads(1)
    from compare import check
    from program import Program

    while True:
        seed = pipe.recv()
        if seed is None:
            return
        program = Program(seed)
        start = seed % len(targets)
        chosen = [targets[(start + k * 3) % len(targets)] for k in range(min(each, len(targets)))]
        chosen = list(dict.fromkeys(chosen))
        wrong = check(program, chosen)
        pipe.send((seed, chosen, wrong))


class Worker:
    """A process that runs programs, one at a time."""

    def __init__(self, options: argparse.Namespace, number: int) -> None:
        self.options, self.number, self.seed = options, number, None
        self.start()

    def start(self) -> None:
        self.pipe, other = multiprocessing.Pipe()
        log = os.path.join(tempfile.gettempdir(), f"tritonc-fuzz-{os.getpid()}-{self.number}.log")
        arguments = (other, self.options.targets, self.options.each, log)
        self.process = multiprocessing.Process(target=work, args=arguments, daemon=True)
        self.process.start()
        other.close()
        self.log, self.done = log, 0

    def give(self, seed: int) -> None:
        self.seed, self.since = seed, time.monotonic()
        self.pipe.send(seed)

    def poll(self) -> tuple | None:
        """(seed, targets, what is wrong) when it is done, has died, or has taken too long."""
        try:
            if self.pipe.poll(0.02):
                self.done += 1
                return self.pipe.recv()
        except (EOFError, ConnectionResetError):
            pass
        if self.process.is_alive() and time.monotonic() - self.since < self.options.limit:
            return None
        how = f"takes longer than {self.options.limit} s"
        if not self.process.is_alive():
            self.process.join()
            how = f"died with status {self.process.exitcode}"
        self.process.kill()
        self.process.join()
        with open(self.log) as file:
            how += "\n" + "".join(file.readlines()[-6:])
        seed = self.seed
        self.start()
        return seed, self.options.targets, [("process", how)]

    def refresh(self) -> None:
        """A new process now and then: kernels that were compiled are kept for as long as their process lives."""
        if self.done >= 400:
            self.stop()
            self.start()

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


def run(options: argparse.Namespace) -> int:
    begin = time.monotonic()
    workers = [Worker(options, k) for k in range(options.jobs)]
    given = done = failed = 0
    ran: collections.Counter = collections.Counter()
    seen: collections.Counter = collections.Counter()

    def may_go_on() -> bool:
        if options.seconds and time.monotonic() - begin > options.seconds:
            return False
        return not options.count or given < options.count

    while True:
        for worker in workers:
            if worker.seed is None and may_go_on():
                worker.refresh()
                worker.give(options.seed + given)
                given += 1
            if worker.seed is None:
                continue
            answer = worker.poll()
            if answer is None:
                continue
            worker.seed = None
            seed, targets, wrong = answer
            done += 1
            ran.update(["interpreter", *targets])
            if wrong:
                failed += 1
                report(seed, wrong, seen)
            if done % 1000 == 0:
                print(f"{done} programs, {failed} wrong, {time.monotonic() - begin:.0f} s", flush=True)
        if all(w.seed is None for w in workers) and not may_go_on():
            break
    for worker in workers:
        worker.stop()
    print(f"{done} programs from seed {options.seed}, {failed} wrong, {time.monotonic() - begin:.0f} s")
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
    parser.add_argument("--show", action="store_true", help="print the programs' sources")
    parser.add_argument("--minimize", type=int, metavar="SEED", help="make a failing program small")
    options = parser.parse_args()
    folder = tempfile.TemporaryDirectory(prefix="tritonc-fuzz-")
    os.environ |= {"TRITON_CACHE_DIR": folder.name, "TRITON_ALWAYS_COMPILE": "1", "TRITONC_NUM_THREADS": "1"}
    os.environ.setdefault("TRITONC_VERIFY", "1")
    from compare import TARGETS

    options.targets = options.targets or TARGETS
    if options.minimize is not None:
        from minimize import minimize

        return minimize(options.minimize, options.targets)
    options.seed = int(time.time()) * 100000 if options.seed is None else options.seed
    if options.show:
        from compare import check
        from program import Program

        program = Program(options.seed)
        print(program.source, program.scalars, program.grid, program.options)
        wrong = check(program, options.targets)
        report(options.seed, wrong, collections.Counter())
        return int(bool(wrong))
    if not options.count and not options.seconds:
        options.count = 1000
    print(f"seed {options.seed}", flush=True)
    return run(options)


if __name__ == "__main__":
    sys.exit(main())

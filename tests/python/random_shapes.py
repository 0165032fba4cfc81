"""Random kernels that move elements about, and what they must compute.

A kernel is a line of statements over integer tensors of any shape: permutations, reshapes, reductions and scans along an axis,
sorts, gathers, joins and splits, sums of two values made to fit. Every statement is made twice at once: as Triton source and as
a NumPy value. Some of the line may stand in a loop. All of it is exact: integers wrap around.
"""

import random

import numpy as np

SIZE = 10  # log2 of the most elements
DTYPES = {"int8": np.int8, "int16": np.int16, "int32": np.int32, "int64": np.int64}


class Kernel:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.dtype = self.r.choice(list(DTYPES))
        self.warps = self.r.choice([1, 2, 4, 8])
        self.lines, self.names = [], 0
        bits = self.r.randint(0, SIZE)
        self.values = [self.load(bits), self.load(bits)]
        self.body(self.r.randint(1, 5))
        self.rounds = self.r.choice([0, 1, 3]) if self.r.random() < 0.4 else None
        if self.rounds is not None:
            self.loop()
        name, value = self.values[-1]
        self.wanted = value.reshape(-1)
        self.add(f"tl.store(out + tl.arange(0, {value.size}), tl.reshape({name}, [{value.size}]))")
        self.source = "\n".join(["@triton.jit", "def kernel(x, out, rounds):", *self.lines, ""])

    def add(self, line):
        self.lines.append("    " + line)

    def new(self, expression, value):
        self.names += 1
        self.add(f"v{self.names} = {expression}")
        return f"v{self.names}", value

    def load(self, bits):
        """The next elements of the input, in some shape."""
        rank = self.r.randint(1, min(3, max(1, bits)))
        cuts = sorted(self.r.randint(0, bits) for _ in range(rank - 1))
        shape = [1 << (b - a) for a, b in zip([0, *cuts], [*cuts, bits], strict=True)]
        if not hasattr(self, "input"):
            self.input = np.random.default_rng(self.r.randint(0, 1 << 30)).integers(-100, 100, 2 << SIZE)
            self.input = self.input.astype(DTYPES[self.dtype])
            self.used = 0
        begin = self.used
        self.used += 1 << bits
        strides = [int(np.prod(shape[i + 1 :])) for i in range(rank)]
        at = " + ".join(
            f"tl.arange(0, {n})[{', '.join(':' if i == d else 'None' for i in range(rank))}] * {strides[d]}"
            for d, n in enumerate(shape)
        )
        return self.new(f"tl.load(x + {begin} + {at})", self.input[begin : self.used].reshape(shape))

    def body(self, n):
        for _ in range(n):
            ops = [
                self.permute,
                self.reshape,
                self.reduce,
                self.scan,
                self.sort,
                self.gather,
                self.join,
                self.split,
                self.combine,
            ]
            made = self.r.choice(ops)(*self.r.choice(self.values[-3:]))
            if made:
                self.values.append(made)

    def loop(self):
        """acc is changed `rounds` times by statements whose result has its shape again."""
        name, value = self.values[-1]
        self.add(f"acc = {name}")
        self.add("for i in range(rounds):")
        lines, self.lines = self.lines, []
        order = self.r.sample(range(value.ndim), value.ndim)
        axis = self.r.randrange(value.ndim)
        self.add(f"t = tl.reshape(tl.permute(acc, {order}), {list(value.shape)})")
        self.add(f"acc = acc + (tl.cumsum(t, {axis}) + i).to(tl.{self.dtype})")
        self.lines = lines + ["    " + line for line in self.lines]
        for i in range(self.rounds):
            t = value.transpose(order).reshape(value.shape)
            value = value + (np.cumsum(t, axis, dtype=np.int64) + i).astype(value.dtype)
        self.values.append(("acc", value))

    # ---- statements: (name, value) or None where there is nothing to do ----

    def axis(self, value):
        return self.r.randrange(value.ndim)

    def permute(self, name, value):
        order = self.r.sample(range(value.ndim), value.ndim)
        return self.new(f"tl.permute({name}, {order})", value.transpose(order))

    def reshape(self, name, value):
        bits = value.size.bit_length() - 1
        rank = self.r.randint(1, 4)
        cuts = sorted(self.r.randint(0, bits) for _ in range(rank - 1))
        shape = [1 << (b - a) for a, b in zip([0, *cuts], [*cuts, bits], strict=True)]
        return self.new(f"tl.reshape({name}, {shape})", value.reshape(shape))

    def reduce(self, name, value):
        axis, kind = self.axis(value), self.r.choice(["sum", "max", "min", "xor_sum"])
        functions = {"sum": np.add, "max": np.maximum, "min": np.minimum, "xor_sum": np.bitwise_xor}
        wide = value.astype(np.int64)
        made = functions[kind].reduce(wide, axis=axis, keepdims=True).astype(value.dtype)
        red = f"tl.{kind}({name}, {axis}, keep_dims=True).to(tl.{self.dtype})"
        return self.new(f"{name} - {red}", value - made)

    def scan(self, name, value):
        axis, reverse = self.axis(value), self.r.random() < 0.5
        turned = np.flip(value, axis) if reverse else value
        made = np.cumsum(turned, axis, dtype=np.int64).astype(value.dtype)
        made = np.flip(made, axis) if reverse else made
        return self.new(f"tl.cumsum({name}, {axis}, reverse={reverse}).to(tl.{self.dtype})", made)

    def sort(self, name, value):
        descending = self.r.random() < 0.5
        made = np.sort(value, -1)
        return self.new(f"tl.sort({name}, descending={descending})", np.flip(made, -1) if descending else made)

    def gather(self, name, value):
        axis = self.axis(value)
        n, step = value.shape[axis], self.r.choice([1, 3, 7])
        shape = ", ".join(":" if d == axis else "None" for d in range(value.ndim))
        index = f"tl.broadcast_to(((tl.arange(0, {n}) * {step} + 1) % {n})[{shape}], {list(value.shape)})"
        return self.new(f"tl.gather({name}, {index}, {axis})", np.take(value, (np.arange(n) * step + 1) % n, axis))

    def join(self, name, value):
        if value.size >> SIZE or value.ndim > 3:
            return None
        return self.new(f"tl.join({name}, {name} + 1)", np.stack([value, value + value.dtype.type(1)], -1))

    def split(self, name, value):
        if value.ndim < 2 or value.shape[-1] != 2:
            return None
        first, second = self.names + 1, self.names + 2
        self.names += 2
        self.add(f"v{first}, v{second} = tl.split({name})")
        return self.new(f"v{first} - v{second}", value[..., 0] - value[..., 1])

    def combine(self, name, value):
        """Another value of as many elements, in this one's shape."""
        others = [v for v in self.values if v[1].size == value.size]
        other, add = self.r.choice(others)
        return self.new(f"{name} + tl.reshape({other}, {list(value.shape)})", value + add.reshape(value.shape))

    def check(self, kernel):
        """None, or what differs."""
        out = np.full(self.wanted.size + 4, 77, dtype=self.wanted.dtype)
        kernel[(1,)](self.input, out, self.rounds or 0, num_warps=self.warps)
        if (out[-4:] != 77).any():
            return "elements behind the end were written"
        wrong = np.nonzero(out[:-4] != self.wanted)[0]
        if not len(wrong):
            return None
        return f"{len(wrong)} of {self.wanted.size} differ, the first at {wrong[0]}: {out[wrong[0]]}, not {self.wanted[wrong[0]]}"

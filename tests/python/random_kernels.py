"""Random well-typed kernels and what they must compute.

A kernel is a straight line of statements over tensors of one tile shape: loads, pointwise operators, casts, selections, and
reductions that are broadcast back. Every statement is made twice at once: as Triton source, and as a NumPy value by the rules of
the language (promotion, wrap-around, division toward zero). NumPy's own promotion is never relied on: operands are cast first.

Everything is bit-exact except float sums, whose order is free; after one, the generator tracks that values are approximate
and ends the line there (the sum is stored, not used).
"""

import random

import numpy as np

INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "float32", "float64"]
BITS = {d: np.dtype(d).itemsize * 8 for d in INTS + FLOATS}


def is_float(d):
    return d in FLOATS


def is_signed(d):
    return d.startswith("int")


def promote(a, b):
    """The language's common type of two tensors' element types."""
    if a == b:
        return a
    if is_float(a) or is_float(b):
        if is_float(a) and is_float(b):
            return max(a, b, key=BITS.get)
        return a if is_float(a) else b
    if is_signed(a) == is_signed(b):
        return max(a, b, key=BITS.get)
    unsigned, signed = (b, a) if is_signed(a) else (a, b)
    return unsigned if BITS[unsigned] >= BITS[signed] else signed


def truncated_divide(x, y):
    q = x // y
    return q + ((x % y != 0) & ((x < 0) != (y < 0))).astype(q.dtype)


class Kernel:
    """One random kernel: `source`, `inputs`, and the `outputs` (name to expected array and tolerance) of a launch."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.np = np.random.default_rng(seed)
        rng = self.rng
        if rng.random() < 0.5:
            self.shape = (rng.choice([1, 2, 16, 64, 128, 256, 1024]),)
        else:
            self.shape = (rng.choice([1, 2, 4, 16, 32]), rng.choice([1, 2, 8, 32, 64, 128]))
        self.n = rng.randint(1, int(np.prod(self.shape))) if rng.random() < 0.5 else int(np.prod(self.shape))
        self.lines, self.values, self.inputs, self.outputs = [], [], [], []
        with np.errstate(all="ignore"):
            for _ in range(rng.randint(1, 3)):
                self.load()
            for _ in range(rng.randint(3, 12)):
                rng.choice(
                    [
                        self.binary,
                        self.binary,
                        self.binary,
                        self.unary,
                        self.cast,
                        self.where,
                        self.divide,
                        self.shift,
                        self.reduce,
                        self.constant,
                    ]
                )()
        for name, dtype, value in rng.sample(self.values, min(3, len(self.values))):
            self.store(name, dtype, value)
        self.source = self.text()

    # -- the pieces ---------------------------------------------------------------------------------------------------

    def add(self, expression, dtype, value):
        name = f"v{len(self.values)}"
        self.lines.append(f"{name} = {expression}")
        value = np.ascontiguousarray(np.broadcast_to(value, self.shape)).astype(dtype, copy=False)
        self.values.append((name, dtype, value))
        return self.values[-1]

    def pick(self, kinds=None):
        choices = [v for v in self.values if kinds is None or v[1] in kinds]
        return self.rng.choice(choices) if choices else None

    def load(self):
        dtype = self.rng.choice(INTS + FLOATS + ["float32"])
        if is_float(dtype):
            data = self.np.standard_normal(self.shape).astype(dtype)
            data.flat[:: self.rng.randint(3, 50)] = self.rng.choice([0.0, -0.0, 1.0, np.inf, 1e-3])
        else:
            info = np.iinfo(dtype)
            data = self.np.integers(info.min, info.max, self.shape, dtype=dtype, endpoint=True)
        k = len(self.inputs)
        self.inputs.append(data)
        other = self.rng.randint(0, 3)
        inside = np.arange(data.size).reshape(self.shape) < self.n
        self.add(
            f"tl.load(in{k} + at, mask=at < n, other={other})", dtype, np.where(inside, data, np.array(other, dtype))
        )

    def binary(self):
        (a, da, x), (b, db, y) = self.pick(), self.pick()
        d = promote(da, db)
        ops = ["+", "-", "*", "minimum", "maximum", "<", "<=", "=="] + ([] if is_float(d) else ["&", "|", "^"])
        op = self.rng.choice(ops)
        x, y = x.astype(d), y.astype(d)
        if op == "minimum" or op == "maximum":
            value = (np.fmin if op == "minimum" else np.fmax)(x, y)
            if is_float(d):  # which zero comes out of (0, -0) is not specified
                value = value + np.array(0, d)
                self.add(f"tl.{op}({a}, {b}) + 0.0", d, value)
            else:
                self.add(f"tl.{op}({a}, {b})", d, value)
        elif op in ("<", "<=", "=="):
            self.add(
                f"({a} {op} {b}).to(tl.int32)",
                "int32",
                {"<": np.less, "<=": np.less_equal, "==": np.equal}[op](x, y).astype("int32"),
            )
        else:
            value = {
                "+": np.add,
                "-": np.subtract,
                "*": np.multiply,
                "&": np.bitwise_and,
                "|": np.bitwise_or,
                "^": np.bitwise_xor,
            }[op](x, y)
            self.add(f"{a} {op} {b}", d, value)

    def unary(self):
        a, d, x = self.pick()
        if is_float(d):
            kind = self.rng.choice(["-", "abs", "floor", "ceil", "sqrt"])
            if kind in ("floor", "ceil", "sqrt") and d == "float16":
                kind = "-"
            if kind == "-":
                self.add(f"-{a}", d, -x)
            elif kind == "sqrt":
                self.add(
                    f"tl.sqrt_rn(tl.abs({a}))" if d == "float32" else f"tl.sqrt(tl.abs({a}))", d, np.sqrt(np.abs(x))
                )
            else:
                self.add(f"tl.{kind}({a})", d, getattr(np, kind)(x))
        elif self.rng.random() < 0.5:
            self.add(f"~{a}", d, ~x)
        elif is_signed(d):
            self.add(f"-{a}" if self.rng.random() < 0.5 else f"0 - {a}", d, np.subtract(np.array(0, d), x))

    def cast(self):
        a, d, x = self.pick()
        to = self.rng.choice(INTS + FLOATS)
        if is_float(d) and not is_float(to):
            bound = np.array(100, d)
            x = np.fmin(np.fmax(x, np.array(0, d) if to.startswith("u") else -bound), bound)
            low = "0.0" if to.startswith("u") else "-100.0"
            self.add(f"tl.minimum(tl.maximum({a}, {low}), 100.0).to(tl.{to})", to, np.trunc(x).astype(to))
        elif not is_float(d) and to == "float16":
            self.add(f"{a}.to(tl.float32).to(tl.float16)", to, x.astype("float32").astype(to))
        elif d == "float64" and to == "float16":
            self.add(f"{a}.to(tl.float32).to(tl.float16)", to, x.astype("float32").astype(to))
        else:
            self.add(f"{a}.to(tl.{to})", to, x.astype(to))

    def where(self):
        (a, da, x), (b, db, y), (c, _, z) = self.pick(), self.pick(), self.pick()
        d = promote(da, db)
        self.add(f"tl.where({c} > 0, {a}, {b})", d, np.where(z > 0, x.astype(d), y.astype(d)))

    def divide(self):
        (a, da, x), (b, db, y) = self.pick(), self.pick()
        if is_float(da) and is_float(db):
            d = promote(da, db)
            if d == "float32":
                self.add(f"tl.div_rn({a}.to(tl.float32), {b}.to(tl.float32))", d, x.astype(d) / y.astype(d))
        elif da == db:
            positive = (y & np.array(15, db)) + np.array(1, db)
            if self.rng.random() < 0.5:
                self.add(f"{a} // (({b} & 15) + 1)", da, truncated_divide(x, positive))
            else:
                self.add(f"{a} % (({b} & 15) + 1)", da, x - truncated_divide(x, positive) * positive)

    def shift(self):
        picked, amount = self.pick(INTS), self.rng.randint(0, 7)
        if picked:
            a, d, x = picked
            if self.rng.random() < 0.5:
                self.add(f"{a} << {amount}", d, np.left_shift(x, np.array(amount, d)))
            else:
                self.add(f"{a} >> {amount}", d, np.right_shift(x, np.array(amount, d)))

    def constant(self):
        a, d, x = self.pick()
        k = self.rng.randint(1, 100)
        if is_float(d):
            self.add(f"{a} * {k / 8}", d, x * np.array(k / 8, d))
        else:
            self.add(f"{a} + {k}", d, x + np.array(k, d))

    def reduce(self):
        a, d, x = self.pick()
        axis = self.rng.randrange(len(self.shape))
        index = {(1, 0): "", (2, 0): "[None, :]", (2, 1): "[:, None]"}[(len(self.shape), axis)]
        kind = self.rng.choice(["max", "min"] + (["sum"] if is_float(d) else ["sum", "xor_sum"]))
        if is_float(d) and kind == "sum":
            self.float_sum(a, d, x, axis, index)
            return
        if is_float(d):
            value = (np.fmax if kind == "max" else np.fmin).reduce(x, axis=axis, keepdims=True) + np.array(0, d)
            expression = f"tl.{kind}({a}, {axis})"
            # Reduced in fp32, as the language does for narrow floats.
            d2 = d if d != "float16" else "float32"
            self.add(f"(tl.full({list(self.shape)}, 0, tl.{d2}) + {expression}{index}).to(tl.{d})", d, value)
            return
        wide = d if BITS[d] >= 32 else ("int32" if is_signed(d) else "uint32")
        if kind == "sum":
            value = x.astype(wide).sum(axis=axis, keepdims=True, dtype=wide)
        elif kind == "xor_sum":
            wide, value = d, np.bitwise_xor.reduce(x, axis=axis, keepdims=True)
        else:
            value = (x.max if kind == "max" else x.min)(axis=axis, keepdims=True)
            wide = d
        self.add(
            f"(tl.full({list(self.shape)}, 0, tl.{wide}) + tl.{kind}({a}, {axis}){index}).to(tl.{wide})",
            wide,
            value.astype(wide),
        )

    def float_sum(self, a, d, x, axis, index):
        if not np.isfinite(x).all():
            return
        if d == "float16":  # its sums could overflow
            a, d = f"{a}.to(tl.float32)", "float32"
        total = x.astype("float64").sum(axis=axis, keepdims=True)
        bound = np.abs(x).astype("float64").sum(axis=axis, keepdims=True) * x.shape[axis] * float(np.finfo(d).eps)
        name = f"s{len(self.lines)}"
        self.lines.append(f"{name} = tl.full({list(self.shape)}, 0.0, tl.float64) + tl.sum({a}, {axis}){index}")
        self.store(name, "float64", np.broadcast_to(total, self.shape), np.broadcast_to(bound + 1e-30, self.shape))

    def store(self, name, dtype, value, bound=None):
        k = len(self.outputs)
        self.lines.append(f"tl.store(out{k} + at, {name}, mask=at < n)")
        self.outputs.append((dtype, np.ascontiguousarray(value), bound))

    def text(self):
        if len(self.shape) == 1:
            at = f"tl.arange(0, {self.shape[0]})"
        else:
            at = f"tl.arange(0, {self.shape[0]})[:, None] * {self.shape[1]} + tl.arange(0, {self.shape[1]})[None, :]"
        names = [f"in{k}" for k in range(len(self.inputs))] + [f"out{k}" for k in range(len(self.outputs))]
        body = "".join(f"    {line}\n" for line in [f"at = {at}", *self.lines])
        return f"@triton.jit\ndef kernel({', '.join(names)}, n):\n{body}"

    # -- running it ---------------------------------------------------------------------------------------------------

    def check(self, jit_kernel):
        """Launch on fresh outputs and compare; returns a description of the first difference, or None."""
        got = [np.full(self.shape, 77, dtype) for dtype, _, _ in self.outputs]
        jit_kernel[(1,)](*self.inputs, *got, self.n, enable_fp_fusion=False)
        inside = np.arange(int(np.prod(self.shape))).reshape(self.shape) < self.n
        for k, ((dtype, want, bound), have) in enumerate(zip(self.outputs, got, strict=True)):
            if not (have[~inside] == np.array(77, dtype)).all():
                return f"out{k}: written outside the mask"
            w, h = want[inside], have[inside]
            if bound is not None:
                bad = ~(np.abs(h - w) <= bound[inside])
            elif is_float(dtype):
                bad = (h.view(f"uint{BITS[dtype]}") != w.view(f"uint{BITS[dtype]}")) & ~(np.isnan(h) & np.isnan(w))
            else:
                bad = h != w
            if bad.any():
                i = int(np.flatnonzero(bad)[0])
                return f"out{k}[{i}] ({dtype}): {h[i]!r}, expected {w[i]!r}; {int(bad.sum())} of {bad.size} differ"
        return None

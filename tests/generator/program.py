"""Random whole kernels: Program(seed) is a kernel's source, and the arguments and options that it is launched with.

A program is well typed and its result is defined bit for bit, so that every way of running it must give the same: sums
and products of matrices are of small whole numbers, divisors are not zero, casts to integers are of clamped numbers,
stores of one statement go to different addresses, and after a store to memory that is read again stands a barrier.
What it is made of is random: types of all widths, one to three dimensions, carried through nested loops and branches,
with calls, tuples, reductions, scans, sorts, gathers, histograms, joins, atomics and dots between.

A statement is a method that begins with `do_`; it writes lines and may leave a variable. An expression has exactly the
element type and shape that is asked for. Nothing depends on anything but the seed.
"""

from __future__ import annotations

import ast
import random

from blocks import Blocks

SIGNED = ["int8", "int16", "int32", "int64"]
UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
INTS = SIGNED + UNSIGNED
FLOATS = ["float16", "bfloat16", "float32", "float64"]
FP8 = ["float8e4nv", "float8e5"]
ALL = [*INTS, *FLOATS, *FP8, "int1"]
BITS = {d: int("".join(c for c in d.replace("e4nv", "").replace("e5", "") if c.isdigit())) for d in ALL}


def near_an_end(rng: random.Random, dtype: str) -> int:
    """A number at or near an end of a type, or where the sign of a number of as many bits turns."""
    low = -(2 ** (BITS[dtype] - 1)) if dtype in SIGNED else 0
    high = low + 2 ** BITS[dtype] - 1
    step = rng.choice([0, 0, 1, rng.randrange(100)])
    return rng.choice([low + step, high - step, high - step, (low + high) // 2 + rng.choice([-step, step, 1])])


class Saved:
    """A program that was kept in a file: its source below a line that says how it is launched.

    It has the attributes of Program; `seed` is what its arrays are filled from.
    """

    FIELDS = ("seed", "arguments", "scalars", "grid", "options", "descriptors")

    def __init__(self, text: str) -> None:
        first, _, self.source = text.partition("\n")
        self.descriptors: dict = {}
        for name, value in ast.literal_eval(first.removeprefix("# ")).items():
            setattr(self, name, value)

    @classmethod
    def text(cls, program: object) -> str:
        """What to keep of a program."""
        return f"# { {name: getattr(program, name) for name in cls.FIELDS}!r}\n{program.source}"


class Program(Blocks):
    """A random kernel.

    Attributes
    ----------
    source : str
        A module with `kernel` and its helpers.
    arguments : list of (name, dtype, count, what)
        Arrays: what is in them is "any", "small" (whole numbers of -2 to 2), "zero", or "out".
    scalars : dict
        Run-time numbers by name.
    grid, options : tuple, dict
        How it is launched.
    descriptors : dict
        (shape, strides, block, padding) of those arguments that are given as tensor descriptors.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = rng = random.Random(seed)
        self.M, self.N = rng.choice([1, 2, 4, 8, 16, 32]), rng.choice([2, 4, 8, 16, 32, 64])
        if rng.random() < 0.15:
            self.M, self.N = 1, rng.choice([128, 256, 512])
        self.grid = (rng.choice([1, 1, 2, 3]),)
        self.options = {"num_warps": rng.choice([1, 2, 4, 4, 8]), "num_stages": rng.choice([1, 2, 3, 4])}
        if rng.random() < 0.05:
            self.options |= rng.choice([{"num_ctas": 2}, {"num_ctas": 4}, {"maxnreg": 64}, {"maxnreg": 255}])
        self.arguments: list = []
        self.descriptors: dict = {}
        self.scalars = {
            "n": rng.randint(0, 9),
            "m": rng.randint(-5, 70),
            "big": rng.choice([2**31 + 2**20, -(2**40), 7, 2**20]),
            "end": near_an_end(rng, rng.choice(["int32", "int64"])),
        }
        # Strides known at run time: of rows and of columns, and where the first element is.
        M, N = self.M, self.N
        self.strides = rng.choice(
            [
                (N + 5, 1, 0),
                (1, M, 0),
                (2 * N, 2, 0),
                (-N, 1, (M - 1) * N),
                (N, -1, N - 1),
                (3, 3 * M, 1),
                (16 * N, 16, 0),
            ]
        )
        self.scalars |= {"s": self.strides[0], "t": self.strides[1]}
        self.helpers: list = []
        self.lines: list = []
        self.variables: list = []
        self.indent, self.count, self.cost, self.loops, self.in_helper = 1, 0, 1, 0, False
        # Most programs are small, so that many run; what takes many statements to go wrong has its share.
        self.fuel, self.depth, self.stores = rng.choices(
            [(rng.randint(1, 4), 1, 4), (rng.randint(3, 8), 2, 6), (rng.randint(8, 22), 2, 12)], [85, 12, 3]
        )[0]
        self.use_dots = rng.random() < 0.25
        self._kernel()

    # ---- text --------------------------------------------------------------------------------------------------------

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def name(self, prefix: str = "v") -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def chance(self, p: float) -> bool:
        return self.random.random() < p

    def pick(self, items: list) -> object:
        return self.random.choice(items)

    def define(self, text: str, dtype: str, shape: tuple) -> tuple:
        name = self.name()
        self.emit(f"{name} = {text}")
        self.variables.append((name, dtype, shape))
        return self.variables[-1]

    def argument(self, dtype: str, count: int, what: str) -> str:
        name = self.name("p")
        self.arguments.append((name, dtype, count, what))
        return name

    def _kernel(self) -> None:
        for line in ("pid = tl.program_id(0)", f"i = tl.arange(0, {self.M})", f"j = tl.arange(0, {self.N})"):
            self.emit(line)
        for name in self.scalars:  # a tensor even where the number is 1
            self.emit(f"a_{name} = {name}")
        self.variables += [("pid", "int32", ()), ("a_n", "int32", ()), ("a_m", "int32", ()), ("j", "int32", (self.N,))]
        for name in ("big", "end"):
            self.variables += [(f"a_{name}", "int32" if -(2**31) <= self.scalars[name] < 2**31 else "int64", ())]
        for _ in range(self.random.randint(1, 3) if self.depth > 1 else 1):
            self.do_load()
        while self.fuel > 0:
            self.statement()
        if self.chance(0.1):
            self.emit(f"if {self.condition()}:")
            self.emit("    return")
        chosen = [v for v in self.variables if v[0][0] == "v"]
        for variable in chosen[-self.stores :]:
            self.store(variable)
        numbers = [name for name in self.scalars]
        names = ", ".join([*[a[0] for a in self.arguments], *numbers])
        body = "\n".join([f"@triton.jit\ndef kernel({names}):", *self.lines])
        self.source = "\n\n\n".join(["import triton\nimport triton.language as tl", *self.helpers, body]) + "\n"

    # ---- expressions -------------------------------------------------------------------------------------------------

    def shapes(self) -> list:
        return [(), (self.N,), (self.M, self.N), (self.M, self.N)]

    def full_text(self, text: str, dtype: str, have: tuple, want: tuple) -> str:
        """A value of one shape as one of a larger."""
        if have == want:
            return text
        if dtype in FP8:
            return f"({self.full_text(f'{text}.to(tl.float32)', 'float32', have, want)}).to(tl.{dtype})"
        if len(have) == 1 and len(want) == 2:
            text = f"{text}[None, :]" if have[0] == want[1] else f"{text}[:, None]"
            return f"tl.broadcast_to({text}, {want})" if self.chance(0.5) else f"({text} {self.nothing(dtype, want)})"
        return f"({text} {self.nothing(dtype, want)})"

    def nothing(self, dtype: str, shape: tuple) -> str:
        return f"| tl.zeros({shape}, tl.int1)" if dtype == "int1" else f"+ tl.zeros({shape}, tl.{dtype})"

    def fits(self, have: tuple, want: tuple) -> bool:
        if have == want or have == ():
            return True
        return len(have) == 1 and len(want) == 2 and (have[0] == want[1] or have[0] == want[0])

    def leaf(self, kinds: list, shape: tuple) -> tuple:
        """(text, dtype) of a variable of one of the types, or a constant."""
        found = [v for v in self.variables if v[1] in kinds and self.fits(v[2], shape)]
        if not found and len(kinds) == 1 and kinds[0] in (*INTS, *FLOATS) and self.chance(0.8):
            wider = INTS if kinds[0] in INTS else FLOATS
            found = [v for v in self.variables if v[1] in wider and self.fits(v[2], shape)]
            found = [(f"{v[0]}.to(tl.{kinds[0]})", kinds[0], v[2]) for v in found]
        same = [v for v in found if v[2] == shape]
        if found and self.chance(0.9):
            name, dtype, have = self.pick(same if same and self.chance(0.8) else found)
            return self.full_text(name, dtype, have, shape), dtype
        dtype = self.pick(kinds)
        return self.constant(dtype, shape), dtype

    def constant(self, dtype: str, shape: tuple) -> str:
        if dtype in FP8:
            return f"tl.full({shape}, {self.pick([0.5, 1.75, -3.0])}, tl.float32).to(tl.{dtype})"
        if dtype in FLOATS:
            value = self.pick([0.0, 1.0, -2.5, 0.1, 3e4, 1e-5, -7.0])
        elif dtype == "int1":
            value = self.pick([0, 1])
        else:
            top = 2 ** (BITS[dtype] - (dtype in SIGNED)) - 1
            value = self.pick([0, 1, 2, 3, 7, 100, top] + ([-1, -2, -top - 1] if dtype in SIGNED else []))
        if shape == () and dtype in ("int32", "float32") and abs(value) < 2**31:
            return f"tl.full((), {value}, tl.{dtype})" if value < 0 or self.chance(0.5) else f"tl.to_tensor({value})"
        return f"tl.full({shape}, {value}, tl.{dtype})"

    def expression(self, dtype: str, shape: tuple, depth: int = 0) -> str:
        """Text of exactly that type and shape."""
        if dtype == "int1":
            return self.truth(shape, depth)
        if dtype in FP8:
            if depth < self.depth and self.chance(0.6):
                return f"({self.expression('float32', shape, depth + 1)}).to(tl.{dtype})"
            return self.leaf([dtype], shape)[0]
        if depth > self.depth or self.chance(0.15):
            text, have = self.leaf([dtype] if self.chance(0.5) else INTS if dtype in INTS else FLOATS, shape)
            return text if have == dtype else f"({text}).to(tl.{dtype})"
        if self.chance(0.12):
            return self.converted(dtype, shape, depth)
        if self.chance(0.12):
            condition = self.truth(shape if self.chance(0.8) else (), depth + 1)
            parts = [self.expression(dtype, shape, depth + 1) for _ in range(2)]
            return f"tl.where({condition}, {parts[0]}, {parts[1]})"
        return (self.integer if dtype in INTS else self.floating)(dtype, shape, depth + 1)

    def converted(self, dtype: str, shape: tuple, depth: int) -> str:
        """From a type of another kind."""
        if dtype in INTS:
            kind = self.pick(["float16", "bfloat16", "float32", "float64", "int1"])
            if kind == "int1":
                return f"({self.truth(shape, depth + 1)}).to(tl.{dtype})"
            low = "0.0" if dtype in UNSIGNED else "-100.0"
            inner = self.expression(kind, shape, depth + 1)
            return f"tl.minimum(tl.maximum({inner}, {low}), 100.0).to(tl.{dtype})"
        kind = self.pick([*INTS, "int1", *FP8])
        if kind in FP8 and dtype == "float64":
            kind = "int32"
        return f"({self.expression(kind, shape, depth + 1)}).to(tl.{dtype})"

    def index_form(self, dtype: str, shape: tuple) -> tuple:
        """(text, shape) of what addresses are made of: multiples of indices and scalars, from an end of the type on.

        It moves evenly along each axis of the shape, or stands still, until it wraps around.
        """
        bits = BITS[dtype]
        number = f"tl.full((), {{}}, tl.{dtype})"
        terms, have = [], [1] * len(shape)
        for axis, n in enumerate(shape):
            if self.chance(0.6 if len(shape) == 2 else 0.85):
                have[axis] = n
                at = self.index_text(n) + ("" if len(shape) == 1 else ["[:, None]", "[None, :]"][axis])
                times = self.pick([1, 1, 1, 1, 2, 3, 5, min(shape[-1], 64)])
                if self.chance(0.1):
                    times = near_an_end(self.random, dtype)
                if self.chance(0.2) and abs(times) < 2**31 and bits > 16:
                    terms.append(f"({at} * {times}).to(tl.{dtype})")
                else:
                    terms.append(f"{at}.to(tl.{dtype})" + (f" * {number.format(times)}" if times != 1 else ""))
        if self.chance(0.5) or not terms:
            text, _ = self.leaf(["int32", "int64", "uint32", "uint64"], ())
            terms.append(f"({text}).to(tl.{dtype})")
        if self.chance(0.6):
            end = near_an_end(self.random, dtype)
            terms.append(number.format(end) if self.chance(0.6) or len(terms) > 1 else str(end))
        self.random.shuffle(terms)
        text = terms[0]
        for term in terms[1:]:
            text = f"{text} {self.pick(['+', '-'])} {term}"
        moves = any("tl.arange" in term for term in terms)
        return f"({text}).to(tl.{dtype})", tuple(have) if moves else ()

    def whole(self, text: str, dtype: str, have: tuple, want: tuple) -> str:
        """A value of one shape, or with axes of one element, as one of a larger."""
        if have and have != want:
            return f"tl.broadcast_to({text}, {want})" if self.chance(0.5) else f"({text} {self.nothing(dtype, want)})"
        return self.full_text(text, dtype, have, want)

    def end_truth(self, shape: tuple) -> str:
        """A comparison of such forms, of a type's ends and of scalars: a bound of an index, unless one wraps around."""
        dtype = self.pick([*INTS, "int32", "int64", "uint32", "uint64"])
        left, have = self.index_form(dtype, shape)
        how = self.random.randrange(4)
        if how == 0:
            right, other = self.index_form(dtype, shape)
            if have and other:
                have = tuple(max(sizes) for sizes in zip(have, other, strict=True))
            have = have or other
        elif how == 1:
            right = str(near_an_end(self.random, dtype))
        else:
            right, _ = self.leaf(INTS if how == 2 else [dtype], ())
        if self.chance(0.4):
            left, right = right, left
        return self.whole(f"({left} {self.pick(['<', '<=', '>', '>=', '==', '!='])} {right})", "int1", have, shape)

    def integer(self, dtype: str, shape: tuple, depth: int) -> str:
        if self.chance(0.08):
            text, have = self.index_form(dtype, shape)
            return self.whole(text, dtype, have, shape)
        other = dtype if self.chance(0.7) else self.pick(INTS)
        a, b = self.expression(dtype, shape, depth), self.expression(other, shape, depth)
        how = self.random.randrange(12)
        if how == 0:
            b = self.expression(dtype, shape, depth)
            text = f"({a}) // ((({b}) & 15) + 1)" if self.chance(0.5) else f"({a}) % ((({b}) & 15) + 1)"
        elif how == 1 and dtype in SIGNED:
            b = self.expression(dtype, shape, depth)
            negative = f"(0 - ((({b}) & 7) + 2))"
            text = f"({a}) {self.pick(['//', '%'])} {self.pick([negative, f'((({b}) & -2) | 2)'])}"
        elif how == 8 and self.chance(0.5):
            top = 2 ** (BITS[dtype] - (dtype in SIGNED)) - 1
            divisor = self.pick([2, 3, 7, 16, 100, top, *([-2, -3, -16, -100, -top - 1] if dtype in SIGNED else [])])
            text = f"({a}) {self.pick(['//', '%'])} tl.full((), {divisor}, tl.{dtype})"
        elif how == 2:
            text = f"({a}) {self.pick(['<<', '>>'])} {self.random.randrange(BITS[dtype])}"
        elif how == 3:
            b = self.expression(dtype, shape, depth)
            text = f"({a}) {self.pick(['<<', '>>'])} (({b}) & {BITS[dtype] - 1})"
        elif how == 4:
            text = f"tl.{self.pick(['minimum', 'maximum'])}({a}, {self.expression(dtype, shape, depth)})"
        elif how == 5:
            text = self.pick([f"~({a})", f"-({a})", f"({a}) * 3", f"({a}) + 1", f"1 - ({a})", f"({a}) ^ 5"])
            text = f"({a}) + 9" if dtype in UNSIGNED and text[0] == "-" else text
        elif how == 6 and dtype in ("uint32", "int32", "uint64", "int64"):
            text = f"tl.umulhi({a}, {self.expression(dtype, shape, depth)})"
        elif how == 7 and dtype in SIGNED:
            text = f"tl.abs({a})"
        else:
            text = f"({a}) {self.pick(['+', '-', '*', '&', '|', '^'])} ({b})"
        return f"({text}).to(tl.{dtype})"

    def floating(self, dtype: str, shape: tuple, depth: int) -> str:
        other = dtype if self.chance(0.7) else self.pick(FLOATS)
        a, b = self.expression(dtype, shape, depth), self.expression(other, shape, depth)
        how = self.random.randrange(10)
        if how == 0:
            text = f"tl.{self.pick(['minimum', 'maximum'])}({a}, {b})"
        elif how == 1 and dtype in ("float32", "float64"):
            text = f"tl.{self.pick(['floor', 'ceil'])}({a})"
        elif how == 2 and dtype == "float32":
            text = f"tl.sqrt_rn(tl.abs({a}))" if self.chance(0.5) else (
                f"tl.div_rn({a}, {self.expression(dtype, shape, depth)})")  # fmt: skip
        elif how == 3:
            text = self.pick([f"-({a})", f"tl.abs({a})", f"({a}) * 2.0", f"({a}) + 0.5", f"1.0 - ({a})"])
        elif how == 4 and dtype in ("float32", "float64"):
            text = f"tl.fma({a}, {self.expression(dtype, shape, depth)}, {self.expression(dtype, shape, depth)})"
        else:
            text = f"({a}) {self.pick(['+', '-', '*'])} ({b})"
        return f"({text}).to(tl.{dtype})"

    def truth(self, shape: tuple, depth: int) -> str:
        how = self.random.random()
        if depth > self.depth or how < 0.2:
            if depth > self.depth + 1 or any(v[1] == "int1" and self.fits(v[2], shape) for v in self.variables):
                return self.leaf(["int1"], shape)[0]
        if how < 0.35 and depth <= self.depth:
            parts = [self.truth(shape, depth + 1) for _ in range(2)]
            return f"({parts[0]} {self.pick(['&', '|', '^'])} {parts[1]})"
        if self.chance(0.2):
            return self.end_truth(shape)
        kinds = INTS if self.chance(0.7) else FLOATS
        dtype = self.pick(kinds)
        a = self.expression(dtype, shape, depth + 1)
        b = self.expression(dtype if self.chance(0.7) else self.pick(kinds), shape, depth + 1)
        return f"(({a}) {self.pick(['<', '<=', '>', '>=', '==', '!='])} ({b}))"

    def condition(self) -> str:
        text = self.truth((), 1)
        return text if self.chance(0.8) else f"{text} {self.pick(['and', 'or'])} not {self.truth((), 2)}"

    # ---- statements --------------------------------------------------------------------------------------------------

    def statement(self) -> None:
        if self.in_helper:
            return self.safe_statement()
        self.fuel -= 1
        names = [
            "assign", "assign", "assign", "again", "again", "again", "branch", "branch", "loop", "loop", "repeat",
            "reduce", "reduce", "scan", "sort", "gather", "histogram", "halves", "turn", "call", "call", "counter",
            "swap", "unroll", "scratch", "user_reduce", "pick_best", "map", "load", "numbers", "leave", "topk", "three",
            "compact", "affine",
        ]  # fmt: skip
        if self.use_dots:
            names += ["dot"] * 4 + ["batch", "scaled_dot", "descriptor"]
        getattr(self, "do_" + self.pick(names))()
        return None

    def block(self, size: int) -> None:
        """Statements one deeper; what they define is not seen behind them."""
        self.indent += 1
        known = len(self.variables)
        first = len(self.lines)
        for _ in range(size):
            if self.fuel > 0:
                self.statement()
        if len(self.lines) == first:
            self.do_again()
        if len(self.lines) == first:
            self.emit("pass")
        del self.variables[known:]
        self.indent -= 1

    def changeable(self) -> list:
        return [v for v in self.variables if v[0][0] == "v"]

    def do_assign(self) -> None:
        dtype, shape = self.pick(ALL), self.pick(self.shapes())
        self.define(self.expression(dtype, shape), dtype, shape)

    def do_again(self) -> None:
        if not self.changeable():
            return
        name, dtype, shape = self.pick(self.changeable())
        if dtype in INTS and self.chance(0.3):
            self.emit(f"{name} {self.pick(['+=', '-=', '*=', '^='])} {self.expression(dtype, shape, 1)}")
        else:
            self.emit(f"{name} = {self.expression(dtype, shape)}")

    def do_swap(self) -> None:
        mine = self.changeable()
        pairs = [(a, b) for a in mine for b in mine if a[1:] == b[1:] and a[0] < b[0]]
        if pairs:
            a, b = self.pick(pairs)
            self.emit(f"{a[0]}, {b[0]} = {b[0]}, {self.expression(a[1], a[2], 1)}")

    def do_branch(self) -> None:
        if self.indent > 4:
            return self.do_again()
        self.emit(f"if {self.condition()}:")
        self.block(self.random.randint(1, 3))
        if self.chance(0.25):
            self.emit(f"elif {self.condition()}:")
            self.block(self.random.randint(1, 2))
        if self.chance(0.5):
            self.emit("else:")
            self.block(self.random.randint(1, 3))
        return None

    def bound(self) -> str:
        text, _ = self.leaf(["int32"], ())
        return f"(({text}) & 3)"

    def do_loop(self) -> None:
        if self.indent > 4 or self.cost * 4 > 80:
            return self.do_again()
        how = self.random.random()
        if how < 0.4:
            bounds = f"{self.random.randint(0, 5)}"
        elif how < 0.7:
            bounds = f"{self.random.randint(0, 2)}, {self.bound()} + {self.random.randint(0, 2)}"
            bounds += f", {self.random.randint(1, 3)}" if self.chance(0.4) else ""
        elif how < 0.85:
            bounds = f"{self.bound()}, {self.random.randint(-3, 0)}, {self.random.randint(-2, -1)}"
        else:
            bounds = f"{self.bound()}"
        kind = "range" if self.chance(0.6) else "tl.range"
        hints = f", num_stages={self.random.randint(1, 4)}" if kind == "tl.range" and self.chance(0.5) else ""
        hints += ", flatten=True" if kind == "tl.range" and self.chance(0.5) else ""
        variable = self.name("k")
        self.emit(f"for {variable} in {kind}({bounds}{hints}):")
        known = len(self.variables)
        self.variables.append((variable, "int32", ()))
        self.around(4, self.random.randint(1, 4))
        del self.variables[known:]
        return None

    def around(self, rounds: int, size: int) -> None:
        self.cost, self.loops = self.cost * rounds, self.loops + 1
        self.block(size)
        self.cost, self.loops = self.cost // rounds, self.loops - 1

    def do_repeat(self) -> None:
        if self.indent > 4 or self.cost * 4 > 80:
            return self.do_again()
        counter = self.name("c")
        self.emit(f"{counter} = {self.pick(['0', self.bound()])}")
        self.emit(f"while {counter} < {self.random.randint(1, 4)}:")
        self.indent += 1
        self.emit(f"{counter} += {self.random.randint(1, 2)}")
        self.indent -= 1
        known = len(self.variables)
        self.variables.append((counter, "int32", ()))
        self.around(4, self.random.randint(1, 3))
        del self.variables[known:]
        return None

    def do_unroll(self) -> None:
        if self.indent > 3 or self.cost * 3 > 80:
            return self.do_again()
        variable = self.name("u")
        self.emit(f"for {variable} in tl.static_range({self.random.randint(1, 3)}):")
        loops, self.loops = self.loops, 0  # no way out of an unrolled loop is tried
        self.cost *= 3
        self.block(self.random.randint(1, 2))
        self.cost //= 3
        self.loops = loops
        return None

    def do_leave(self) -> None:
        if not self.loops:
            return self.do_again()
        self.emit(f"if {self.condition()}:")
        self.emit(f"    {self.pick(['break', 'continue', 'break'])}")
        return None

    # memory

    def place(self, shape: tuple) -> tuple:
        """(text of offsets, all different, below count; count)"""
        if shape == ():
            return "0", 1
        if len(shape) == 1:
            n = shape[0]
            stride = self.pick([1, 1, 1, 2, 3])
            index = self.index_text(n)
            text = self.pick([index, f"({n - 1} - {index})", index])
            return f"({text}) * {stride}", n * stride
        rows, columns = shape
        i, j = self.index_text(rows) + "[:, None]", self.index_text(columns) + "[None, :]"
        how = self.random.randrange(6)
        if how == 5 and (rows, columns) == (self.M, self.N):
            s, t, first = self.strides
            return f"{first} + {i} * s + {j} * t", first + max(s, 0) * (rows - 1) + max(t, 0) * (columns - 1) + 1
        if how == 0:
            return f"{i} + {j} * {rows}", rows * columns
        if how == 1:
            return f"{i} * {columns + 3} + {j}", rows * (columns + 3)
        if how == 2:
            return f"{i} * {columns} + ({columns - 1} - {j})", rows * columns
        if how == 3:
            return f"({rows - 1} - {i}) * {columns} + ({j} ^ {columns // 2})", rows * columns
        return f"{i} * {columns} + {j}", rows * columns

    def index_text(self, n: int) -> str:
        return f"tl.arange(0, {n})"

    def do_load(self) -> None:
        dtype, shape = self.pick([*ALL, "float32", "int32"]), self.pick(self.shapes())
        at, count = self.place(shape)
        if dtype == "int1":
            dtype = "int8"
        pointer = self.argument(dtype, count * 3, "any")
        mask = ""
        if self.chance(0.6):
            mask = f", mask={self.truth(shape, 1)}"
            mask += f", other={self.pick([0, 1, 3])}" if dtype not in FP8 and self.chance(0.6) else ""
        base = f"{pointer} + pid * {count}" if self.chance(0.5) else pointer
        if self.chance(0.2) and shape:  # an address out of data
            index, _ = self.leaf(["int32"], shape)
            if self.chance(0.4):
                axis = self.random.randrange(len(shape))
                index = f"tl.cumsum(({index}) & 3, {axis}{self.pick(['', ', reverse=True'])})"
            at = f"(({index}) & {self.power_below(count)})"
        self.define(f"tl.load({base} + {at}{mask})", dtype, shape)

    @staticmethod
    def power_below(count: int) -> int:
        return (1 << (count.bit_length() - 1)) - 1

    def store(self, variable: tuple) -> None:
        name, dtype, shape = variable
        at, count = self.place(shape)
        kind = "int8" if dtype == "int1" else dtype
        value = f"{name}.to(tl.int8)" if dtype == "int1" else name
        pointer = self.argument(kind, count * 3, "out")
        mask = f", mask={self.truth(shape, 1)}" if self.chance(0.4) else ""
        self.emit(f"tl.store({pointer} + pid * {count} + {at}, {value}{mask})")

    def do_scratch(self) -> None:
        """Memory written, and read in another order."""
        dtype, shape = self.pick([d for d in [*INTS, *FLOATS]]), self.pick(self.shapes()[1:])
        at, count = self.place(shape)
        other, _ = (at, 0) if self.chance(0.2) else self.place(shape)
        while _ > count:
            other, _ = self.place(shape)
        pointer = self.argument(dtype, count * 3, "zero")
        self.emit(f"tl.store({pointer} + pid * {count} + {at}, {self.expression(dtype, shape)})")
        self.emit("tl.debug_barrier()")
        name = self.define(f"tl.load({pointer} + pid * {count} + {other})", dtype, shape)
        self.emit("tl.debug_barrier()")
        del name

    def do_compact(self) -> None:
        """What a mask keeps, side by side: a scan is the address."""
        dtype = self.pick([*INTS, *FLOATS])
        pointer, keep = self.argument(dtype, self.N * 3, "out"), self.name("keep")
        self.emit(f"{keep} = {self.truth((self.N,), 1)}")
        at = f"tl.cumsum({keep}.to(tl.int32), 0) - 1"
        if self.chance(0.5):
            name = self.name("at")
            self.emit(f"{name} = {at}")
            at = name
        value = self.expression(dtype, (self.N,), 1)
        self.emit(f"tl.store({pointer} + pid * {self.N} + ({at}), {value}, mask={keep})")

    def do_counter(self) -> None:
        """Atomics whose result does not depend on the order."""
        dtype, shape = self.pick(["int32", "int64", "uint32"]), self.pick(self.shapes()[1:])
        how = self.pick(["add", "max", "min", "and", "or", "xor", "add"])
        pointer = self.argument(dtype, 64, "zero")
        index, _ = self.leaf(["int32"], shape)
        mask = f", mask={self.truth(shape, 1)}" if self.chance(0.4) else ""
        value = self.expression(dtype, shape, 1)
        self.emit(f"tl.atomic_{how}({pointer} + (({index}) & 15), {value}{mask})")
        self.arguments[-1 if self.arguments[-1][0] == pointer else self.position(pointer)] = (pointer, dtype, 64, "sum")

    def position(self, name: str) -> int:
        return [a[0] for a in self.arguments].index(name)

    # whole tensors

    def source_of(self, kinds: list, shape: tuple) -> tuple:
        dtype = self.pick(kinds)
        return self.expression(dtype, shape, 1), dtype

    def reduced(self, text: str, dtype: str, shape: tuple, axis: int) -> None:
        rest = shape[:axis] + shape[axis + 1 :]
        if rest in ((), (self.N,)):
            self.define(text, dtype, rest)
        else:  # along the columns: given back to every column
            self.define(f"({text})[:, None] {self.nothing(dtype, shape)}", dtype, shape)

    def do_reduce(self) -> None:
        shape = self.pick(self.shapes()[1:])
        axis = self.random.randrange(len(shape))
        how = self.pick(["sum", "max", "min", "xor_sum", "sum", "argmax", "argmin"])
        if how in ("argmax", "argmin"):
            text, dtype = self.source_of(["int32", "int16", "uint8", "int64"], shape)
            return self.reduced(f"tl.{how}({text}, {axis})", "int32", shape, axis)
        kinds = INTS if how in ("sum", "xor_sum") else [*INTS, *FLOATS]
        text, dtype = self.source_of(kinds, shape)
        if how == "sum" and self.chance(0.4):
            dtype = self.pick(["float32", "float16", "float64"])
            text = f"(({self.expression('int32', shape, 1)}) & 7).to(tl.{dtype})"
        return self.reduced(f"tl.{how}({text}, {axis}).to(tl.{dtype})", dtype, shape, axis)

    def do_scan(self) -> None:
        shape = self.pick(self.shapes()[1:])
        axis = self.random.randrange(len(shape))
        reverse = ", reverse=True" if self.chance(0.4) else ""
        how = self.pick(["cumsum", "cumsum", "cumprod", "user"])
        text, dtype = self.source_of(["int32", "int64", "uint32", "int16", "uint8"], shape)
        if how == "user":
            helper = self.combination(self.pick(["tl.maximum(a, b)", "b", "a * 3 + b if False else a + b", "a ^ b"]))
            text = f"tl.associative_scan({text}, {axis}, {helper}{reverse})"
        else:
            if how == "cumsum" and self.chance(0.3):
                dtype = self.pick(["float32", "float16"])
                most = 1 if dtype == "float16" and shape[axis] > 512 else 3  # float16 holds integers up to 2048
                text = f"(({self.expression('int32', shape, 1)}) & {most}).to(tl.{dtype})"
            text = f"tl.{how}({text}, {axis}{reverse}).to(tl.{dtype})"
        self.define(text, dtype, shape)

    def combination(self, text: str) -> str:
        name = self.name("combine")
        self.helpers.append(f"@triton.jit\ndef {name}(a, b):\n    return {text}")
        return name

    def do_user_reduce(self) -> None:
        shape = self.pick(self.shapes()[1:])
        axis = self.random.randrange(len(shape))
        text, dtype = self.source_of(["int32", "int64", "uint32"], shape)
        helper = self.combination(
            self.pick(
                ["a + b", "tl.maximum(a, b)", "a ^ b", "a & b", "tl.minimum(b, a)", "a", "b", "tl.where(b > 9, b, a)"]
            )
        )
        self.reduced(f"tl.reduce({text}, {axis}, {helper})", dtype, shape, axis)

    def do_pick_best(self) -> None:
        """A reduction of pairs."""
        shape = self.pick(self.shapes()[1:])
        axis = self.random.randrange(len(shape))
        name = self.name("best")
        self.helpers.append(
            f"@triton.jit\ndef {name}(a, i, b, j):\n    take = (b > a) | ((b == a) & (j < i))\n"
            f"    return tl.where(take, b, a), tl.where(take, j, i)"
        )
        text, dtype = self.source_of(["int32", "int16", "uint32"], shape)
        index = self.expression("int32", shape, 1)
        pair = self.name("t")
        self.emit(f"{pair} = tl.reduce(({text}, {index}), {axis}, {name})")
        self.reduced(f"{pair}[0]", dtype, shape, axis)
        self.reduced(f"{pair}[1]", "int32", shape, axis)

    def do_map(self) -> None:
        """A function of elements, with branches and loops of an element's own."""
        shape, dtype = self.pick(self.shapes()[1:]), self.pick(["int32", "int64", "uint32"])
        rng, name, lines = self.random, self.name("each"), ["s = a"]
        for _ in range(rng.randint(1, 3)):
            lines += self.pick(
                [
                    ["while s > 1000:", f"    s //= {rng.randint(2, 9)}"],
                    ["for k in range(b & 7):", f"    s = s * {rng.choice([1, 3, 5])} + k"],
                    ["for k in range(3):", "    if k == (b & 3):", "        break", "    s ^= a + k"],
                    ["if a > b:", "    return b"],
                    ["if (s & 3) == 1:", "    s += b", "else:", "    while (s & 1) == 0 and s > 5:", "        s //= 2"],
                ]
            )
        body = "\n".join(f"    {line}" for line in [*lines, "return s"])
        self.helpers.append(f"@triton.jit\ndef {name}(a, b):\n{body}")
        operands = f"{self.expression(dtype, shape, 1)}, {self.expression(dtype, shape, 1)}"
        self.define(f"tl.map_elementwise({name}, {operands})", dtype, shape)

    def do_affine(self) -> None:
        """A reduction or a scan of pairs by a function that is associative only: x -> a x + b, one after the other."""
        shape = self.pick(self.shapes()[1:])
        axis = self.random.randrange(len(shape))
        name, pair = self.name("affine"), self.name("t")
        self.helpers.append(f"@triton.jit\ndef {name}(a, b, c, d):\n    return a * c, b * c + d")
        dtype = self.pick(["int32", "uint32", "int64"])
        operands = f"({self.expression(dtype, shape, 1)}, {self.expression(dtype, shape, 1)})"
        if self.chance(0.3):
            reverse = ", reverse=True" if self.chance(0.5) else ""
            self.emit(f"{pair} = tl.associative_scan({operands}, {axis}, {name}{reverse})")
            self.define(f"{pair}[1]", dtype, shape)
            return
        self.emit(f"{pair} = tl.reduce({operands}, {axis}, {name})")
        self.reduced(f"{pair}[{self.random.randrange(2)}]", dtype, shape, axis)

    def tame(self, dtype: str, shape: tuple) -> str:
        """Numbers that have one order: no NaN, no two zeros."""
        text = self.expression(dtype, shape, 1)
        if dtype in INTS:
            return text
        name = self.name("s")
        self.emit(f"{name} = {text}")
        return f"(tl.where({name} == {name}, {name}, 1.0) + 0.0).to(tl.{dtype})"

    def do_sort(self) -> None:
        shape, dtype = (
            self.pick(self.shapes()[1:]),
            self.pick(["int32", "int16", "uint8", "int64", "float32", "float16"]),
        )
        text = self.tame(dtype, shape)
        down = ", descending=True" if self.chance(0.5) else ""
        self.define(f"tl.sort({text}{down})", dtype, shape)

    def do_topk(self) -> None:
        shape, dtype = (self.M, self.N), self.pick(["int32", "uint32", "float32"])
        k = self.pick([n for n in (1, 2, 4) if n <= self.N])
        name = self.name("t")
        self.emit(f"{name} = tl.topk({self.tame(dtype, shape)}, {k})")
        self.reduced(f"tl.max({name}, 1)", dtype, shape, 1)
        self.reduced(f"tl.min({name}, 1)", dtype, shape, 1)

    def do_gather(self) -> None:
        shape = self.pick(self.shapes()[1:])
        axis = self.random.randrange(len(shape))
        text, dtype = self.source_of([*INTS, *FLOATS], shape)
        index = self.expression("int32", shape, 1)
        self.define(f"tl.gather({text}, ({index}) & {shape[axis] - 1}, {axis})", dtype, shape)

    def do_histogram(self) -> None:
        text = self.expression("int32", (self.N,), 1)
        mask = f", mask={self.truth((self.N,), 1)}" if self.chance(0.4) else ""
        self.define(f"tl.histogram(({text}) & {self.N - 1}, {self.N}{mask})", "int32", (self.N,))

    def do_halves(self) -> None:
        """Split and joined again in another way."""
        if self.N < 2:
            return self.do_turn()
        shape, dtype = (self.M, self.N), self.pick([*INTS, *FLOATS])
        a, b = self.name("h"), self.name("h")
        half = self.N // 2
        self.emit(f"{a}, {b} = tl.split(tl.reshape({self.expression(dtype, shape, 1)}, ({self.M}, {half}, 2)))")
        how = self.random.randrange(4)
        if how == 0:
            text = f"tl.reshape(tl.join({b}, {a}), {shape})"
        elif how == 1:
            text = f"tl.interleave({b}, {a})"
        elif how == 2:
            text = f"tl.reshape(tl.permute(tl.join({a}, {b}), (0, 2, 1)), {shape})"
        else:
            text = f"tl.reshape(tl.permute(tl.join({a}, {b} + {a}), (2, 1, 0)), {shape})"
        self.define(text, dtype, shape)
        return None

    def do_turn(self) -> None:
        shape, dtype = (self.M, self.N), self.pick([*INTS, *FLOATS])
        text = self.expression(dtype, shape, 1)
        how = self.random.randrange(4)
        if how == 0:
            text = f"tl.reshape(tl.trans({text}), {shape})"
        elif how == 1:
            text = f"tl.flip({text}, {self.random.randrange(2)})"
        elif how == 2:
            text = f"tl.trans(tl.reshape({text}, ({self.N}, {self.M})))"
        else:
            text = f"tl.reshape(tl.ravel({text}), {shape})"
        self.define(text, dtype, shape)

    def do_three(self) -> None:
        """Three dimensions, and one of them summed."""
        if self.N < 2:
            return self.do_turn()
        dtype = self.pick(["int32", "int64", "uint16", "float32"])
        shape, half = (self.M, self.N), self.N // 2
        inner = self.expression(dtype, shape, 1)
        if dtype == "float32":
            inner = f"(({self.expression('int32', shape, 1)}) & 7).to(tl.float32)"
        text = f"tl.permute(tl.reshape({inner}, ({self.M}, {half}, 2)), {self.pick(['(1, 0, 2)', '(2, 1, 0)'])})"
        axis = self.random.randrange(3)
        self.define(f"tl.sum(tl.ravel(tl.sum({text}, {axis})), 0).to(tl.{dtype})", dtype, ())
        return None

    def do_numbers(self) -> None:
        index = self.expression("int32", (self.N,), 1)
        seed, _ = self.leaf(["int32"], ())
        if self.chance(0.5):
            self.define(f"tl.randint({seed}, {index}).to(tl.int32)", "int32", (self.N,))
        else:
            self.define(f"tl.rand({seed}, {index})", "float32", (self.N,))

    # calls

    def do_call(self) -> None:
        """A helper of two or three parameters, which may return early."""
        if self.in_helper or self.indent > 4:
            return self.do_again()
        shape, dtype = self.pick(self.shapes()), self.pick([*INTS, *FLOATS])
        taken = [(self.name("v"), self.pick([*INTS, *FLOATS, "int1"]), self.pick([(), shape])) for _ in range(2)]
        given = [self.expression(d, s, 1) for _, d, s in taken]
        name = self.name("helper")
        kept = self.lines, self.variables, self.indent, self.fuel, self.loops
        self.lines, self.variables, self.indent, self.loops = [], list(taken), 1, 0
        self.in_helper, self.fuel = True, self.random.randint(1, 4)
        size = self.fuel
        for _ in range(size):
            self.safe_statement()
        early = self.chance(0.4)
        if early:
            self.emit(f"if {self.condition()}:")
            self.emit(f"    return {self.expression(dtype, shape, 1)}, {self.expression('int32', (), 2)}")
        self.emit(f"return {self.expression(dtype, shape)}, {self.expression('int32', (), 1)}")
        body = "\n".join(self.lines)
        where = "(noinline=True)" if self.chance(0.15) else ""
        self.helpers.append(f"@triton.jit{where}\ndef {name}({', '.join(v[0] for v in taken)}):\n{body}")
        self.lines, self.variables, self.indent, self.fuel, self.loops = kept
        self.in_helper = False
        first, second = self.name("v"), self.name("v")
        self.emit(f"{first}, {second} = {name}({', '.join(given)})")
        self.variables += [(first, dtype, shape), (second, "int32", ())]
        return None

    def safe_statement(self) -> None:
        """One that needs no argument of the kernel."""
        self.fuel -= 1
        names = ["assign", "again", "again", "branch", "loop", "reduce", "scan", "turn", "halves", "swap", "leave"]
        getattr(self, "do_" + self.pick(names))()

    # products

    def do_dot(self) -> None:
        """A product over a loop, of whole numbers so small that every order of summing gives the same."""
        rng = self.random
        M, N, K = rng.choice([16, 32, 64]), rng.choice([16, 32, 64, 64]), rng.choice([32, 64])
        dtype = rng.choice(
            ["float16", "bfloat16", "float32", "int8", "float8e5", "float8e4nv", "float16", "bfloat16", "float64"]
        )
        out = "int32" if dtype == "int8" else rng.choice(["float32", "float32", "float16"])
        if dtype in ("bfloat16", "float32", *FP8):
            out = "float32"
        if dtype == "float64":
            M, N, K, out = 16, 16, 32, "float64"
        rounds = rng.choice([1, 2, 3, 4])
        other = rng.choice(FP8) if dtype in FP8 else dtype
        a, b = (self.argument(d, size * rounds * K, "small") for d, size in ((dtype, M), (other, N)))
        mi, ni, ki = (f"tl.arange(0, {size})" for size in (M, N, K))
        a_at = (
            f"{mi}[:, None] * {K * rounds} + {ki}[None, :]"
            if self.chance(0.6)
            else f"{mi}[:, None] + {ki}[None, :] * {M}"
        )
        b_at = (
            f"{ki}[:, None] * {N} + {ni}[None, :]"
            if self.chance(0.6)
            else f"{ki}[:, None] + {ni}[None, :] * {K * rounds}"
        )
        a_step = K if f"* {K * rounds}" in a_at else K * M
        b_step = K * N if f"* {N} +" in b_at else K
        acc, k = self.name("acc"), self.name("k")
        pa, pb = self.name("q"), self.name("q")
        self.emit(f"{acc} = tl.zeros(({M}, {N}), tl.{out})")
        squares = self.name("x") if out == "float32" and dtype not in FP8 and self.chance(0.2) else None
        if squares:
            self.emit(f"{squares} = tl.zeros(({M},), tl.float32)")
        self.emit(f"{pa} = {a} + {a_at}")
        self.emit(f"{pb} = {b} + {b_at}")
        bound = f"{rounds}" if self.chance(0.6) else f"tl.minimum(n, {rounds})"
        hints = f", num_stages={rng.randint(1, 4)}" if self.chance(0.4) else ""
        self.emit(f"for {k} in tl.range({bound}{hints}):")
        self.indent += 1
        x, y = self.name("x"), self.name("y")
        first = dtype not in FP8 and self.chance(0.15)
        mask = (
            f", mask={ki}[None, :] < {rng.randint(1, K)} - {k}, other=0"
            if self.chance(0.3) and dtype not in FP8
            else ""
        )
        if first:  # not from memory
            self.emit(f"{x} = ((({mi}[:, None] * 3 + {ki}[None, :] + {k}) & 3) - 1).to(tl.{dtype})")
        else:
            self.emit(f"{x} = tl.load({pa}{mask})")
        if self.chance(0.15):  # read the other way round, and turned
            turned = (
                b_at.replace("[:, None]", "[?, :]").replace("[None, :]", "[:, None]").replace("[?, :]", "[None, :]")
            )
            self.emit(f"{y} = tl.trans(tl.load({b} + ({turned}) + {k} * {b_step}))")
        else:
            self.emit(f"{y} = tl.load({pb})")
        if self.chance(0.15) and dtype not in FP8:
            self.emit(f"{y} = tl.where({ki}[:, None] > {k}, {y}, tl.max({y}, 0)[None, :]).to(tl.{dtype})")
        if squares:
            self.emit(f"{squares} += tl.sum(({x} * {x}).to(tl.float32), 1)")
        if dtype not in FP8 and self.chance(0.4):
            self.emit(
                f"{x} = ({self.pick([f'{x} * 2', f'-{x}', f'{x} + {x}', f'tl.where({x} > 0, {x}, 0)'])}).to(tl.{dtype})"
            )
        if dtype not in FP8 and self.chance(0.2):
            self.emit(f"{y} = ({y} - {self.pick(['1', f'({k} & 1)'])}).to(tl.{dtype})")
        more = ""
        if dtype == "float32":
            more = f", input_precision='{self.pick(['ieee', 'tf32', 'tf32x3'])}'"
        if self.chance(0.2) and M == N:
            y = f"tl.trans({x})"
        form = f"tl.dot({x}, {y}, {acc}{more}, out_dtype=tl.{out})"
        self.emit(f"{acc} = {form}" if self.chance(0.7) else f"{acc} += tl.dot({x}, {y}{more}, out_dtype=tl.{out})")
        if self.chance(0.2):
            self.emit(f"if {k} == {rng.randint(0, 2)}:")
            self.emit(f"    {acc} = -{acc}" if out != "int32" else f"    {acc} = 0 - {acc}")
        if self.chance(0.1):  # begins anew, in a branch that is one
            seen = self.argument("int32", 3, "out")
            self.emit(f"if {k} % 2 == {rng.randint(0, 1)}:")
            self.emit(f"    tl.store({seen} + pid, {k})")
            self.emit(f"    {acc} = tl.full(({M}, {N}), {rng.randint(0, 3)}, tl.{out})")
        self.emit(f"{pa} += {a_step}")
        self.emit(f"{pb} += {b_step}")
        self.indent -= 1
        if squares:
            self.emit(f"{acc} += {squares}[:, None]")
        if M == N and dtype in ("float16", "bfloat16", "float32") and self.chance(0.3):  # a product's product
            small = f"tl.minimum(tl.maximum({acc}, -3.0), 3.0).to(tl.{dtype})"
            second = f"tl.trans({small})" if self.chance(0.5) else small
            self.emit(f"{acc} = tl.dot({small}, {second}{more}, out_dtype=tl.{out})")
        ending = self.random.randrange(3)
        if ending == 0:
            pointer = self.argument("float32" if out == "float16" else out, M * N * 3, "out")
            self.emit(f"tl.store({pointer} + pid * {M * N} + {mi}[:, None] * {N} + {ni}[None, :], {acc})")
        elif ending == 1:
            pointer = self.argument("float32" if out == "float16" else out, M * 3, "out")
            wide = f"{acc}.to(tl.float32)" if out == "float16" else acc  # a row's sum passes what f16 holds exactly
            self.emit(f"tl.store({pointer} + pid * {M} + {mi}, tl.max({acc}, 1) + tl.sum({wide}, 1))")
        else:
            self.define(f"tl.sum(tl.sum({acc}.to(tl.{'int32' if out == 'int32' else 'float32'}), 1), 0)",
                        "int32" if out == "int32" else "float32", ())  # fmt: skip

    def do_batch(self) -> None:
        """Products of several matrices at once, with a sum that is carried."""
        rng = self.random
        B, M, N, K = rng.choice([1, 2, 4]), rng.choice([16, 32]), rng.choice([16, 32]), rng.choice([16, 32])
        dtype = rng.choice(["float16", "bfloat16", "float32", "int8", "float64"])
        K = 32 if dtype == "int8" else K
        out = {"int8": "int32", "float64": "float64"}.get(dtype, "float32")
        a, b = self.argument(dtype, B * M * K, "small"), self.argument(dtype, B * K * N, "small")
        at = [f"tl.arange(0, {size})" for size in (B, M, N, K)]
        x, y, acc = self.name("x"), self.name("y"), self.name("acc")
        self.emit(f"{x} = tl.load({a} + {at[0]}[:, None, None] * {M * K} + {at[1]}[None, :, None] * {K} + {at[3]})")
        turned = self.chance(0.4)
        inner = f"{at[2]}[None, :, None] * {K} + {at[3]}" if turned else f"{at[3]}[None, :, None] * {N} + {at[2]}"
        self.emit(f"{y} = tl.load({b} + {at[0]}[:, None, None] * {K * N} + {inner})")
        if turned:
            self.emit(f"{y} = tl.permute({y}, (0, 2, 1))")
        precision = ", input_precision='ieee'" if dtype == "float32" else ""
        self.emit(f"{acc} = tl.dot({x}, {y}{precision}, out_dtype=tl.{out})")
        if self.chance(0.5):
            k = self.name("k")
            self.emit(f"for {k} in range(n):")
            self.emit(f"    {acc} = tl.dot({x}, {y}, {acc}{precision}, out_dtype=tl.{out})")
        self.define(f"tl.sum(tl.ravel(tl.max({acc}, {rng.randrange(3)})), 0).to(tl.{out})", out, ())

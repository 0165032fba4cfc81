"""Programs whose tiles are narrow strips of memory, which the CPU back end runs together (opt/batch_programs.c).

A program's number is used in nothing but `program_id * N + arange(0, N)`, and what is computed is combined along other
dimensions, or by rows in loops. (A few use it otherwise, or combine along the strip, and are run alone.) The grids are
of every size, along x or y; each program writes what is its own, some of it over what it has read.
"""

from __future__ import annotations

from program import FLOATS, FP8, INTS, Program


class StripProgram(Program):
    """A random kernel that walks along strips."""

    def _kernel(self) -> None:
        rng = self.random
        self.N = rng.choice([2, 2, 4, 8, 16])
        self.M = rng.choice([m for m in (1, 2, 4, 8) if m != self.N])
        self.axis = rng.choice([0, 0, 1])
        there = rng.choice([1, 2, 3, 5, 7, 8, 17, 40])
        others = rng.choice([1, 1, 2, 3])
        self.grid = (there, others) if self.axis == 0 else (others, there)
        self.number = f"tl.program_id({self.axis})" + self.pick(["", "", ".to(tl.int64)"])
        self.width = self.N * there - rng.choice([0, 0, 1])
        self.others = others
        self.emit(f"other = tl.program_id({1 - self.axis})")
        self.emit(f"c = {self.index_text(self.N)}")
        self.emit(f"i = tl.arange(0, {self.M})")
        for name in self.scalars:
            self.emit(f"a_{name} = {name}")
        kind = "int64" if "int64" in self.number else "int32"
        self.variables += [("other", "int32", ()), ("a_n", "int32", ()), ("a_m", "int32", ()), ("c", kind, (self.N,))]
        self.number_may_be_used = others == 1 and self.chance(0.1)
        for _ in range(rng.randint(1, 3)):
            self.do_load()
        self.fuel = max(self.fuel, 3)
        while self.fuel > 0:
            self.statement()
        chosen = [v for v in self.variables if v[0][0] == "v"]
        for variable in chosen[-self.stores :]:
            self.store(variable)
        if self.number_may_be_used:
            self.emit(f"tl.store({self.argument('int32', 200, 'out')} + {self.number}, {self.number}.to(tl.int32))")
        names = ", ".join([*[a[0] for a in self.arguments], *self.scalars])
        body = "\n".join([f"@triton.jit\ndef kernel({names}):", *self.lines])
        self.source = "\n\n\n".join(["import triton\nimport triton.language as tl", *self.helpers, body]) + "\n"

    def index_text(self, n: int) -> str:
        strip = self.pick([f"({self.number} * {n} + tl.arange(0, {n}))", f"(tl.arange(0, {n}) + {n} * {self.number})"])
        return strip if n == self.N else f"tl.arange(0, {n})"

    def statement(self) -> None:
        if self.in_helper:
            return self.safe_statement()
        self.fuel -= 1
        names = ["assign", "again", "again", "branch", "loop", "loop", "sum", "sum", "scan", "load", "rows", "rows",
                 "swap", "unroll", "write", "leave", "map", "turn", "call"]  # fmt: skip
        names += ["reduce"] * self.chance(0.1) + ["repeat"] * self.chance(0.1)
        getattr(self, "do_" + self.pick(names))()
        return None

    # ---- memory ------------------------------------------------------------------------------------------------------

    def place(self, shape: tuple) -> tuple:
        """(text of offsets, count) of this program's part of an array; of the whole of it, for scalars."""
        pitch = self.pick([self.width, self.width + 1, 40 * self.N])
        if shape == ():
            return "0", 1
        if len(shape) == 1:
            return self.index_text(self.N), self.width
        rows = self.pick([f"tl.arange(0, {self.M})[:, None]", f"({self.M - 1} - i)[:, None]", "i[:, None]"])
        return f"{rows} * {pitch} + {self.index_text(self.N)}[None, :]", pitch * (self.M - 1) + self.width

    def inside(self, shape: tuple) -> str:
        """A mask of what lies in the array; nothing where all of it does and chance wills."""
        if shape == ():
            return ""
        text = f"c < {self.width}" if len(shape) == 1 else f"(c < {self.width})[None, :]"
        whole = self.width % self.N == 0
        how = self.random.random()
        if how < 0.5:
            return "" if whole else f", mask={text}"
        return f", mask={self.truth(shape, 1)}" + ("" if whole else f" & ({text})")

    def do_load(self) -> None:
        dtype, shape = self.pick([*INTS, *FLOATS, *FP8, "float32"]), self.pick(self.shapes())
        at, count = self.place(shape)
        pointer = self.argument(dtype, (count + 3) * self.others, "any")
        if self.chance(0.1):  # one address, read by all
            at = f"tl.zeros({shape}, tl.int32)" if shape else "0"
        base = f"{pointer} + other * {count}" if self.chance(0.5) else pointer
        mask = self.inside(shape)
        mask += f", other={self.pick([0, 1, 3])}" if mask and dtype not in FP8 else ""
        if mask and dtype in FP8:
            mask = f", mask=c{'[None, :]' if len(shape) == 2 else ''} < {self.width}"
        self.define(f"tl.load({base} + {at}{mask})", dtype, shape)
        if mask and "other" not in mask:  # what is not in the array is not known
            name, _, _ = self.variables.pop()
            zero = f"tl.zeros({shape}, tl.float32).to(tl.{dtype})"
            self.define(f"tl.where({mask[7:]}, {name}, {zero})" if dtype not in FP8 else zero, dtype, shape)

    def store(self, variable: tuple) -> None:
        name, dtype, shape = variable
        if shape == ():
            name, shape = f"({self.full_text(name, dtype, (), (self.N,))})", (self.N,)
        at, count = self.place(shape)
        kind = "int8" if dtype == "int1" else dtype
        value = f"{name}.to(tl.int8)" if dtype == "int1" else name
        pointer = self.argument(kind, (count + 3) * self.others, "out")
        self.emit(f"tl.store({pointer} + other * {count} + {at}, {value}{self.inside(shape)})")

    def do_write(self) -> None:
        mine = self.changeable()
        if mine:
            self.store(self.pick(mine))

    def do_rows(self) -> None:
        """Rows in a loop, added up or changed in place."""
        dtype = self.pick(["int32", "int8", "float16", "bfloat16", "float32", "int64", "uint8"])
        rounds, x, k = self.random.randint(1, 5), self.name("x"), self.name("k")
        pointer = self.argument(dtype, (self.width * rounds + 3) * self.others, "any")
        total = self.define(f"tl.zeros(({self.N},), tl.{dtype})", dtype, (self.N,))
        at = f"{pointer} + other * {self.width * rounds} + {k} * {self.width} + {self.index_text(self.N)}"
        mask = f"c < {self.width}" if self.chance(0.7) or self.width % self.N else ""
        first = self.random.randint(0, 1)
        bounds = self.pick([str(rounds), f"a_n * 0 + {rounds}", f"{first}, {rounds}"])
        self.emit(f"for {k} in range({bounds}):")
        self.indent += 1
        self.emit(f"{x} = tl.load({at}" + (f", mask={mask}, other=0)" if mask else ")"))
        if self.chance(0.3):
            self.emit(f"if {self.condition()}:")
            self.emit(f"    {total[0]} = tl.maximum({total[0]}, {x}).to(tl.{dtype})")
        how = self.random.randrange(4)
        if how == 3 and dtype in INTS:
            self.emit(f"{total[0]} = ({total[0]} + 7 // (({x}) | 1)).to(tl.{dtype})")
        else:
            self.emit(f"{total[0]} = ({total[0]} {self.pick(['+', '-', '*'])} {x}).to(tl.{dtype})")
        if self.chance(0.4):
            self.emit(f"tl.store({at}, {total[0]}" + (f", mask={mask})" if mask else ")"))
        self.indent -= 1

    # ---- along the other dimension -----------------------------------------------------------------------------------

    def do_sum(self) -> None:
        shape, how = (self.M, self.N), self.pick(["sum", "max", "min", "xor_sum", "argmax", "argmin"])
        kinds = FLOATS if how in ("max", "min") and self.chance(0.5) else INTS
        dtype = self.pick(kinds)
        if how in ("sum", "xor_sum"):
            dtype = self.pick(["int32", "uint32", "int64"])
        text = f"tl.{how}({self.expression(dtype, shape, 1)}, 0)"
        made = "int32" if how.startswith("arg") else dtype
        self.define(f"({text}).to(tl.{made})", made, (self.N,))

    def do_scan(self) -> None:
        dtype, shape = self.pick(["int32", "int64", "uint32"]), (self.M, self.N)
        end = self.pick(["", ", reverse=True"])
        self.define(f"tl.cumsum({self.expression(dtype, shape, 1)}, 0{end}).to(tl.{dtype})", dtype, shape)

    def do_turn(self) -> None:
        dtype = self.pick([*INTS, *FLOATS])
        text = self.expression(dtype, (self.M, self.N), 1)
        how = self.pick([f"tl.trans(tl.trans({text}) + {self.nothing(dtype, (self.N, self.M))[2:]})",
                         f"tl.reshape(tl.reshape({text}, ({self.M}, 1, {self.N})), ({self.M}, {self.N}))",
                         f"tl.permute(tl.permute(({text})[:, None, :], (2, 0, 1)), (1, 2, 0))"])  # fmt: skip
        self.define(
            how if "permute" not in how else f"tl.reshape({how}, ({self.M}, {self.N}))", dtype, (self.M, self.N)
        )

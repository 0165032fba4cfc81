"""Random kernels about memory: what Program's statements leave alone, in kernels of the same kind.

Arguments that are the same memory, blocks changed in place, addresses out of loaded numbers and out of what atomics
return, masked-off accesses to nowhere, pointers that are broadcast, loops whose loads are conditional or depend on
loads, reductions in the condition of a loop, block pointers and descriptors beside pointers, integers at their ends,
and blocks that are much smaller or much longer than the threads.

Accesses through one argument take effect in the program's order, with a barrier or without; where the same memory is
two arguments, a barrier is between.
"""

from __future__ import annotations

from bundles import BundleProgram
from program import BITS, FLOATS, INTS, SIGNED, Program
from strips import StripProgram

SHAPES = [(1, 1), (1, 2), (2, 1), (64, 1), (1, 64), (128, 2), (2, 128), (4, 4), (16, 8), (256, 1), (1, 1024), (32, 32)]
STATEMENTS = ["in_place", "in_place", "shifted", "chase", "chase", "slots", "slots", "take_turns", "broadcast",
              "nowhere", "nowhere", "conditional", "conditional", "indirect_dot", "until", "until", "ends", "ends",
              "block_pointer", "block_pointer", "descriptor_store", "exchange", "rows", "casts",
              "casts", "hints"]  # fmt: skip


class BlockProgram(Program):
    """A random kernel, most statements of which are about descriptors and scaled products."""

    def statement(self) -> None:
        if self.in_helper or self.indent > 3 or self.chance(0.4):
            return super().statement()
        self.fuel -= 1
        return self.do_descriptor() if self.chance(0.6) else self.do_scaled_dot()


class MemoryProgram(Program):
    """A random kernel, most statements of which are about memory."""

    def _kernel(self) -> None:
        self.M, self.N = self.pick(SHAPES)
        M, N = self.M, self.N
        self.strides = self.pick(
            [(N, 1, 0), (N + 5, 1, 0), (1, M, 0), (2 * N, 2, 0), (-N, 1, (M - 1) * N), (16 * N, 16, 0)]
        )
        self.scalars |= {"s": self.strides[0], "t": self.strides[1]}
        self.scalars["m"] = self.pick([self.scalars["m"], 0, 1, 16, 32, 64])
        self.options["num_warps"] = self.pick([1, 2, 4, 8])
        super()._kernel()
        same = {what[5:] for _, _, _, what in self.arguments if what.startswith("same ")}
        text = "\n".join(self.lines)
        for k, (name, dtype, count, what) in enumerate(self.arguments):
            if (
                name not in same
                and name not in self.descriptors
                and f"tensor_descriptor({name}" not in text
                and " " not in what
                and self.chance(0.3)
            ):
                self.arguments[k] = (name, dtype, count, f"{what} behind {self.random.randint(1, 9)}")

    def statement(self) -> None:
        if self.in_helper or self.indent > 3 or self.chance(0.3):
            return super().statement()
        self.fuel -= 1
        return getattr(self, "do_" + self.pick(STATEMENTS))()

    def barrier(self, needed: bool = True) -> None:
        if needed or self.chance(0.3):
            self.emit("tl.debug_barrier()")

    def base(self, pointer: str, count: int) -> str:
        """What is a program's own."""
        return f"{pointer} + pid * {count}"

    def value(self, text: str, dtype: str, shape: tuple) -> str:
        """An expression that has a loaded value in it."""
        other = self.expression(dtype, shape, 1)
        how = self.pick(["({0} + {1})", "({0} - {1})", "tl.maximum({0}, {1})", "tl.where({2}, {0}, {1})"])
        return f"{how.format(text, other, self.truth(shape, 1))}.to(tl.{dtype})"

    def do_in_place(self) -> None:
        """A block read, changed and written back, some times over, under one mask or another."""
        dtype, shape = self.pick([*INTS, *FLOATS]), self.pick(self.shapes())
        at, count = self.place(shape)
        pointer = self.argument(dtype, count * 3, "any")
        alias = pointer
        if self.chance(0.4):
            alias = self.name("p")
            self.arguments.append((alias, dtype, count * 3, f"same {pointer}"))
        x, q = self.name("x"), self.name("q")
        self.emit(f"{q} = {self.base(pointer, count)} + {at}")
        loop = self.chance(0.5)
        if loop:
            hints = f", num_stages={self.random.randint(1, 4)}" if self.chance(0.5) else ""
            self.emit(f"for {self.name('k')} in tl.range({self.pick(['3', self.bound()])}{hints}):")
            self.indent += 1
        mask = f", mask={self.truth(shape, 1)}" if self.chance(0.4) else ""
        self.emit(f"{x} = tl.load({q}{mask}{', other=2' if mask else ''})")
        target = q if alias == pointer else f"{self.base(alias, count)} + {at}"
        if alias != pointer:
            self.barrier()
        self.emit(f"tl.store({target}, {self.value(x, dtype, shape)}{mask})")
        if loop:
            self.barrier(alias != pointer)
            self.indent -= 1
        self.barrier(False)
        if self.chance(0.5):  # in another order
            other, size = self.place(shape)
            at = other if size <= count else at
        self.define(f"tl.load({self.base(alias, count)} + {at})", dtype, shape)

    def do_shifted(self) -> None:
        """A loop that reads what its last iteration wrote elsewhere or through another argument of the same memory."""
        dtype, n, rounds = self.pick([*INTS, *FLOATS]), self.N, self.random.randint(1, 4)
        count = n * (rounds + 2)
        pointer = self.argument(dtype, count * 3, "any")
        alias, two = pointer, self.chance(0.5)
        if two:
            alias = self.name("p")
            self.arguments.append((alias, dtype, count * 3, f"same {pointer}"))
        k, x, step = self.name("k"), self.name("x"), self.pick([1, n, n // 2 or 1])
        self.emit(f"for {k} in tl.range({rounds}, num_stages={self.random.randint(1, 4)}):")
        self.indent += 1
        self.emit(f"{x} = tl.load({self.base(pointer, count)} + j + {k} * {step})")
        self.barrier(two)
        turned = self.pick(["j", f"({n - 1} - j)"])
        self.emit(f"tl.store({self.base(alias, count)} + {turned} + ({k} + 1) * {step}, {self.value(x, dtype, (n,))})")
        self.barrier(two)
        self.indent -= 1
        self.define(f"tl.load({self.base(self.pick([pointer, alias]), count)} + j + {step})", dtype, (n,))

    def index_array(self, n: int) -> tuple:
        """(argument of numbers from 0 to n - 1, its type)"""
        dtype = self.pick(["int32", "int64", "int16", "uint8", "uint32"] if n <= 256 else ["int32", "int64", "uint32"])
        return self.argument(dtype, n * 3, f"below {n}"), dtype

    def do_chase(self) -> None:
        """Addresses out of loaded numbers, one after the other."""
        n, shape = self.N, self.pick([(self.N,), (self.M, self.N), ()])
        pointer, _ = self.index_array(n)
        x = self.name("x")
        at = {(): "(m & 0)", (n,): "j"}.get(shape, f"(i[:, None] * 3 + j[None, :]) % {n}")
        self.emit(f"{x} = tl.load({pointer} + {at}).to(tl.int32)")
        counter = self.name("c")
        how = self.random.randrange(3)
        if how == 0:
            self.emit(f"for {counter} in tl.range({self.bound()}, num_stages={self.random.randint(1, 4)}):")
        elif how == 1:
            self.emit(f"{counter} = 0")
            low = f"tl.sum(tl.ravel({x}), 0)" if shape else x
            self.emit(f"while ({counter} < {self.random.randint(1, 3)}) & ({low} > {self.random.randint(0, n)}):")
            self.emit(f"    {counter} += 1")
        else:
            self.emit(f"if {self.condition()}:")
        mask = f", mask={x} != {self.random.randrange(n)}, other=0" if self.chance(0.4) else ""
        self.emit(f"    {x} = tl.load({pointer} + {x}{mask}).to(tl.int32)")
        dtype = self.pick([*INTS, *FLOATS])
        data = self.argument(dtype, n * 3, "any")
        mask = f", mask={self.truth(shape, 1)}, other=1" if self.chance(0.4) else ""
        self.define(f"tl.load({self.base(data, n)} + {x}{mask})", dtype, shape)
        self.variables.append((x, "int32", shape))

    def do_slots(self) -> None:
        """Elements put where an atomic addition says, in no order that is known; what comes of it has one."""
        n, dtype = self.N, self.pick(["int32", "int64", "uint32"])
        counter, data = self.argument("int32", 3, "zero"), self.argument(dtype, n * 3, "scratch")
        keep, slot, x = self.name("keep"), self.name("slot"), self.name("x")
        self.emit(f"{keep} = {self.truth((n,), 1)}")
        zeros = self.pick(["tl.zeros((%d,), tl.int32)", "tl.full((%d,), 0, tl.int64)", "(j & 0)"])
        zeros = zeros % n if "%" in zeros else zeros
        self.emit(f"{slot} = tl.atomic_add({counter} + pid + {zeros}, 1, mask={keep})")
        self.emit(f"tl.store({self.base(data, n)} + j, tl.zeros(({n},), tl.{dtype}))")
        self.barrier(False)
        at = f"({slot} & {n - 1})"  # where this stands in a loop, the counter goes on
        self.emit(f"tl.store({self.base(data, n)} + {at}, {self.expression(dtype, (n,), 1)}, mask={keep})")
        self.barrier(False)
        self.emit(f"{x} = tl.load({self.base(data, n)} + j)")
        self.define(f"tl.load({counter} + pid)", "int32", ())
        how = self.pick([f"tl.sum({x}, 0).to(tl.{dtype})", f"tl.xor_sum({x}, 0).to(tl.{dtype})", f"tl.max({x}, 0)"])
        self.define(how, dtype, ())
        if self.chance(0.3):
            self.define(f"tl.sort({x})", dtype, (n,))

    def do_take_turns(self) -> None:
        """One number's atomics, whose results go on as an address."""
        dtype = self.pick(["int32", "int64", "uint32", "uint64"])
        pointer, data = self.argument(dtype, 3, "zero"), self.argument("int32", 64, "any")
        x = self.name("x")
        hints = f", num_stages={self.random.randint(1, 3)}" if self.chance(0.4) else ""
        self.emit(f"{x} = 0")
        self.emit(f"for {self.name('k')} in tl.range({self.bound()}{hints}):")
        self.indent += 1
        how = self.pick(["add", "max", "xor", "or", "xchg", "min", "and"])
        amount = f"({self.expression('int32', (), 1)} & 15)"
        y = self.name("y")
        self.emit(f"{y} = tl.atomic_{how}({pointer} + pid, {amount}.to(tl.{dtype}))")
        self.emit(f"{x} = (tl.load({data} + ({y} & 63)) ^ {x}).to(tl.int32)")
        self.indent -= 1
        self.variables.append((x, "int32", ()))

    def do_exchange(self) -> None:
        """Exchanges and compare-and-swaps of elements of their own."""
        dtype, n = self.pick(["int32", "int64", "uint32", "float32"]), self.N
        pointer = self.argument(dtype, n * 3, "any")
        at = f"{self.base(pointer, n)} + {self.pick(['j', f'({n - 1} - j)'])}"
        if dtype != "float32" and self.chance(0.5):
            compare, new = self.pick([f"tl.load({at})", self.expression(dtype, (n,), 1)]), self.name("x")
            self.emit(f"{new} = {self.expression(dtype, (n,), 1)}")
            self.define(f"tl.atomic_cas({at}, {compare}, {new})", dtype, (n,))
        else:
            mask = f", mask={self.truth((n,), 1)}" if self.chance(0.4) else ""
            name = self.name("x")
            self.emit(f"{name} = tl.atomic_xchg({at}, {self.expression(dtype, (n,), 1)}{mask})")
            if not mask:
                self.variables.append((name, dtype, (n,)))

    def do_broadcast(self) -> None:
        """Pointers that are broadcast, and rows without a stride."""
        dtype, (M, N) = self.pick([*INTS, *FLOATS]), (self.M, self.N)
        pointer = self.argument(dtype, max(M, N) * 3, "any")
        at = self.pick(
            [
                f"tl.broadcast_to({pointer} + i[:, None], ({M}, {N}))",
                f"tl.broadcast_to({pointer} + j[None, :], ({M}, {N}))",
                f"{pointer} + i[:, None] * 0 + j[None, :]",
                f"{pointer} + (i[:, None] // 2) + (j[None, :] & 1)",
                f"{pointer} + tl.zeros(({M}, {N}), tl.int32) + (n & 1)",
            ]
        )
        mask = f", mask={self.truth(self.pick([(M, N), ()]), 1)}, other=1" if self.chance(0.5) else ""
        if mask and "mask=" in mask and self.chance(0.3):
            mask = f", mask=j[None, :] < {self.expression('int32', (), 1)}, other=1"
        self.define(f"tl.load({at}{mask})", dtype, (M, N))
        if dtype in ("int32", "uint32", "int64") and self.chance(0.5):
            total = self.argument(dtype, max(M, N) + 1, "zero")
            self.emit(f"tl.atomic_add({at.replace(pointer, total)}, {self.expression(dtype, (M, N), 1)})")

    def do_nowhere(self) -> None:
        """What is masked off may have any address."""
        dtype, shape = self.pick([*INTS, *FLOATS]), self.pick(self.shapes())
        at, count = self.place(shape)
        pointer = self.argument(dtype, count * 3, "any")
        keep, x = self.name("keep"), self.name("x")
        never = self.pick(["a_n < 0", "a_n > 1000", None, None, "False"])
        if never == "False" or (never and shape == ()):
            text = self.full_text(never, "int1", (), shape) if never != "False" else f"tl.full({shape}, 0, tl.int1)"
        elif never:
            text = self.full_text(f"({never})", "int1", (), shape)
        else:
            text = self.truth(shape, 1)
        self.emit(f"{keep} = {text}")
        far = self.pick(["-1", "1 << 30", "a_big", "-(1 << 31)"])
        far = f"tl.full((), {far}, tl.int64)" if far != "a_big" else "a_big.to(tl.int64)"
        wild = f"{self.base(pointer, count)} + tl.where({keep}, {at}, {far})"
        other = self.pick(["", ", other=5"])
        self.emit(f"{x} = tl.load({wild}, mask={keep}{other or ', other=0'})")
        self.variables.append((x, dtype, shape))
        if self.chance(0.5):
            self.barrier(False)
            value = self.expression(dtype, shape, 1)
            if dtype in ("int32", "int64", "uint32") and self.chance(0.3):
                self.emit(f"tl.atomic_{self.pick(['add', 'max', 'xchg'])}({wild}, {value}, mask={keep})")
            else:
                self.emit(f"tl.store({wild}, {value}, mask={keep})")

    def do_conditional(self) -> None:
        """A loop that is pipelined, whose loads are in a branch, or under a mask of the loop's own."""
        dtype, shape = self.pick(["float16", "float32", "int32", "int8", "bfloat16", "int64"]), (self.M, self.N)
        size, rounds = self.M * self.N, self.random.randint(1, 5)
        pointer = self.argument(dtype, size * (rounds + 1), "small")
        acc, k, x = self.name("acc"), self.name("k"), self.name("x")
        kind = dtype if dtype in ("int32", "int64") else "int32" if dtype == "int8" else "float32"
        self.emit(f"{acc} = tl.zeros({shape}, tl.{kind})")
        self.emit(f"{x} = tl.zeros({shape}, tl.{dtype})")
        bound = self.pick([str(rounds), f"tl.minimum(n, {rounds})"])
        first = self.pick(["0", "0", f"{self.bound()}"])
        first = f"tl.minimum({first}, {rounds})"
        self.emit(f"for {k} in tl.range({first}, {bound}, num_stages={self.random.randint(1, 4)}):")
        self.indent += 1
        address = f"{pointer} + i[:, None] * {self.N} + j[None, :] + {k} * {size}"
        how = self.random.randrange(4)
        if how == 0:
            self.emit(f"if {self.pick([f'{k} % 2 == 0', f'{k} != a_m', self.condition()])}:")
            self.emit(f"    {x} = tl.load({address})")
        elif how == 1:
            limit = self.pick([f"m - {k} * 3", f"n + {k}", f"{k}"])
            self.emit(f"{x} = tl.load({address}, mask=j[None, :] < {limit}, other={self.pick([0, 1])})")
        elif how == 2:
            self.emit(f"if {k} == {self.random.randint(0, 3)}:")
            self.emit(f"    {self.pick(['break', 'continue'])}")
            self.emit(f"{x} = tl.load({address})")
        else:
            self.emit(f"{x} = tl.load({address})")
            self.emit(f"if {self.condition()}:")
            self.emit(f"    {x} = tl.load({address.replace(f'+ {k} *', f'+ ({k} + 1) *')})")
        self.emit(f"{acc} += {x}.to(tl.{kind})")
        self.indent -= 1
        self.define(acc, kind, shape)
        self.define(x, dtype, shape)

    def do_indirect_dot(self) -> None:
        """A product in a loop whose rows are looked up."""
        rng = self.random
        M, N, K, rounds = rng.choice([16, 32]), rng.choice([16, 32]), rng.choice([16, 32]), rng.randint(1, 4)
        dtype = rng.choice(["float16", "bfloat16", "float32"])
        table = self.argument(rng.choice(["int32", "int64"]), max(M * rounds, K * rounds), f"below {M}")
        a, b = self.argument(dtype, M * K * rounds, "small"), self.argument(dtype, max(M, K) * N * rounds, "small")
        acc, k, x, y, row = (self.name(c) for c in ("acc", "k", "x", "y", "row"))
        self.emit(f"{acc} = tl.zeros(({M}, {N}), tl.float32)")
        self.emit(f"for {k} in tl.range({rng.choice([str(rounds), f'tl.minimum(n, {rounds})'])}, "
                  f"num_stages={rng.randint(1, 4)}):")  # fmt: skip
        self.indent += 1
        mi, ni, ki = (f"tl.arange(0, {size})" for size in (M, N, K))
        self.emit(f"{row} = tl.load({table} + {mi} + {k} * {M})")
        mask = f", mask={row}[:, None] > {rng.randint(0, 3)}, other=0" if self.chance(0.4) else ""
        self.emit(f"{x} = tl.load({a} + {row}[:, None] * {K} + {ki}[None, :]{mask})")
        if self.chance(0.5):
            rows = self.name("row")
            self.emit(f"{rows} = tl.load({table} + {ki} + {k} * {K})")
            self.emit(f"{y} = tl.load({b} + {rows}[:, None] * {N} + {ni}[None, :])")
        else:
            self.emit(f"{y} = tl.load({b} + {ki}[:, None] * {N} + {ni}[None, :] + {k} * {K * N})")
        if self.chance(0.3):
            self.emit(f"if {k} % 2 == {rng.randrange(2)}:")
            self.indent += 1
        self.emit(f"{acc} = tl.dot({x}, {y}, {acc}, input_precision='ieee')")
        if self.lines[-2].lstrip().startswith("if "):
            self.indent -= 1
        self.indent -= 1
        self.define(f"tl.sum(tl.max({acc}, {rng.randrange(2)}), 0)", "float32", ())

    def do_until(self) -> None:
        """A loop that goes on for as long as a reduction or a scan of what it carries says."""
        shape = self.pick(self.shapes()[1:])
        dtype = self.pick(["int32", "int16", "int64", "uint8", "float32"])
        v, c = self.name("v"), self.name("c")
        self.emit(f"{v} = {self.expression(dtype, shape, 1)}")
        self.emit(f"{c} = 0")
        flat = f"tl.ravel({v})" if len(shape) == 2 else v
        test = self.pick(
            [f"tl.max({flat}, 0) > 3", f"tl.min({flat}, 0) < 9", f"(tl.sum(({flat} > 5).to(tl.int32), 0) & 1) == 0",
             f"tl.argmax(({flat} > 1).to(tl.int32), 0) > 0"]
        )  # fmt: skip
        self.emit(f"while ({test}) & ({c} < {self.random.randint(1, 4)}):")
        self.indent += 1
        self.emit(f"{c} += 1")
        known = len(self.variables)
        self.variables += [(v, dtype, shape), (c, "int32", ())]
        axis = self.random.randrange(len(shape))
        lowered = f"{v} - tl.expand_dims(tl.min({v}, {axis}), {axis})"
        how = self.pick([lowered, f"tl.flip({v}, {axis})", self.expression(dtype, shape, 1)])
        if dtype != "float32" and self.chance(0.4):
            how = f"tl.cumsum({v}, {axis})"
        self.emit(f"{v} = ({how}).to(tl.{dtype})")
        if self.chance(0.4) and self.fuel > 0:
            k = self.name("k")
            self.emit(f"for {k} in range({self.bound()}):")
            inner = f"tl.expand_dims(tl.max({v}, {axis}), {axis}) // 2" if dtype != "float32" else f"{v} * 0.5"
            self.emit(f"    {v} = tl.minimum({v}, {inner}).to(tl.{dtype})")
        del self.variables[known:]
        self.indent -= 1
        self.variables += [(v, dtype, shape), (c, "int32", ())]

    def do_ends(self) -> None:
        """Integers at the ends of their types, from one width to another."""
        shape = self.pick(self.shapes())
        a, b = self.pick(INTS), self.pick(INTS)
        ends = {d: [0, 2 ** (BITS[d] - (d in SIGNED)) - 1, *([-(2 ** (BITS[d] - 1)), -1] if d in SIGNED else [1])]
                for d in INTS}  # fmt: skip
        x, y = self.name("x"), self.name("y")
        for name, dtype in ((x, a), (y, b)):
            one, two = self.random.sample(ends[dtype], 2)
            text = f"tl.where({self.truth(shape, 1)}, tl.full({shape}, {one}, tl.{dtype}), {{}})"
            self.emit(f"{name} = {text.format(f'tl.full({shape}, {two}, tl.{dtype})')}")
            if self.chance(0.4):
                self.emit(f"{name} = ({name} {self.pick(['+', '-', '^'])} {self.expression(dtype, shape, 1)})"
                          f".to(tl.{dtype})")  # fmt: skip
        wide = self.pick(INTS)
        how = self.random.randrange(7)
        if how == 0:
            text = f"({x} {self.pick(['+', '-', '*', '&', '|', '^'])} {y}).to(tl.{wide})"
        elif how == 1:
            self.define(f"{x} {self.pick(['<', '<=', '>', '>=', '==', '!='])} {y}", "int1", shape)
            return
        elif how == 2:
            text = f"({x} {self.pick(['<<', '>>'])} ({y}.to(tl.{a}) & {BITS[a] - 1})).to(tl.{wide})"
        elif how == 3:
            text = f"({x}.to(tl.{b}) // tl.where({y} == 0, tl.full((), 3, tl.{b}), {y} | 2)).to(tl.{wide})"
            if b in SIGNED:  # the smallest by -1 has no result
                text = f"(({x}.to(tl.{b}) >> 1) // tl.where({y} == 0, tl.full((), 3, tl.{b}), {y})).to(tl.{wide})"
        elif how == 4:
            kind = self.pick(FLOATS)
            self.define(f"{x}.to(tl.{kind})", kind, shape)
            return
        elif how == 5:
            text = f"tl.{self.pick(['minimum', 'maximum'])}({x}, {y}.to(tl.{a})).to(tl.{wide})"
        else:
            text = f"tl.abs({x} >> 1).to(tl.{wide})" if a in SIGNED else f"(0 - {x}.to(tl.{wide})).to(tl.{wide})"
        self.define(text, wide, shape)

    def do_block_pointer(self) -> None:
        """Blocks by block pointers, partly outside of the matrix, beside the same memory by pointers."""
        rng = self.random
        dtype = rng.choice([*INTS, "float16", "float32", "bfloat16", "float64"])
        R, C, M, N = rng.randint(1, 40), rng.randint(1, 40), rng.choice([4, 8, 16]), rng.choice([4, 16, 32])
        pointer = self.argument(dtype, R * C * 3, "any")
        turned = self.chance(0.4)
        strides, order = ((1, R), (0, 1)) if turned else ((C, 1), (1, 0))
        p, x, k = self.name("bp"), self.name("x"), self.name("k")
        check = rng.choice(["(0, 1)", "(0, 1)", "(1, 0)"])
        padding = rng.choice(["", ", padding_option='zero'"])
        start = rng.choice([f"({rng.randint(-4, 4)}, {rng.randint(-4, 8)})", "((m & 7) - 4, n)"])
        base = self.base(pointer, R * C)
        shape = rng.choice([f"({R}, {C})", f"({R} + (a_n & 0), {C})"])
        self.emit(f"{p} = tl.make_block_ptr({base}, {shape}, {strides}, {start}, ({M}, {N}), {order})")
        acc = self.name("acc")
        self.emit(f"{acc} = tl.zeros(({M}, {N}), tl.{dtype})")
        self.emit(f"for {k} in tl.range({rng.randint(0, 4)}, num_stages={rng.randint(1, 3)}):")
        self.indent += 1
        self.emit(f"{x} = tl.load({p}, boundary_check={check}{padding})")
        self.emit(
            f"{acc} = ({acc} ^ {x}).to(tl.{dtype})"
            if dtype in INTS
            else f"{acc} = tl.maximum({acc}, {x}).to(tl.{dtype})"
        )
        self.emit(f"{p} = tl.advance({p}, {rng.choice([f'({M}, 0)', f'(0, {N})', '(1, 2)', '(-1, 3)'])})")
        self.indent -= 1
        self.barrier(False)
        if self.chance(0.6):
            self.emit(f"tl.store({p}, {acc}, boundary_check={check})")
            self.barrier(False)
            at = f"tl.arange(0, 64) % {R * C}"
            self.define(f"tl.xor_sum(tl.load({base} + {at}).to(tl.int64, bitcast=False), 0)"
                        if dtype in INTS else f"tl.max(tl.load({base} + {at}), 0).to(tl.{dtype})",
                        "int64" if dtype in INTS else dtype, ())  # fmt: skip
        else:
            self.define(f"tl.max(tl.ravel({acc}), 0).to(tl.{dtype})", dtype, ())

    def do_descriptor_store(self) -> None:
        """Blocks written through a descriptor and read by pointers, or the other way round."""
        rng = self.random
        dtype = rng.choice(["int32", "float32", "float16", "int16", "int8"])
        R, C, M, N = rng.randint(1, 24), rng.choice([16, 32, 48]), rng.choice([4, 8, 16]), rng.choice([16, 32])
        pointer, d, x = self.argument(dtype, R * C * 3, "any"), self.name("d"), self.name("x")
        base = self.base(pointer, R * C)
        self.emit(f"{d} = tl.make_tensor_descriptor({base}, [{R}, {C}], [{C}, 1], [{M}, {N}])")
        self.emit(f"{x} = {d}.load([{rng.randint(0, 3)}, {rng.choice([0, 16])}])")
        self.barrier(False)
        self.emit(f"{d}.store([(n & 3) * {M}, {rng.choice([0, 16])}], ({x} + {x}).to(tl.{dtype}))")
        self.barrier(False)
        self.define(f"tl.max(tl.ravel({x}), 0).to(tl.{dtype})", dtype, ())
        self.define(f"tl.max(tl.load({base} + tl.arange(0, 128) % {R * C}), 0).to(tl.{dtype})", dtype, ())

    def do_casts(self) -> None:
        """Numbers that do not fit, rounding toward zero, and bits taken for something else."""
        shape = self.pick(self.shapes())
        how = self.random.randrange(4)
        if how == 0:  # beyond the type: its end; NaN: 0
            source, target = (
                self.pick(["float16", "bfloat16", "float32", "float64"]),
                self.pick(["int32", "uint32", "int64"]),
            )
            value = f"({self.expression(source, shape, 1)})"
            if source == "float64" or target == "int64":  # where GPUs make another number of NaN
                name = self.name("x")
                self.emit(f"{name} = {value}")
                value = f"tl.where({name} == {name}, {name}, 1.0).to(tl.{source})"
            text = f"{value}.to(tl.{target})"
        elif how == 1:
            target = self.pick(["float16", "bfloat16"])
            text = f"({self.expression('float32', shape, 1)}).to(tl.{target}, fp_downcast_rounding='rtz')"
        elif how == 2:
            pairs = [("int32", "float32"), ("uint32", "int32"), ("int64", "uint64"), ("int16", "bfloat16"),
                     ("uint16", "float16"), ("int8", "uint8"), ("float32", "int32"), ("float64", "int64")]  # fmt: skip
            source, target = self.pick(pairs)
            text = f"({self.expression(source, shape, 1)}).to(tl.{target}, bitcast=True)"
            if source in FLOATS:  # the code of a NaN is not one
                name = self.name("x")
                self.emit(f"{name} = {self.expression(source, shape, 1)}")
                text = f"tl.where({name} == {name}, {name}, 1.0).to(tl.{source}).to(tl.{target}, bitcast=True)"
        else:
            source, target = self.pick(INTS), self.pick(FLOATS)
            text = f"({self.expression(source, shape, 1)} * 77).to(tl.{target})"
        self.define(text, target, shape)

    def do_hints(self) -> None:
        """Loads and stores with every hint, and reductions that keep their dimension."""
        dtype, (M, N) = self.pick([*INTS, *FLOATS]), (self.M, self.N)
        pointer = self.argument(dtype, M * N * 3, "any")
        hint = self.pick(["cache_modifier='.ca'", "cache_modifier='.cg'", "eviction_policy='evict_first'",
                          "eviction_policy='evict_last'", "volatile=True", "cache_modifier='.cv'"])  # fmt: skip
        mask = f", mask={self.truth((M, N), 1)}, other=1" if self.chance(0.5) else ""
        at = f"{self.base(pointer, M * N)} + i[:, None] * {N} + j[None, :]"
        x = self.name("x")
        self.emit(f"{x} = tl.load({at}{mask}, {hint})")
        axis, kind = self.random.randrange(2), self.pick(["max", "min"])
        self.define(f"({x} - tl.{kind}({x}, {axis}, keep_dims=True)).to(tl.{dtype})", dtype, (M, N))
        hint = self.pick(["cache_modifier='.cs'", "cache_modifier='.wb'", "cache_modifier='.wt'",
                          "eviction_policy='evict_first'"])  # fmt: skip
        out = self.argument(dtype, M * N * 3, "out")
        self.emit(f"tl.store({at.replace(pointer, out)}, {self.variables[-1][0]}, {hint})")

    def do_rows(self) -> None:
        """Rows in a loop, each normalized by what it has, in place."""
        rounds, n = self.random.randint(1, 4), self.N
        dtype = self.pick(["int32", "float32", "float16", "int64", "int8"])
        pointer = self.argument(dtype, n * rounds * 3, "any")
        k, x, q = self.name("k"), self.name("x"), self.name("q")
        self.emit(f"{q} = {self.base(pointer, n * rounds)} + j")
        self.emit(f"for {k} in tl.range({rounds}, num_stages={self.random.randint(1, 4)}):")
        self.indent += 1
        limit = self.pick(["", f", mask=j < a_m - {k}, other=0", ", mask=(j & 1) == 0, other=3"])
        self.emit(f"{x} = tl.load({q}{limit})")
        mask = limit.partition(", other")[0]
        self.emit(f"tl.store({q}, ({x} - tl.{self.pick(['max', 'min'])}({x}, 0)).to(tl.{dtype}){mask})")
        self.emit(f"{q} += {n}")
        self.indent -= 1


KINDS = {"general": Program, "memory": MemoryProgram, "blocks": BlockProgram, "strips": StripProgram,
         "bundles": BundleProgram}  # fmt: skip


def program_of(seed: int, kind: str) -> Program:
    """The program of a seed: of one kind, or ("all") one of eight about blocks, strips or bundles, two about memory."""
    if kind == "all":
        kind = "memory" if seed % 4 == 3 else {5: "blocks", 1: "strips", 6: "bundles"}.get(seed % 8, "general")
    return KINDS[kind](seed)

"""Programs whose values travel together: what tuples, objects, pointers and old values of atomics are carried through.

Tuples in tuples and aggregates with methods are carried through loops and branches, and given to functions that give
others back, from inside of each other; pointers walk in `while` loops; functions of elements and scans have several
results; fp8 goes around loops; atomics' old values decide what is done next, each program counting in memory of its
own. Warps and stages are of every number.
"""

from __future__ import annotations

from program import ALL, FLOATS, FP8, INTS, Program

STATEMENTS = ["tuple_loop", "tuple_loop", "object", "object", "walk", "walk", "nested_calls", "several_results",
              "scan_of_several", "fp8_around", "tickets", "tickets", "choose_tuple", "recur"]  # fmt: skip


class BundleProgram(Program):
    """A random kernel, most statements of which are about values that travel together."""

    def _kernel(self) -> None:
        self.options["num_warps"] = self.pick([1, 2, 4, 8, 16, 16])
        self.options["num_stages"] = self.pick([1, 2, 3, 4, 5])
        super()._kernel()

    def statement(self) -> None:
        if self.in_helper or self.indent > 3 or self.chance(0.35):
            return super().statement()
        self.fuel -= 1
        return getattr(self, "do_" + self.pick(STATEMENTS))()

    # ---- parts -------------------------------------------------------------------------------------------------------

    def kinds(self, least: int, most: int) -> list:
        """Types and shapes of a bundle's parts."""
        return [(self.pick(ALL), self.pick(self.shapes())) for _ in range(self.random.randint(least, most))]

    def values(self, kinds: list, depth: int = 1) -> list:
        return [self.expression(dtype, shape, depth) for dtype, shape in kinds]

    def unpacked(self, text: str, kinds: list) -> None:
        for at, (dtype, shape) in enumerate(kinds):
            self.define(f"{text}[{at}]", dtype, shape)

    def loop_head(self) -> str:
        """A line that begins a loop of a few rounds."""
        how = self.random.randrange(4)
        k = self.name("k")
        if how == 0:
            return f"for {k} in range({self.bound()}):"
        if how == 1:
            return f"for {k} in tl.range(0, {self.random.randint(0, 4)}, num_stages={self.random.randint(1, 5)}):"
        if how == 2:
            return f"for {k} in range({self.random.randint(1, 3)}, {self.bound()} - 2, -1):"
        self.emit(f"{k} = {self.bound()}")
        return f"while {k} > 0:"

    def round_of(self, head: str) -> None:
        """What a `while` counts."""
        if head.startswith("while"):
            self.emit(f"{head.split()[1]} -= 1")

    def with_parts(self, text: str, kinds: list) -> int:
        """Let expressions use a bundle's parts; how many variables there were."""
        known = len(self.variables)
        self.variables += [(f"{text}[{at}]", dtype, shape) for at, (dtype, shape) in enumerate(kinds)]
        return known

    def leave(self) -> None:
        if self.chance(0.3):
            self.emit(f"if {self.condition()}:")
            self.emit(f"    {self.pick(['break', 'continue'])}")

    # ---- tuples ------------------------------------------------------------------------------------------------------

    def do_tuple_loop(self) -> None:
        """A tuple that changes whole, in places, or not at all from round to round."""
        kinds, t = self.kinds(1, 3), self.name("t")
        self.emit(f"{t} = ({', '.join(self.values(kinds))},)")
        head = self.loop_head()
        self.emit(head)
        self.indent += 1
        self.round_of(head)
        known = self.with_parts(t, kinds)
        self.leave()
        for _ in range(self.random.randint(1, 2)):
            branch = self.chance(0.4)
            if branch:
                self.emit(f"if {self.condition()}:")
                self.indent += 1
            parts = self.values(kinds)
            parts = [p if self.chance(0.6) else f"{t}[{at}]" for at, p in enumerate(parts)]
            same = [(a, b) for a in range(len(kinds)) for b in range(a) if kinds[a] == kinds[b]]
            if same and self.chance(0.5):
                a, b = self.pick(same)
                parts[a], parts[b] = f"{t}[{b}]", f"{t}[{a}]"
            self.emit(f"{t} = ({', '.join(parts)},)")
            self.indent -= branch
        del self.variables[known:]
        self.indent -= 1
        self.unpacked(t, kinds)

    def do_choose_tuple(self) -> None:
        """A tuple in a tuple out of a branch."""
        kinds, t = self.kinds(2, 3), self.name("t")
        for n in range(2):
            self.emit(f"if {self.condition()}:" if n == 0 else "else:")
            first, *rest = self.values(kinds)
            self.emit(f"    {t} = (({first},), {', '.join(rest)})")
        self.define(f"{t}[0][0]", *kinds[0])
        for at, kind in enumerate(kinds[1:]):
            self.define(f"{t}[{at + 1}]", *kind)

    # ---- objects -----------------------------------------------------------------------------------------------------

    def do_object(self) -> None:
        """An aggregate with methods, carried through a loop."""
        kinds, name, o = self.kinds(2, 3), self.name("Bundle"), self.name("o")
        fields = [f"f{at}" for at in range(len(kinds))]
        lines = ["@triton.aggregate", f"class {name}:", *[f"    {f}: tl.tensor" for f in fields], ""]
        changed = self.random.randrange(len(kinds))
        dtype, shape = kinds[changed]
        kept = self.variables
        self.variables = [
            ("other", dtype, shape),
            *[(f"self.{f}", *kind) for f, kind in zip(fields, kinds, strict=True)],
        ]
        made = [f"self.{f}" for f in fields]
        made[changed] = self.expression(dtype, shape, 1)
        lines += [
            "    @triton.jit",
            "    def with_other(self, other):",
            f"        return {name}({', '.join(made)})",
            "",
        ]
        asked = self.random.randrange(len(kinds))
        lines += ["    @triton.jit", "    def asked(self):", f"        return {self.expression(*kinds[asked], 1)}"]
        self.variables = kept
        # `asked` has no `other`.
        if "other" in lines[-1]:
            lines[-1] = f"        return self.{fields[asked]}"
        self.helpers.append("\n".join(lines))
        self.emit(f"{o} = {name}({', '.join(self.values(kinds))})")
        head = self.loop_head()
        self.emit(head)
        self.indent += 1
        self.round_of(head)
        known = len(self.variables)
        self.variables += [(f"{o}.{f}", *kind) for f, kind in zip(fields, kinds, strict=True)]
        self.leave()
        self.emit(f"{o} = {o}.with_other({self.expression(dtype, shape, 1)})")
        if self.chance(0.4):
            self.emit(f"if {self.condition()}:")
            self.emit(f"    {o} = {name}({', '.join(self.values(kinds))})")
        del self.variables[known:]
        self.indent -= 1
        self.define(f"{o}.asked()", *kinds[asked])
        self.define(f"{o}.{fields[changed]}", dtype, shape)

    # ---- pointers ----------------------------------------------------------------------------------------------------

    def do_walk(self) -> None:
        """A pointer that goes along memory in a loop, back and forth, and may stop."""
        dtype, shape = self.pick([*INTS, *FLOATS]), self.pick(self.shapes())
        at, count = self.place(shape)
        steps = self.random.randint(1, 4)
        pointer = self.argument(dtype, count * 3 + 8 * steps, "any")
        p, total, k = self.name("q"), self.name("v"), self.name("k")
        back = self.chance(0.4)
        step = self.pick([1, 2, 4])
        first = step * steps if back else 0
        self.emit(f"{p} = {pointer} + pid * {count} + {first} + {at}")
        self.emit(f"{total} = {self.expression(dtype, shape, 1)}")
        self.emit(f"{k} = 0")
        how = self.random.randrange(3)
        self.emit(f"while {k} < {self.pick([str(steps), f'({self.bound()} * {steps}) // 3'])}:" if how else
                  f"for {self.name('k')} in range({steps}):")  # fmt: skip
        self.indent += 1
        mask = f", mask={self.truth(shape, 1)}, other=3" if self.chance(0.4) else ""
        x = self.name("x")
        self.emit(f"{x} = tl.load({p}{mask})")
        known = len(self.variables)
        self.variables += [(x, dtype, shape), (total, dtype, shape)]
        self.emit(f"{total} = {self.expression(dtype, shape, 0)}")
        self.emit(f"{total} = ({total} {self.pick(['+', '-', '*'])} {x}).to(tl.{dtype})")
        move = f"{p} {'-' if back else '+'}= {step}"
        if self.chance(0.3):
            self.emit(f"if {self.condition()}:")
            self.emit(f"    {move}")
        else:
            self.emit(move)
        self.emit(f"{k} += 1")
        if self.chance(0.3):
            self.emit(f"if {self.condition()}:")
            self.emit("    break")
        del self.variables[known:]
        self.indent -= 1
        self.variables.append((total, dtype, shape))
        if self.chance(0.3):  # where it stands
            self.define(f"tl.load({p}{mask})" if not mask else f"tl.load({p})", dtype, shape)

    # ---- functions ---------------------------------------------------------------------------------------------------

    def do_nested_calls(self) -> None:
        """Functions that give tuples to each other."""
        kinds = self.kinds(2, 2)
        inner, outer, t = self.name("inner"), self.name("outer"), self.name("t")
        kept, self.variables = self.variables, [("a", *kinds[0]), ("b", *kinds[1])]
        lines = [f"@triton.jit\ndef {inner}(a, b):"]
        if self.chance(0.6):
            lines += [f"    if {self.condition()}:", f"        return {', '.join(self.values(kinds))}"]
        lines.append(f"    return {', '.join(self.values(kinds))}")
        self.helpers.append("\n".join(lines))
        lines = [f"@triton.jit\ndef {outer}(a, b, n):"]
        if self.chance(0.5):
            lines += [f"    for k in range(n):", f"        a, b = {inner}(a, b)"]  # noqa: F541
            lines += [f"        if {self.condition()}:", "            break"] if self.chance(0.4) else []
        else:
            lines.append(f"    a, b = {inner}({', '.join(self.values(kinds))})")
        lines.append(f"    return (a, ({inner}(a, b), n))")
        self.helpers.append("\n".join(lines))
        self.variables = kept
        self.emit(f"{t} = {outer}({', '.join(self.values(kinds))}, {self.bound()})")
        self.define(f"{t}[0]", *kinds[0])
        self.define(f"{t}[1][0][1]", *kinds[1])
        self.define(f"{t}[1][1]", "int32", ())

    def do_recur(self) -> None:
        """A function of constants that calls itself, as deep as one of them says."""
        dtype, shape = self.pick([*INTS, *FLOATS]), self.pick(self.shapes())
        name = self.name("again")
        kept, self.variables = self.variables, [("a", dtype, shape), ("b", dtype, shape)]
        text = self.expression(dtype, shape, 1)
        self.variables = kept
        self.helpers.append(
            f"@triton.jit\ndef {name}(a, b, D: tl.constexpr):\n    if D == 0:\n        return a, b\n"
            f"    x, y = {name}(b, {text}, D - 1)\n    return y, x"
        )
        t = self.name("t")
        given = self.values([(dtype, shape)] * 2)
        self.emit(f"{t} = {name}({', '.join(given)}, {self.random.randint(0, 4)})")
        self.unpacked(t, [(dtype, shape)] * 2)

    def do_several_results(self) -> None:
        """A function of elements with two or three results, several elements at a time or one."""
        shape, dtype = self.pick(self.shapes()[1:]), self.pick(["int32", "int64", "uint32"])
        name, t, n = self.name("each"), self.name("t"), self.random.randint(2, 3)
        lines = self.pick([
            ["s = a", "if a > b:", "    s = b - a", "r = s ^ b"],
            ["s = a", "r = b", "for k in range(a & 3):", "    s, r = r, s + k"],
            ["s = a", "r = b", "while s > 100:", "    s //= 3", "    r += 1"],
            ["r = a * 3", "s = r + b", "if (a & 1) == 0:", "    return " + ", ".join(["b", "a", "a + b"][:n])],
        ])  # fmt: skip
        body = "\n".join(f"    {line}" for line in [*lines, "return " + ", ".join(["s", "r", "s - r"][:n])])
        self.helpers.append(f"@triton.jit\ndef {name}(a, b):\n{body}")
        operands = f"{self.expression(dtype, shape, 1)}, {self.expression(dtype, shape, 1)}"
        self.emit(f"{t} = tl.map_elementwise({name}, {operands})")
        self.unpacked(t, [(dtype, shape)] * n)

    def do_scan_of_several(self) -> None:
        """A scan of pairs in a branch, or in a loop whose values it makes."""
        shape, dtype = self.pick(self.shapes()[1:]), self.pick(["int32", "int64", "uint32", "int16"])
        axis, name = self.random.randrange(len(shape)), self.name("both")
        how = self.pick(["return a + c, b ^ d", "return a + c, tl.maximum(b, d)", "return a * c, b * c + d"])
        self.helpers.append(f"@triton.jit\ndef {name}(a, b, c, d):\n    {how}")
        one, two = (self.define(self.expression(dtype, shape, 1), dtype, shape)[0] for _ in range(2))
        reverse = ", reverse=True" if self.chance(0.4) else ""
        head = f"if {self.condition()}:" if self.chance(0.5) else self.loop_head()
        self.emit(head)
        self.indent += 1
        if head.startswith("while"):
            self.round_of(head)
        cast = f".to(tl.{dtype})"
        t = self.name("t")
        self.emit(f"{t} = tl.associative_scan(({one}, {two}), {axis}, {name}{reverse})")
        self.emit(f"{one}, {two} = {t}[1]{cast}, {t}[0]{cast}")
        self.indent -= 1

    # ---- small floats ------------------------------------------------------------------------------------------------

    def do_fp8_around(self) -> None:
        """fp8 out of a branch in a loop, rounded anew each time."""
        dtype, shape, x = self.pick(FP8), self.pick(self.shapes()), self.name("v")
        self.emit(f"{x} = {self.expression(dtype, shape, 1)}")
        self.variables.append((x, dtype, shape))
        head = self.loop_head()
        self.emit(head)
        self.indent += 1
        self.round_of(head)
        self.emit(f"if {self.condition()}:")
        self.emit(f"    {x} = {self.expression(dtype, shape, 1)}")
        if self.chance(0.6):
            other = self.pick(["0.5", "2.0", "-1.5"])
            self.emit("else:")
            self.emit(f"    {x} = ({x}.to(tl.float32) {self.pick(['+', '*', '-'])} {other}).to(tl.{dtype})")
        self.leave()
        self.indent -= 1

    # ---- atomics -----------------------------------------------------------------------------------------------------

    def do_tickets(self) -> None:
        """Old values of atomics, in memory of the program's own, of which each element has its place."""
        dtype, shape = self.pick(["int32", "int64", "uint32", "int32"]), self.pick(self.shapes())
        at, count = self.place(shape)
        pointer = self.argument(dtype, count * 3, "zero")
        old, total = self.name("old"), self.name("v")
        self.emit(f"{total} = {self.expression(dtype, shape, 1)}")
        head = self.loop_head()
        self.emit(head)
        self.indent += 1
        self.round_of(head)
        known = len(self.variables)
        self.variables.append((total, dtype, shape))
        mask = f", mask={self.truth(shape, 1)}" if self.chance(0.4) else ""
        place = f"{pointer} + pid * {count} + {at}"
        how = self.pick(["add", "xchg", "max", "min", "xor", "or", "and", "cas"])
        value = self.expression(dtype, shape, 1)
        if how == "cas":
            guess = f"({total} & 1).to(tl.{dtype})"
            self.emit(f"{old} = tl.atomic_cas({place}, {guess}, {value})")
        else:
            self.emit(f"{old} = tl.atomic_{how}({place}, {value}{mask})")
        if mask and how != "cas":  # what is masked off is not known
            self.emit(f"{old} = tl.where({mask[7:]}, {old}, {self.constant(dtype, shape)})")
        self.variables.append((old, dtype, shape))
        self.emit(f"{total} = ({total} + {old}).to(tl.{dtype})")
        if shape == () and self.chance(0.5):
            self.emit(f"if {old} > 5:")
            self.emit("    break")
        del self.variables[known:]
        self.indent -= 1
        self.variables.append((total, dtype, shape))
        self.emit("tl.debug_barrier()")

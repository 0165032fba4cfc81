"""Statements of random kernels about blocks that the hardware moves or scales: tensor descriptors and dot_scaled.

Descriptors are made in the kernel or given at the launch (Program.descriptors says of which arguments, and how); their
blocks have one to three dimensions, lie partly or wholly outside, are loaded, stored, combined with memory, gathered
and scattered. Scaled products take every pair of formats, packed along either dimension, with scales out of memory.
Their numbers are so small, and their scales so near one, that every sum is exact.
"""

from __future__ import annotations

import random

FORMATS = {"e2m1": "uint8", "e4m3": "float8e4nv", "e5m2": "float8e5", "bf16": "bfloat16", "fp16": "float16"}
SIZES = {"int8": 1, "uint8": 1, "float8e5": 1, "int16": 2, "float16": 2, "bfloat16": 2, "int32": 4, "uint32": 4,
         "float32": 4, "int64": 8, "uint64": 8, "float64": 8}  # fmt: skip
# What memory can be combined with through a descriptor.
COMBINED = {"int32": ["add", "min", "max", "and", "or", "xor"], "uint32": ["add", "min", "max", "and", "or", "xor"],
            "uint64": ["add", "min", "max", "and", "or", "xor"], "int64": ["min", "max", "and", "or", "xor"],
            "float32": ["add"]}  # fmt: skip


class Descriptor:
    """A tensor descriptor that a kernel has: its name there, and what it is of."""

    def __init__(self, name: str, pointer: str, dtype: str, shape: list, block: list) -> None:
        self.name, self.pointer, self.dtype, self.shape, self.block = name, pointer, dtype, shape, block


class Blocks:
    """The statements; what they use of a program is Program's."""

    random: random.Random

    # ---- descriptors -------------------------------------------------------------------------------------------------

    def descriptor(self, dtype: str, what: str, block: list, own: bool = False) -> Descriptor:
        """A descriptor of a matrix a little smaller or larger than some blocks; `own`: each program has its own."""
        least = 16 // SIZES[dtype]
        shape = [self.random.randint(1, 3 * n) for n in block]
        strides = [1]
        for n in reversed(shape[1:]):
            strides.insert(0, -(-n * strides[0] // least) * least + self.pick([0, 0, least]))
        count = -(-shape[0] * strides[0] // least) * least
        # NaN is no operand of a product: on the CPU it may meet zeros of another one's padding, which are left out.
        padding = "nan" if what in ("any", "small") and dtype in ("float32", "float16") and self.chance(0.2) else "zero"
        what = "small" if what == "finite" else what
        if not own and self.indent == 1 and self.chance(0.4):
            pointer = self.argument(dtype, count, what)
            self.descriptors[pointer] = (shape, strides, block, padding)
            return Descriptor(pointer, pointer, dtype, shape, block)
        pointer, name = self.argument(dtype, count * (3 if own else 1), what), self.name("d")
        base = f"{pointer} + pid * {count}" if own else pointer
        sizes = [str(n) if self.chance(0.7) else f"tl.minimum((a_m & 31) + 1, {n})" for n in shape]
        more = ", padding_option='nan'" if padding == "nan" else ""
        self.emit(f"{name} = tl.make_tensor_descriptor({base}, [{', '.join(sizes)}], {strides}, {block}{more})")
        return Descriptor(name, pointer, dtype, shape, block)

    def some_block(self, dtype: str, rank: int | None = None) -> list:
        rank = rank or self.pick([1, 2, 2, 2, 3])
        last = self.pick([n for n in (8, 16, 32, 64) if n * SIZES[dtype] >= 16])
        return [self.pick([1, 2, 4]) if rank == 3 else self.pick([1, 4, 8, 16, 32]) for _ in range(rank - 1)] + [last]

    def offsets(self, block: list) -> list:
        parts = []
        for n in block:
            text, _ = self.leaf(["int32"], ())
            parts.append(self.pick(["0", f"(({text}) & {2 * n - 1})", f"(({text}) & {4 * n - 1}) - {n}", str(n)]))
        return parts

    def at(self, block: list) -> str:
        return f"[{', '.join(self.offsets(block))}]"

    def block_value(self, dtype: str, shape: list) -> str:
        """A block for a store: from a loaded number and where an element is."""
        terms = []
        for axis, n in enumerate(shape):
            at = "".join(", None" if k != axis else ", :" for k in range(len(shape)))[2:]
            terms.append(f"tl.arange(0, {n}){f'[{at}]' if len(shape) > 1 else ''} * {self.pick([1, 3, 7, 100])}")
        text, _ = self.leaf(["int32"], ())
        whole = f"({' + '.join(terms)} + ({text} & 63))"
        if dtype in ("float16", "bfloat16", "float8e5"):  # what these hold exactly
            whole = f"({whole} & 3){'.to(tl.float32)' if dtype == 'float8e5' else ''}"
        return f"{whole}.to(tl.{dtype})"

    def kept(self, text: str, dtype: str, shape: list) -> None:
        """A block written where it is compared whole."""
        count = 1
        for n in shape:
            count *= n
        pointer = self.argument(dtype, count * 3, "out")
        self.emit(f"tl.store({pointer} + pid * {count} + tl.arange(0, {count}), tl.ravel({text}))")

    def do_descriptor(self) -> None:
        how = self.pick(["load", "load", "store", "store", "combine", "gather", "scatter", "product", "round_trip"])
        getattr(self, "descriptor_" + how)()

    def descriptor_load(self) -> None:
        dtype = self.pick(["int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "float8e5"])
        d, t = self.descriptor(dtype, "small", self.some_block(dtype)), self.name("t")
        wide = {"float8e5": "float32"}.get(dtype, dtype)
        if self.chance(0.5):
            k = self.name("k")
            hints = f", num_stages={self.random.randint(1, 4)}" if self.chance(0.5) else ""
            self.emit(f"{t} = tl.zeros({d.block}, tl.{wide})")
            self.emit(f"for {k} in tl.range({self.pick(['3', 'n & 3', '5'])}{hints}):")
            at = self.offsets(d.block)
            axis = self.random.randrange(len(at))
            at[axis] += f" + {k} * {self.pick([1, d.block[axis], d.block[axis]])}"
            loaded = f"{d.name}.load([{', '.join(at)}])"
            self.emit(f"    {t} = ({t} + {loaded}{'.to(tl.float32)' if wide != dtype else ''}).to(tl.{wide})")
        else:
            wide = dtype
            self.emit(f"{t} = {d.name}.load({self.at(d.block)})")
        self.kept(t, wide, d.block)

    def descriptor_store(self) -> None:
        dtype = self.pick(["int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "float8e5"])
        d = self.descriptor(dtype, "out", self.some_block(dtype), own=True)
        if self.chance(0.5):  # blocks of several rounds may overlap: the last is seen
            k = self.name("k")
            self.emit(f"for {k} in range({self.pick(['3', 'n & 3'])}):")
            at = self.offsets(d.block)
            at[0] += f" + {k} * {self.pick([0, 1, d.block[0]])}"
            value = self.block_value("int32" if dtype.startswith("int") else "float32", d.block)
            self.emit(f"    {d.name}.store([{', '.join(at)}], ({value} + {k}).to(tl.{dtype}))")
            self.emit("    tl.debug_barrier()")
        else:
            self.emit(f"{d.name}.store({self.at(d.block)}, {self.block_value(dtype, d.block)})")

    def descriptor_round_trip(self) -> None:
        """Written, and read again elsewhere."""
        dtype = self.pick(["int16", "int32", "float16", "float32"])
        d, t = self.descriptor(dtype, "zero", self.some_block(dtype), own=True), self.name("t")
        self.emit(f"{d.name}.store({self.at(d.block)}, {self.block_value(dtype, d.block)})")
        self.emit("tl.debug_barrier()")
        self.emit(f"{t} = {d.name}.load({self.at(d.block)})")
        self.emit("tl.debug_barrier()")
        self.kept(t, dtype, d.block)

    def descriptor_combine(self) -> None:
        dtype = self.pick(list(COMBINED))
        d, how = self.descriptor(dtype, "zero", self.some_block(dtype)), self.pick(COMBINED[dtype])
        loop = self.chance(0.3)
        if loop:
            self.emit(f"for {self.name('k')} in range(n & 3):")
        value = self.block_value(dtype, d.block)
        self.emit(f"{'    ' * loop}{d.name}.atomic_{how}({self.at(d.block)}, {value})")

    def descriptor_gather(self) -> None:
        dtype, n = self.pick(["int8", "int16", "int32", "float16", "float32"]), self.pick([8, 16, 32])
        block = [1, self.pick([m for m in (8, 16, 32, 64) if m * SIZES[dtype] >= 32])]
        d, t = self.descriptor(dtype, "any", block), self.name("t")
        text, _ = self.leaf(["int32"], ())
        rows = f"((tl.arange(0, {n}) * {self.pick([1, 3, 5, 12])} + {text}) & 7) - {self.pick([0, 0, 2])}"
        self.emit(f"{t} = {d.name}.gather({rows}, {self.pick(['0', '8', str(block[1])])})")
        self.kept(t, dtype, [n, block[1]])

    def descriptor_scatter(self) -> None:
        dtype, n = self.pick(["int8", "int16", "int32", "float16", "float32"]), self.pick([8, 16, 32])
        block = [1, self.pick([m for m in (8, 16, 32, 64) if m * SIZES[dtype] >= 32])]
        d = self.descriptor(dtype, "out", block, own=True)
        text, _ = self.leaf(["int32"], ())
        rows = f"((tl.arange(0, {n}) * {self.pick([1, 3, 5])} + {text}) & {n - 1}) - {self.pick([0, 0, 2, n - 3])}"
        value = self.block_value(dtype, [n, block[1]])
        self.emit(f"{d.name}.scatter({value}, {rows}, {self.pick(['0', '8', str(block[1])])})")

    def descriptor_product(self) -> None:
        """A product over a loop, both operands through descriptors."""
        dtype = self.pick(["float16", "bfloat16", "int8", "float8e5", "float16", "float32"])
        M, N, K = self.pick([16, 32, 64, 128]), self.pick([16, 32, 64]), self.pick([32, 64])
        out = "int32" if dtype == "int8" else "float32"
        turned = self.chance(0.4)
        a = self.descriptor(dtype, "finite", [M, K])
        b = self.descriptor(dtype, "finite", [N, K] if turned else [K, N])
        acc, k = self.name("acc"), self.name("k")
        self.emit(f"{acc} = tl.zeros(({M}, {N}), tl.{out})")
        hints = f", num_stages={self.random.randint(1, 4)}" if self.chance(0.5) else ""
        self.emit(f"for {k} in tl.range({self.pick(['1', '3', 'n & 3'])}{hints}):")
        x = f"{a.name}.load([{self.pick(['0', 'pid * 8'])}, {k} * {K}])"
        y = f"{b.name}.load([0, {k} * {K}]).T" if turned else f"{b.name}.load([{k} * {K}, 0])"
        more = ", input_precision='ieee'" if dtype == "float32" else ""
        self.emit(f"    {acc} = tl.dot({x}, {y}, {acc}{more}, out_dtype=tl.{out})")
        self.kept(acc, out, [M, N])

    # ---- scaled products ---------------------------------------------------------------------------------------------

    def do_scaled_dot(self) -> None:
        """A product of numbers that have a common power of two every 16 or 32, over a loop."""
        formats = [self.pick(["e2m1", "e2m1", "e4m3", "e5m2", "bf16", "fp16"]) for _ in range(2)]
        M, N, K = self.pick([16, 32, 64]), self.pick([16, 32, 64]), self.pick([32, 64, 128])
        rounds, fast = self.pick([1, 1, 2, 3]), self.chance(0.2)
        along = [fmt != "e2m1" or self.chance(0.7) for fmt in formats]
        acc, k = self.name("acc"), self.name("k")
        operands = [self.elements(*given) for given in zip(formats, (M, N), (K, K), along, (False, True), strict=True)]
        group = self.pick([32, 32, 16])
        scales = [self.scale(n, K // group, fast) for n in (M, N)]
        first = self.pick([f"tl.zeros(({M}, {N}), tl.float32)", f"tl.full(({M}, {N}), 3.0, tl.float32)"])
        self.emit(f"{acc} = {first}")
        hints = f", num_stages={self.random.randint(1, 4)}" if self.chance(0.4) else ""
        self.emit(f"for {k} in tl.range({rounds}{hints}):")
        left, right = (
            f"{text.format(k=k)}, {scale.format(k=k)}, '{fmt}'"
            for text, scale, fmt in zip(operands, scales, formats, strict=True)
        )
        more = f"lhs_k_pack={along[0]}, rhs_k_pack={along[1]}" + (", fast_math=True" if fast else "")
        into = self.chance(0.7)
        call = f"tl.dot_scaled({left}, {right}{f', {acc}' if into else ''}, {more})"
        self.emit(f"    {acc} {'=' if into else '+='} {call}")
        if self.chance(0.6) or "255" in left + right:
            self.kept(acc, "float32", [M, N])
        else:
            self.define(f"tl.sum(tl.max({acc}, {self.random.randrange(2)}), 0)", "float32", ())

    def elements(self, fmt: str, rows: int, k: int, along_k: bool, right: bool) -> str:
        """The text of an operand of a round {k}: rows x K, or K x rows on the right; two numbers in a byte of e2m1."""
        if fmt == "e2m1":
            rows, k = (rows, k // 2) if along_k else (rows // 2, k)
        shape = [k, rows] if right else [rows, k]
        pointer = self.argument(FORMATS[fmt], rows * k * 3, "any" if fmt == "e2m1" else "small")
        steps = (shape[1], 1) if self.chance(0.6) else (1, shape[0])
        places = [f"tl.arange(0, {shape[0]})[:, None] * {steps[0]}", f"tl.arange(0, {shape[1]})[None, :] * {steps[1]}"]
        return f"tl.load({pointer} + {{k}} * {rows * k} + {places[0]} + {places[1]})"

    def scale(self, rows: int, groups: int, fast: bool) -> str:
        how = self.random.randrange(6)
        if how == 0:
            return "None"
        dtype = "float8e4nv" if how == 1 else "uint8"
        pointer = self.argument(dtype, rows * groups * 3, "small" if how == 1 else "below 4")
        text = f"tl.load({pointer} + {{k}} * {rows * groups} + "
        text += f"tl.arange(0, {rows})[:, None] * {groups} + tl.arange(0, {groups})[None, :])"
        if how == 1:
            return text
        text = f"({text} + 126)"
        if how == 2 and not fast:  # not a number
            text = f"tl.where(tl.arange(0, {rows})[:, None] == {self.random.randrange(rows)}, 255, {text}).to(tl.uint8)"
        return text

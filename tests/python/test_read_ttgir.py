"""Triton GPU IR in the forms that Triton 3.6 and 3.9 print and this compiler does not: read, run on the simulated GPU."""

import zlib

import pytest
import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor

HEAD = """
#one = #ttg.blocked<{sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#four = #ttg.blocked<{sizePerThread = [4], threadsPerWarp = [32], warpsPerCTA = [4], order = [0]}>
#shared = #ttg.swizzled_shared<{vec = 1, perPhase = 1, maxPhase = 1, order = [0]}>
#smem = #ttg.shared_memory
module attributes {"ttg.num-ctas" = 1 : i32, "ttg.num-warps" = 4 : i32, ttg.target = "cuda:SM", "ttg.threads-per-warp" = 32 : i32} {
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """run(kernel, sm, text, args...): the launch, with the function of `text` in place of the kernel's own code."""

    def run(kernel, sm, text, *args, **keywords):
        monkeypatch.setenv("TRITONC_SIMULATE", f"cuda:{sm}")
        text = HEAD.replace("SM", str(sm)) + text + "\n}\n"
        path = tmp_path / str(zlib.crc32(text.encode())) / f"{kernel.__name__}.ttgir"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        kernel[(1,)](*args, ir_override=str(path), **keywords)

    return run


@triton.jit
def two(x, o):
    tl.store(o, tl.load(x))


RING = """
  tt.func public @two(%x: !tt.ptr<f32>, %o: !tt.ptr<f32>) {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c4 = arith.constant 4 : i32
    %c128 = arith.constant 128 : i32
    %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32, #one>
    %q = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32, #four>
    %xs = tt.splat %x : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>, #one>
    %os = tt.splat %o : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>, #four>
    %p = tt.addptr %xs, %r : tensor<128x!tt.ptr<f32>, #one>, tensor<128xi32, #one>
    %s = tt.addptr %os, %q : tensor<128x!tt.ptr<f32>, #four>, tensor<128xi32, #four>
    %all = ttg.local_alloc : () -> !ttg.memdesc<1x128xf32, #shared, #smem, mutable>
    %b = ttg.memdesc_index %all[%c0] : !ttg.memdesc<1x128xf32, #shared, #smem, mutable> -> !ttg.memdesc<128xf32, #shared, #smem, mutable>
    %t = ttg.async_copy_global_to_local %p, %b : tensor<128x!tt.ptr<f32>, #one> -> <128xf32, #shared, #smem, mutable>
    %g = ttg.async_commit_group tokens %t
    scf.for %i = %c0 to %c4 step %c1  : i32 {
      %w = ttg.async_wait %g {num = 0 : i32}
      %v = ttg.local_load %b token %w : !ttg.memdesc<128xf32, #shared, #smem, mutable> -> tensor<128xf32, #four>
      %at = arith.muli %i, %c128 : i32
      %ats = tt.splat %at : i32 -> tensor<128xi32, #four>
      %to = tt.addptr %s, %ats : tensor<128x!tt.ptr<f32>, #four>, tensor<128xi32, #four>
      tt.store %to, %v : tensor<128x!tt.ptr<f32>, #four>
      %n = arith.addi %i, %c1 : i32
      %more = arith.cmpi slt, %n, %c4 : i32
      %m = tt.splat %more : i1 -> tensor<128xi1, #one>
      %an = arith.muli %n, %c128 : i32
      %ans = tt.splat %an : i32 -> tensor<128xi32, #one>
      %from = tt.addptr %p, %ans : tensor<128x!tt.ptr<f32>, #one>, tensor<128xi32, #one>
      %u = ttg.async_copy_global_to_local %from, %b mask %m : tensor<128x!tt.ptr<f32>, #one> -> <128xf32, #shared, #smem, mutable>
      %h = ttg.async_commit_group tokens %u
    }
    ttg.local_dealloc %all : !ttg.memdesc<1x128xf32, #shared, #smem, mutable>
    tt.return
  }"""


@pytest.mark.parametrize("sm", [80, 90, 120])
def test_a_buffer_is_filled_again_only_after_all_have_read_it(run, sm):
    x, o = torch.randn(512), torch.empty(512)
    run(two, sm, RING, x, o)
    assert torch.equal(x, o)


@triton.jit
def scalars(x, o, n, d):
    tl.store(o, tl.load(x) + n + d)


BRANCHES = """
  tt.func public @scalars(%x: !tt.ptr<f32>, %o: !tt.ptr<f32>, %n: i32, %d: i32) {
    %c100 = arith.constant 100 : i32
    %big = arith.cmpi sgt, %n, %c100 : i32
    cf.cond_br %big, ^bb1, ^bb2
  ^bb1:  // pred: ^bb0
    tt.return
  ^bb2:  // pred: ^bb0
    %up = arith.ceildivsi %n, %d : i32
    %f = arith.sitofp %up : i32 to f32
    %fs = tt.splat %f : f32 -> tensor<256xf32, #one>
    %r = tt.make_range {end = 256 : i32, start = 0 : i32} : tensor<256xi32, #one>
    %xs = tt.splat %x : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>, #one>
    %p = tt.addptr %xs, %r : tensor<256x!tt.ptr<f32>, #one>, tensor<256xi32, #one>
    %v = tt.load %p {cachePolicy = #tt.cache_policy<cache_modifier = none, eviction_policy = evict_last>} : tensor<256x!tt.ptr<f32>, #one>
    %e = math.erf %v : tensor<256xf32, #one>
    %two = arith.constant dense<2.0> : tensor<256xf32, #one>
    %h = tt.approx_divf %e, %two : tensor<256xf32, #one>
    %s = arith.addf %h, %fs : tensor<256xf32, #one>
    %os = tt.splat %o : !tt.ptr<f32> -> tensor<256x!tt.ptr<f32>, #one>
    %q = tt.addptr %os, %r : tensor<256x!tt.ptr<f32>, #one>, tensor<256xi32, #one>
    ttg.barrier local
    tt.store %q, %s : tensor<256x!tt.ptr<f32>, #one>
    ttg.barrier global_read|global_write {tt.note}
    ttg.barrier all
    tt.return
  }"""


@pytest.mark.parametrize("n, d, up", [(7, 2, 4), (8, 2, 4), (-7, 2, -3), (7, -2, -3), (-7, -2, 4), (101, 2, None)])
def test_branches_functions_and_quotients(run, n, d, up):
    x, o = torch.randn(256), torch.full((256,), 9.0)
    run(scalars, 90, BRANCHES, x, o, n, d)
    want = torch.erf(x.double()) / 2 + up if up is not None else torch.full((256,), 9.0)
    torch.testing.assert_close(o.double(), want.double(), rtol=1e-6, atol=1e-6)


REORDER = """
  tt.func public @two(%x: !tt.ptr<f32>, %o: !tt.ptr<f32>) {
    %r = tt.make_range {end = 512 : i32, start = 0 : i32} : tensor<512xi32, #four>
    %xs = tt.splat %x : !tt.ptr<f32> -> tensor<512x!tt.ptr<f32>, #four>
    %p = tt.addptr %xs, %r : tensor<512x!tt.ptr<f32>, #four>, tensor<512xi32, #four>
    %v = tt.load %p : tensor<512x!tt.ptr<f32>, #four>
    %y = tt.reshape %v allow_reorder : tensor<512xf32, #four> -> tensor<512xf32, #one>
    %s = "tt.reduce"(%y) <{axis = 0 : i32}> ({
    ^bb0(%a: f32, %b: f32):
      %c = arith.addf %a, %b : f32
      tt.reduce.return %c : f32
    }) : (tensor<512xf32, #one>) -> f32
    tt.store %o, %s : !tt.ptr<f32>
    tt.return
  }"""


def test_a_reshape_that_may_reorder(run):
    x, o = torch.randint(-9, 9, (512,)).float(), torch.empty(1)
    run(two, 80, REORDER, x, o)
    assert o.item() == x.sum().item()


@triton.jit
def described(d, o):
    tl.store(o + tl.arange(0, 128), d.load([0]))


# The block of a descriptor as pointers, in the parts that are passed where there is no copy engine (`FLAG`: from 3.7 on).
PARTS = """
  tt.func public @described(%d: !tt.ptr<f32>, %n: i64, %st: i64, %pad: i1FLAG, %n1: i32, %st1: i64, %o: !tt.ptr<f32>) {
    %zero = arith.constant dense<0.0> : tensor<128xf32, #one>
    %r = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32, #one>
    %e = arith.extsi %r : tensor<128xi32, #one> to tensor<128xi64, #one>
    %ns = tt.splat %n : i64 -> tensor<128xi64, #one>
    %m = arith.cmpi slt, %e, %ns : tensor<128xi64, #one>
    %sts = tt.splat %st : i64 -> tensor<128xi64, #one>
    %at = arith.muli %e, %sts : tensor<128xi64, #one>
    %ds = tt.splat %d : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>, #one>
    %p = tt.addptr %ds, %at : tensor<128x!tt.ptr<f32>, #one>, tensor<128xi64, #one>
    %v = tt.load %p, %m, %zero : tensor<128x!tt.ptr<f32>, #one>
    %os = tt.splat %o : !tt.ptr<f32> -> tensor<128x!tt.ptr<f32>, #one>
    %q = tt.addptr %os, %r : tensor<128x!tt.ptr<f32>, #one>, tensor<128xi32, #one>
    tt.store %q, %v : tensor<128x!tt.ptr<f32>, #one>
    tt.return
  }"""


@pytest.mark.parametrize("flag", ["", ", %tf32: i1"])
def test_descriptors_in_parts(run, flag):
    x, o = torch.randn(100), torch.empty(128)
    run(described, 80, PARTS.replace("FLAG", flag), TensorDescriptor(x, [100], [1], [128]), o)
    assert torch.equal(o[:100], x) and not o[100:].any()


@triton.jit
def batch_kernel(a, b, c):
    tl.store(c, tl.load(a) * tl.load(b))


def batched(elem, width):
    lines = []
    shapes = dict(a=(4, 16, 32), b=(4, 32, 16), c=(4, 16, 16))
    for name, layout in [("a", "#in"), ("b", "#in"), ("c", "#mma")]:
        shape = "x".join(map(str, shapes[name]))
        of = elem if name != "c" else "f32"
        terms = []
        for dim, size in enumerate(shapes[name]):
            two = f"#ttg.slice<{{dim = {2 if dim < 2 else 1}, parent = {layout}}}>"
            one = f"#ttg.slice<{{dim = {1 if dim == 0 else 0}, parent = {two}}}>"
            flat = [size if k == dim else 1 for k in range(3)]
            row = [size, 1] if dim == 0 else [1, size]
            first = f"{{axis = {1 if dim == 0 else 0} : i32}}"
            second = f"{{axis = {2 if dim < 2 else 1} : i32}}"
            if dim == 2:
                row = [1, size]
            n = f"{name}{dim}"
            stride = shapes[name][2] * shapes[name][1] if dim == 0 else shapes[name][2] if dim == 1 else 1
            f3 = "x".join(map(str, flat))
            lines += [
                f"%{n} = tt.make_range {{end = {size} : i32, start = 0 : i32}} : tensor<{size}xi32, {one}>",
                f"%{n}_w = tt.expand_dims %{n} {first} : tensor<{size}xi32, {one}> -> tensor<{row[0]}x{row[1]}xi32, {two}>",
                f"%{n}_x = tt.expand_dims %{n}_w {second} : tensor<{row[0]}x{row[1]}xi32, {two}> -> tensor<{f3}xi32, {layout}>",
                f"%{n}_s = arith.constant dense<{stride}> : tensor<{f3}xi32, {layout}>",
                f"%{n}_y = arith.muli %{n}_x, %{n}_s : tensor<{f3}xi32, {layout}>",
                f"%{n}_z = tt.broadcast %{n}_y : tensor<{f3}xi32, {layout}> -> tensor<{shape}xi32, {layout}>",
            ]
            terms.append(f"%{n}_z")
        at = f"tensor<{shape}xi32, {layout}>"
        ptr = f"tensor<{shape}x!tt.ptr<{of}>, {layout}>"
        lines += [
            f"%{name}_t = arith.addi {terms[0]}, {terms[1]} : {at}",
            f"%{name}_o = arith.addi %{name}_t, {terms[2]} : {at}",
            f"%{name}_s = tt.splat %{name} : !tt.ptr<{of}> -> {ptr}",
            f"%{name}_p = tt.addptr %{name}_s, %{name}_o : {ptr}, {at}",
        ]
    dots = []
    for i, name in enumerate("ab"):
        shape = "x".join(map(str, shapes[name]))
        op = f"tensor<{shape}x{elem}, #ttg.dot_op<{{opIdx = {i}, parent = #mma, kWidth = {width}}}>>"
        dots.append(op)
        lines += [
            f"%{name}_v = tt.load %{name}_p : tensor<{shape}x!tt.ptr<{elem}>, #in>",
            f"%{name}_d = ttg.convert_layout %{name}_v : tensor<{shape}x{elem}, #in> -> {op}",
        ]
    out = "tensor<4x16x16xf32, #mma>"
    lines += [
        f"%zero = arith.constant dense<0.0> : {out}",
        f"%r = tt.dot %a_d, %b_d, %zero, inputPrecision = tf32 : {dots[0]} * {dots[1]} -> {out}",
        "tt.store %c_p, %r : tensor<4x16x16x!tt.ptr<f32>, #mma>",
        "tt.return",
    ]
    body = "\n    ".join(lines)
    args = f"%a: !tt.ptr<{elem}>, %b: !tt.ptr<{elem}>, %c: !tt.ptr<f32>"
    return f"  tt.func public @batch_kernel({args}) {{\n    {body}\n  }}"


@pytest.mark.parametrize("elem, dtype, width", [("f16", torch.float16, 2), ("f32", torch.float32, 1)])
@pytest.mark.parametrize("warps", ["4, 1, 1", "2, 1, 2"])
def test_batches_of_products_on_tensor_cores(run, monkeypatch, elem, dtype, width, warps):
    monkeypatch.setitem(
        globals(),
        "HEAD",
        f"""
#in = #ttg.blocked<{{sizePerThread = [1, 1, 4], threadsPerWarp = [1, 4, 8], warpsPerCTA = [4, 1, 1], order = [2, 1, 0]}}>
#mma = #ttg.nvidia_mma<{{versionMajor = 2, versionMinor = 0, warpsPerCTA = [{warps}], instrShape = [1, 16, 8]}}>
{HEAD}""",
    )
    a, b = torch.randint(-3, 4, (4, 16, 32)).to(dtype), torch.randint(-3, 4, (4, 32, 16)).to(dtype)
    c = torch.empty(4, 16, 16)
    run(batch_kernel, 80, batched(elem, width), a, b, c)
    assert torch.equal(c, a.float() @ b.float())


PIECES = """
  tt.func public @two(%x: !tt.ptr<f16>, %o: !tt.ptr<f16>) {
    %r = tt.make_range {end = 64 : i32, start = 0 : i32} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #rows}>>
    %c = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32, #ttg.slice<{dim = 0, parent = #rows}>>
    %re = tt.expand_dims %r {axis = 1 : i32} : tensor<64xi32, #ttg.slice<{dim = 1, parent = #rows}>> -> tensor<64x1xi32, #rows>
    %ce = tt.expand_dims %c {axis = 0 : i32} : tensor<32xi32, #ttg.slice<{dim = 0, parent = #rows}>> -> tensor<1x32xi32, #rows>
    %w = arith.constant dense<32> : tensor<64x1xi32, #rows>
    %rw = arith.muli %re, %w : tensor<64x1xi32, #rows>
    %rb = tt.broadcast %rw : tensor<64x1xi32, #rows> -> tensor<64x32xi32, #rows>
    %cb = tt.broadcast %ce : tensor<1x32xi32, #rows> -> tensor<64x32xi32, #rows>
    %at = arith.addi %rb, %cb : tensor<64x32xi32, #rows>
    %xs = tt.splat %x : !tt.ptr<f16> -> tensor<64x32x!tt.ptr<f16>, #rows>
    %p = tt.addptr %xs, %at : tensor<64x32x!tt.ptr<f16>, #rows>, tensor<64x32xi32, #rows>
    %v = tt.load %p : tensor<64x32x!tt.ptr<f16>, #rows>
    %b = ttg.local_alloc %v : (tensor<64x32xf16, #rows>) -> !ttg.memdesc<64x32xf16, #swizzled, #smem, mutable>
PARTS
    tt.return
  }"""
PIECE = """
    %sI = ttg.memdesc_subslice %b[ROW, COL] : !ttg.memdesc<64x32xf16, #swizzled, #smem, mutable> -> !ttg.memdesc<32x8xf16, #swizzled, #smem, mutable, 64x32>
    %lI = ttg.local_load %sI : !ttg.memdesc<32x8xf16, #swizzled, #smem, mutable, 64x32> -> tensor<32x8xf16, #piece>
    %rI = tt.make_range {end = 32 : i32, start = 0 : i32} : tensor<32xi32, #ttg.slice<{dim = 1, parent = #piece}>>
    %cI = tt.make_range {end = 8 : i32, start = 0 : i32} : tensor<8xi32, #ttg.slice<{dim = 0, parent = #piece}>>
    %reI = tt.expand_dims %rI {axis = 1 : i32} : tensor<32xi32, #ttg.slice<{dim = 1, parent = #piece}>> -> tensor<32x1xi32, #piece>
    %ceI = tt.expand_dims %cI {axis = 0 : i32} : tensor<8xi32, #ttg.slice<{dim = 0, parent = #piece}>> -> tensor<1x8xi32, #piece>
    %eI = arith.constant dense<8> : tensor<32x1xi32, #piece>
    %mI = arith.muli %reI, %eI : tensor<32x1xi32, #piece>
    %rbI = tt.broadcast %mI : tensor<32x1xi32, #piece> -> tensor<32x8xi32, #piece>
    %cbI = tt.broadcast %ceI : tensor<1x8xi32, #piece> -> tensor<32x8xi32, #piece>
    %sumI = arith.addi %rbI, %cbI : tensor<32x8xi32, #piece>
    %fI = arith.constant dense<FROM> : tensor<32x8xi32, #piece>
    %oI = arith.addi %sumI, %fI : tensor<32x8xi32, #piece>
    %osI = tt.splat %o : !tt.ptr<f16> -> tensor<32x8x!tt.ptr<f16>, #piece>
    %qI = tt.addptr %osI, %oI : tensor<32x8x!tt.ptr<f16>, #piece>, tensor<32x8xi32, #piece>
    tt.store %qI, %lI : tensor<32x8x!tt.ptr<f16>, #piece>"""


@pytest.mark.parametrize("swizzle", [(8, 1, 4), (4, 2, 4), (1, 1, 1), (2, 1, 8)])
@pytest.mark.parametrize("piece", ["[1, 4], threadsPerWarp = [16, 2]", "[1, 1], threadsPerWarp = [4, 8]"])
def test_parts_of_a_buffer(run, monkeypatch, swizzle, piece):
    vec, per, most = swizzle
    monkeypatch.setitem(
        globals(),
        "HEAD",
        f"""
#rows = #ttg.blocked<{{sizePerThread = [1, 8], threadsPerWarp = [8, 4], warpsPerCTA = [4, 1], order = [1, 0]}}>
#piece = #ttg.blocked<{{sizePerThread = {piece}, warpsPerCTA = [4, 1], order = [1, 0]}}>
#swizzled = #ttg.swizzled_shared<{{vec = {vec}, perPhase = {per}, maxPhase = {most}, order = [1, 0]}}>
{HEAD}""",
    )
    places = [(row, col) for row in (0, 32) for col in (0, 8, 16, 24)]
    text = ""
    for i, (row, col) in enumerate(places):
        one = PIECE.replace("ROW", str(row)).replace("COL", str(col)).replace("FROM", str(i * 256))
        text += one.replace("I ", f"{i} ").replace("I,", f"{i},")
    x, o = torch.randn(64, 32).half(), torch.empty(8, 32, 8).half()
    run(two, 80, PIECES.replace("PARTS", text), x, o)
    for i, (row, col) in enumerate(places):
        assert torch.equal(o[i], x[row : row + 32, col : col + 8])


def test_a_part_is_only_loaded_from(run, monkeypatch):
    text = RING.replace(
        "%w = ttg.async_wait",
        "%part = ttg.memdesc_subslice %b[0] : !ttg.memdesc<128xf32, #shared, #smem, mutable> -> "
        "!ttg.memdesc<64xf32, #shared, #smem, mutable, 128>\n      %w = ttg.async_wait",
    )
    x, o = torch.randn(512), torch.empty(512)
    run(two, 80, text, x, o)
    assert torch.equal(x, o)
    moved = "ttg.memdesc_trans %part {order = array<i32: 0>} : !ttg.memdesc<64xf32, #shared, #smem, mutable, 128> -> "
    moved += "!ttg.memdesc<64xf32, #shared, #smem, mutable>"
    with pytest.raises(Exception, match="of a part of a buffer there are loads only"):
        run(two, 80, text.replace("%w = ttg.async_wait", f"%no = {moved}\n      %w = ttg.async_wait"), x, o)
    with pytest.raises(Exception, match="is not a part of"):
        run(two, 80, text.replace("%b[0]", "%b[32]"), x, o)

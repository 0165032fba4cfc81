"""Reductions along every axis, of every kind."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, i32, i64, next_power_of_2


@triton.jit
def sum_columns_kernel(X, Y, rows, cols, BR: tl.constexpr, BC: tl.constexpr):
    """Along the first axis; programs of one column block add their parts."""
    c = tl.program_id(0) * BC + tl.arange(0, BC)
    per_program = tl.cdiv(rows, tl.num_programs(1))
    begin = tl.program_id(1) * per_program
    end = min(begin + per_program, rows)
    acc = tl.zeros([BR, BC], tl.float32)
    for start in range(begin, end, BR):
        r = start + tl.arange(0, BR)
        x = tl.load(X + r[:, None] * cols + c[None, :], mask=(r[:, None] < end) & (c[None, :] < cols), other=0.0)
        acc += x.to(tl.float32)
    tl.atomic_add(Y + c, tl.sum(acc, axis=0), mask=c < cols)


@case(
    dict(rows=65536, cols=1024, dtype=f16, parts=64, tile=(32, 64), warps=4),
    dict(rows=16384, cols=4096, dtype=f32, parts=16, tile=(16, 128), warps=4),
    small=dict(rows=100, cols=70, dtype=f32, parts=3, tile=(8, 32), warps=2),
)
def sum_columns(data, rows, cols, dtype, parts, tile, warps):
    x, y = data.randn(rows, cols, dtype=dtype), data.zeros(cols)
    grid = cdiv(cols, tile[1]), parts
    launch = Launch(sum_columns_kernel, grid, x, y, rows, cols, BR=tile[0], BC=tile[1], num_warps=warps)
    return Work(launch, lambda: (y, x.double().sum(0)), reset=y.zero_)


@triton.jit
def sum_middle_kernel(X, Y, middle, inner, BM: tl.constexpr, BI: tl.constexpr):
    """(outer, middle, inner) along the middle axis."""
    outer = tl.program_id(1).to(tl.int64)
    i = tl.program_id(0) * BI + tl.arange(0, BI)
    acc = tl.zeros([BI], tl.float32)
    for start in range(0, middle, BM):
        m = start + tl.arange(0, BM)
        at = (outer * middle + m[:, None]) * inner + i[None, :]
        x = tl.load(X + at, mask=(m[:, None] < middle) & (i[None, :] < inner), other=0.0)
        acc += tl.sum(x.to(tl.float32), axis=0)
    tl.store(Y + outer * inner + i, acc, mask=i < inner)


@case(
    dict(outer=256, middle=1024, inner=512, dtype=f16, tile=(16, 128)),
    dict(outer=64, middle=4096, inner=256, dtype=f32, tile=(32, 64)),
    small=dict(outer=3, middle=50, inner=20, dtype=f32, tile=(8, 16)),
)
def sum_middle(data, outer, middle, inner, dtype, tile):
    x, y = data.randn(outer, middle, inner, dtype=dtype), data.empty(outer, inner)
    grid = cdiv(inner, tile[1]), outer
    launch = Launch(sum_middle_kernel, grid, x, y, middle, inner, BM=tile[0], BI=tile[1], num_warps=4)
    return Work(launch, lambda: (y, x.double().sum(1)))


@triton.jit
def mean_rows_kernel(X, Y, xnumel, rnumel, XBLOCK: tl.constexpr, RBLOCK: tl.constexpr):
    """Many rows per program, in a loop over the row: as compilers of pointwise chains emit it."""
    x = tl.program_id(0) * XBLOCK + tl.arange(0, XBLOCK)[:, None]
    r = tl.arange(0, RBLOCK)[None, :]
    acc = tl.full([XBLOCK, RBLOCK], 0, tl.float32)
    for start in range(0, rnumel, RBLOCK):
        at = start + r
        m = (at < rnumel) & (x < xnumel)
        value = tl.load(X + at + rnumel * x, mask=m, eviction_policy="evict_first", other=0.0).to(tl.float32)
        acc = tl.where(m, acc + value, acc)
    total = tl.sum(acc, 1)[:, None]
    tl.store(Y + x, total / rnumel, mask=x < xnumel)


@case(
    dict(rows=16384, cols=5000, dtype=bf16, tile=(4, 1024), warps=8),
    dict(rows=131072, cols=512, dtype=f32, tile=(32, 64), warps=8),
    dict(rows=1 << 20, cols=49, dtype=f32, tile=(64, 64), warps=8),
    small=dict(rows=30, cols=70, dtype=f32, tile=(8, 32), warps=2),
)
def mean_rows(data, rows, cols, dtype, tile, warps):
    x, y = data.randn(rows, cols, dtype=dtype) + 1, data.empty(rows)
    launch = Launch(
        mean_rows_kernel, (cdiv(rows, tile[0]),), x, y, rows, cols, XBLOCK=tile[0], RBLOCK=tile[1], num_warps=warps
    )
    return Work(launch, lambda: (y, x.double().mean(1)))


@triton.jit
def square_sum_kernel(X, Out, n, BLOCK: tl.constexpr):
    """Everything to one number."""
    acc = tl.zeros([BLOCK], tl.float32)
    for start in range(tl.program_id(0) * BLOCK, n, tl.num_programs(0) * BLOCK):
        i = start + tl.arange(0, BLOCK)
        x = tl.load(X + i, mask=i < n, other=0.0).to(tl.float32)
        acc += x * x
    tl.atomic_add(Out, tl.sum(acc, axis=0))


@case(
    dict(n=1 << 27, dtype=f32, block=2048, programs=1056),
    dict(n=100_000_001, dtype=bf16, block=4096, programs=528),
    small=dict(n=10001, dtype=f32, block=1024, programs=3),
)
def square_sum(data, n, dtype, block, programs):
    x, out = data.randn(n, dtype=dtype), data.zeros(1)
    launch = Launch(square_sum_kernel, (programs,), x, out, n, BLOCK=block, num_warps=8)
    return Work(launch, lambda: (out, x.double().square().sum()[None]), reset=out.zero_)


@triton.jit
def argmax_kernel(X, Value, Index, cols, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, BLOCK)
    x = tl.load(X + row * cols + c, mask=c < cols, other=float("-inf")).to(tl.float32)
    value, index = tl.max(x, axis=0, return_indices=True)
    tl.store(Value + row, value)
    tl.store(Index + row, index.to(tl.int64))


@case(
    dict(rows=8192, cols=8192, dtype=f16, warps=8),
    dict(rows=32768, cols=1000, dtype=f32, warps=4),
    small=dict(rows=3, cols=100, dtype=f32, warps=2),
)
def argmax(data, rows, cols, dtype, warps):
    x = data.randn(rows, cols, dtype=dtype)
    value, index = data.empty(rows), data.empty(rows, dtype=i64)
    launch = Launch(argmax_kernel, (rows,), x, value, index, cols, BLOCK=next_power_of_2(cols), num_warps=warps)
    return Work(launch, lambda: [(value, x.max(1).values), (x.gather(1, index[:, None])[:, 0], x.max(1).values)])


@triton.jit
def combine_var(mean_a, m2_a, n_a, mean_b, m2_b, n_b):
    n = n_a + n_b
    delta = mean_b - mean_a
    return mean_a + delta * (n_b / n), m2_a + m2_b + delta * delta * n_a * (n_b / n), n


@triton.jit
def var_mean_kernel(X, Mean, Var, rows, COLS: tl.constexpr, BR: tl.constexpr):
    """Mean and variance of rows by one reduction of three values."""
    r = tl.program_id(0) * BR + tl.arange(0, BR)
    c = tl.arange(0, COLS)
    x = tl.load(X + r[:, None] * COLS + c[None, :], mask=r[:, None] < rows, other=0.0).to(tl.float32)
    one = tl.full([BR, COLS], 1.0, tl.float32)
    mean, m2, n = tl.reduce((x, tl.zeros([BR, COLS], tl.float32), one), 1, combine_var)
    tl.store(Mean + r, mean, mask=r < rows)
    tl.store(Var + r, m2 / n, mask=r < rows)


@case(
    dict(rows=32768, cols=1024, dtype=f16, block=4),
    dict(rows=131072, cols=256, dtype=f32, block=8),
    small=dict(rows=10, cols=64, dtype=f32, block=4),
)
def var_mean(data, rows, cols, dtype, block):
    x, mean, var = data.randn(rows, cols, dtype=dtype) + 1, data.empty(rows), data.empty(rows)
    launch = Launch(var_mean_kernel, (cdiv(rows, block),), x, mean, var, rows, COLS=cols, BR=block, num_warps=4)
    return Work(launch, lambda: [(mean, x.double().mean(1)), (var, x.double().var(1, unbiased=False))])


@triton.jit
def row_column_sums_kernel(X, Rows, Cols, rows, cols, BR: tl.constexpr, BC: tl.constexpr):
    """Both axes of one tile: sums of rows and of columns, added into memory."""
    r = tl.program_id(0) * BR + tl.arange(0, BR)
    c = tl.program_id(1) * BC + tl.arange(0, BC)
    x = tl.load(X + r[:, None] * cols + c[None, :], mask=(r[:, None] < rows) & (c[None, :] < cols), other=0.0).to(
        tl.float32
    )
    tl.atomic_add(Rows + r, tl.sum(x, axis=1), mask=r < rows, sem="relaxed")
    tl.atomic_add(Cols + c, tl.sum(x, axis=0), mask=c < cols, sem="relaxed")


@case(
    dict(rows=8192, cols=8192, dtype=f16, tile=(128, 128), warps=8),
    dict(rows=4096, cols=4096, dtype=f32, tile=(64, 128), warps=4),
    small=dict(rows=40, cols=70, dtype=f32, tile=(16, 32), warps=2),
)
def row_column_sums(data, rows, cols, dtype, tile, warps):
    x, by_row, by_col = data.randn(rows, cols, dtype=dtype), data.zeros(rows), data.zeros(cols)
    grid = cdiv(rows, tile[0]), cdiv(cols, tile[1])
    launch = Launch(
        row_column_sums_kernel, grid, x, by_row, by_col, rows, cols, BR=tile[0], BC=tile[1], num_warps=warps
    )

    def reset():
        by_row.zero_()
        by_col.zero_()

    return Work(launch, lambda: [(by_row, x.double().sum(1)), (by_col, x.double().sum(0))], reset)


@triton.jit
def count_where_kernel(X, Out, rows, cols, low, BLOCK: tl.constexpr):
    """How many elements of a row are above a bound, and where the first one is."""
    row = tl.program_id(0)
    count = 0
    first = cols
    for start in range(0, cols, BLOCK):
        c = start + tl.arange(0, BLOCK)
        above = tl.load(X + row * cols + c, mask=c < cols, other=float("-inf")) > low
        count += tl.sum(above.to(tl.int32), axis=0)
        first = tl.minimum(first, tl.min(tl.where(above, c, cols), axis=0))
    tl.store(Out + row * 2, count)
    tl.store(Out + row * 2 + 1, first)


@case(
    dict(rows=16384, cols=4096, dtype=f32, block=1024),
    dict(rows=8192, cols=10000, dtype=f16, block=2048),
    small=dict(rows=5, cols=100, dtype=f32, block=64),
)
def count_where(data, rows, cols, dtype, block):
    x, out = data.randn(rows, cols, dtype=dtype), data.empty(rows, 2, dtype=i32)
    launch = Launch(count_where_kernel, (rows,), x, out, rows, cols, 1.5, BLOCK=block, num_warps=4)

    def check():
        above = x > 1.5
        first = torch.where(above.any(1), above.int().argmax(1), cols)
        return out, torch.stack([above.sum(1), first], 1)

    return Work(launch, check)

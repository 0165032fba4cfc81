"""Reductions, scans and reorderings: the part of the language that is written in the language itself.

A name that begins with an underscore is for this file alone; the others are members of `triton.language`.
"""
import math

import triton.language as tl
from triton import jit

# ---- small things ------------------------------------------------------------------------------------------------------


@jit
def cdiv(x, div):
    return (x + (div - 1)) // div


@jit
def sigmoid(x):
    return 1 / (1 + tl.exp(-x))


@jit
def softmax(x, dim=None, keep_dims=False, ieee_rounding=False):
    axis: tl.constexpr = 0 if dim is None else dim
    e = tl.exp(x - max(x, axis, keep_dims=True))
    return tl.fdiv(e, sum(e, axis, keep_dims=True), ieee_rounding)


@jit
def ravel(x, can_reorder=False):
    return tl.reshape(x, (x.numel,), can_reorder=can_reorder)


# Numbers the tiles of a size_i x size_j grid so that size_g rows are walked together, column by column: neighbours in the
# new order share rows and columns. (i, j) is where a tile stands in row-major order; the result is where it goes.
@jit
def swizzle2d(i, j, size_i, size_j, size_g):
    flat = i * size_j + j
    per_group = size_g * size_j
    first_row = flat // per_group * size_g
    rows = tl.minimum(size_i - first_row, size_g)
    within = flat % per_group
    return first_row + within % rows, within // rows


# ---- element types of reductions ---------------------------------------------------------------------------------------


# Sums of narrow integers are done in 32 bits.
@jit
def _for_sum(x, dtype: tl.constexpr):
    if dtype is not None:
        return x.to(dtype)
    elif x.dtype.is_int_signed() and x.dtype.primitive_bitwidth < 32:
        return x.to(tl.int32)
    elif x.dtype.is_int_unsigned() and x.dtype.primitive_bitwidth < 32:
        return x.to(tl.uint32)
    else:
        return x


@jit
def _no_bf16(x):
    if x.dtype.is_bf16():
        return x.to(tl.float32)
    else:
        return x


# Extrema of narrow types are found in 32 bits.
@jit
def _for_extremum(x):
    if x.dtype.primitive_bitwidth >= 32:
        return x
    elif x.dtype.is_floating():
        return x.to(tl.float32)
    else:
        return x.to(tl.int32)


# ---- reductions --------------------------------------------------------------------------------------------------------


@jit
def _add(a, b):
    return a + b


@jit
def _multiply(a, b):
    return a * b


@jit
def _xor(a, b):
    return a ^ b


@jit
def _or(a, b):
    return a | b


@jit
def _larger(a, b):
    return tl.maximum(a, b)


@jit
def _smaller(a, b):
    return tl.minimum(a, b)


@jit
def _first_larger(a, i, b, j):
    left = (a > b) | ((a == b) & (i < j))
    return tl.where(left, a, b), tl.where(left, i, j)


@jit
def _any_larger(a, i, b, j):
    left = a > b
    return tl.where(left, a, b), tl.where(left, i, j)


@jit
def _first_smaller(a, i, b, j):
    left = (a < b) | ((a == b) & (i < j))
    return tl.where(left, a, b), tl.where(left, i, j)


@jit
def _any_smaller(a, i, b, j):
    left = a < b
    return tl.where(left, a, b), tl.where(left, i, j)


@jit
def sum(input, axis=None, keep_dims=False, dtype: tl.constexpr = None):
    return tl.reduce(_for_sum(input, dtype), axis, _add, keep_dims=keep_dims)


@jit
def xor_sum(input, axis=None, keep_dims=False):
    tl.static_assert(input.dtype.is_int(), "xor_sum is for integers")
    return tl.reduce(input, axis, _xor, keep_dims=keep_dims)


@jit
def reduce_or(input, axis, keep_dims=False):
    tl.static_assert(input.dtype.is_int(), "reduce_or is for integers")
    return tl.reduce(input, axis, _or, keep_dims=keep_dims)


@jit
def max(input, axis=None, return_indices=False, return_indices_tie_break_left=True, keep_dims=False):
    if return_indices:
        if return_indices_tie_break_left:
            return tl._reduce_indexed(_no_bf16(input), axis, _first_larger, keep_dims)
        else:
            return tl._reduce_indexed(_no_bf16(input), axis, _any_larger, keep_dims)
    else:
        return tl.reduce(_for_extremum(input), axis, _larger, keep_dims=keep_dims)


@jit
def min(input, axis=None, return_indices=False, return_indices_tie_break_left=True, keep_dims=False):
    if return_indices:
        if return_indices_tie_break_left:
            return tl._reduce_indexed(_no_bf16(input), axis, _first_smaller, keep_dims)
        else:
            return tl._reduce_indexed(_no_bf16(input), axis, _any_smaller, keep_dims)
    else:
        return tl.reduce(_for_extremum(input), axis, _smaller, keep_dims=keep_dims)


@jit
def argmax(input, axis, tie_break_left=True, keep_dims=False):
    value, index = max(input, axis, True, tie_break_left, keep_dims)
    return index


@jit
def argmin(input, axis, tie_break_left=True, keep_dims=False):
    value, index = min(input, axis, True, tie_break_left, keep_dims)
    return index


# ---- scans -------------------------------------------------------------------------------------------------------------


@jit
def cumsum(input, axis=0, reverse=False, dtype: tl.constexpr = None):
    return tl.associative_scan(_for_sum(_no_bf16(input), dtype), axis, _add, reverse)


@jit
def cumprod(input, axis=0, reverse=False, dtype: tl.constexpr = None):
    x = _no_bf16(input) if dtype is None else input.to(dtype)
    return tl.associative_scan(x, axis, _multiply, reverse)


# ---- reorderings -------------------------------------------------------------------------------------------------------


@jit
def interleave(a, b):
    c = tl.join(a, b)
    if len(c.shape) == 1:
        return c
    else:
        return tl.reshape(c, c.shape[:-2] + (2 * c.shape[-2],))


@jit
def expect_zero(x, mask):
    tl.device_assert((x == 0) | (mask == 0), "expect_zero: a value that was to be zero is not")
    return x


@jit
def squeeze(x, dim: tl.constexpr):
    rank: tl.constexpr = len(x.shape)
    tl.static_assert(-rank <= dim and dim < rank, f"squeeze: invalid axis {dim} for a tensor of rank {rank}")
    at: tl.constexpr = dim + rank if dim < 0 else dim
    tl.static_assert(x.shape[at] == 1, f"squeeze: the shape is {x.shape}, and only a dimension of 1 can be left out")
    return tl.reshape(x, x.shape[:at] + x.shape[at + 1 :])


@jit
def unsqueeze(x, dim: tl.constexpr):
    rank: tl.constexpr = len(x.shape)
    tl.static_assert(-rank - 1 <= dim and dim <= rank, f"unsqueeze: invalid axis {dim} for a tensor of rank {rank}")
    return tl.expand_dims(x, dim)


# Every element is looked at until it has been seen to be what it is waited for.
@jit
def atomic_poll(pointer, expected_value, sem: tl.constexpr = None, scope: tl.constexpr = None, timeout_ns=None):
    tl.static_assert(timeout_ns is None, "atomic_poll: there is no clock to measure timeout_ns with")
    tl.static_assert(sem is None or sem == "acquire" or sem == "relaxed", "atomic_poll: `sem` is acquire or relaxed")
    order: tl.constexpr = "acquire" if sem is None else sem
    seen = tl.atomic_load(pointer, sem=order, scope=scope) == expected_value
    while _all_of(seen) == 0:
        seen = seen | (tl.atomic_load(pointer, mask=seen == 0, sem=order, scope=scope) == expected_value)
    return seen


@jit
def _and(a, b):
    return a & b


@jit
def _all_of(x):
    if len(x.shape) == 0:
        return x.to(tl.int32)
    else:
        return tl.reduce(x.to(tl.int32), None, _and)


# Elements whose index along the middle dimension differs in bit `bit`, as two tensors: (rows, 2**bit) each.
@jit
def _halves(x, bit: tl.constexpr):
    pairs = tl.reshape(x, (x.numel // (2 << bit), 2, 1 << bit))
    return tl.split(tl.permute(pairs, (0, 2, 1)))


@jit
def _from_halves(a, b, shape: tl.constexpr):
    return tl.reshape(tl.permute(tl.join(a, b), (0, 2, 1)), shape)


# The dimension in question moved to the end.
@jit
def _dim_last(x, dim: tl.constexpr):
    rank: tl.constexpr = len(x.shape)
    tl.static_assert(rank > 0, "a tensor is expected, but this is a scalar")
    tl.static_assert(dim is None or -rank <= dim and dim < rank, f"invalid axis {dim} for a tensor of rank {rank}")
    if dim is None or dim == rank - 1 or dim == -1:
        return x
    else:
        order: tl.constexpr = tuple([d for d in range(rank) if d != dim % rank]) + (dim % rank,)
        return tl.permute(x, order)


@jit
def _dim_back(x, dim: tl.constexpr):
    rank: tl.constexpr = len(x.shape)
    if dim is None or dim == rank - 1 or dim == -1:
        return x
    else:
        order: tl.constexpr = tuple([d if d < dim % rank else (rank - 1 if d == dim % rank else d - 1) for d in range(rank)])
        return tl.permute(x, order)


@jit
def flip(x, dim=None):
    y = _dim_last(x, dim)
    for bit in tl.static_range(int(math.log2(y.shape[-1]))):
        a, b = _halves(y, bit)
        y = _from_halves(b, a, y.shape)
    return _dim_back(y, dim)


# One step of a bitonic network: elements that differ in bit `bit` of their index are put in order; runs of 2**(stage + 1)
# elements alternate in direction, except in the last stage, where one run is the whole line.
@jit
def _exchange(x, bit: tl.constexpr, stage: tl.constexpr, last: tl.constexpr, descending: tl.constexpr):
    a, b = _halves(x, bit)
    swap = (a > b) ^ (descending != 0)
    if stage != last:
        rows = tl.arange(0, a.shape[0])
        odd = ((rows >> (stage - bit)) & 1) != 0
        swap = swap ^ odd[:, None]
    return _from_halves(tl.where(swap, b, a), tl.where(swap, a, b), x.shape)


@jit
def bitonic_merge(x, dim: tl.constexpr = None, descending: tl.constexpr = 0):
    y = _dim_last(x, dim)
    stages: tl.constexpr = int(math.log2(y.shape[-1]))
    for step in tl.static_range(stages):
        y = _exchange(y, stages - 1 - step, stages - 1, stages - 1, descending)
    return _dim_back(y, dim)


@jit
def sort(x, dim: tl.constexpr = None, descending: tl.constexpr = 0):
    y = _dim_last(x, dim)
    stages: tl.constexpr = int(math.log2(y.shape[-1]))
    for stage in tl.static_range(stages):
        for step in tl.static_range(stage + 1):
            y = _exchange(y, stage - step, stage, stages - 1, descending)
    return _dim_back(y, dim)


# Runs of k are sorted, in alternating directions. Of two such neighbours the larger of each pair of elements are the k
# largest of both, as one that rises and falls: a merge sorts them. The type widens like a maximum's, except where nothing
# is left out.
@jit
def topk(x, k: tl.constexpr, dim: tl.constexpr = None, descending: tl.constexpr = True):
    y = _dim_last(x, dim)
    tl.static_assert(k > 0 and k & (k - 1) == 0, f"topk: `k` is {k}, which is not a power of two")
    tl.static_assert(k <= y.shape[-1], f"topk: `k` is {k}, and the dimension has {y.shape[-1]} elements")
    run: tl.constexpr = int(math.log2(k))
    halvings: tl.constexpr = int(math.log2(y.shape[-1] // k))
    for stage in tl.static_range(run):
        for step in tl.static_range(stage + 1):
            y = _exchange(y, stage - step, stage, run + halvings - 1, descending)
    if k < y.shape[-1]:
        y = _for_extremum(y)
    for halving in tl.static_range(halvings):
        a, b = _halves(y, run)
        best = tl.where((a > b) ^ (descending == 0), a, b)
        y = tl.reshape(best, y.shape[:-1] + (y.shape[-1] // 2,))
        for step in tl.static_range(run):
            y = _exchange(y, run - 1 - step, run - 1, run + halvings - 2 - halving, descending)
    return _dim_back(y, dim)


# ---- types, as tl.core has them ------------------------------------------------------------------------------------------


@jit
def get_int_dtype(bitwidth: tl.constexpr, signed: tl.constexpr):
    if bitwidth == 1:
        return tl.int1
    elif bitwidth == 8:
        return tl.int8 if signed else tl.uint8
    elif bitwidth == 16:
        return tl.int16 if signed else tl.uint16
    elif bitwidth == 32:
        return tl.int32 if signed else tl.uint32
    else:
        tl.static_assert(bitwidth == 64, "there are integers of 1, 8, 16, 32 and 64 bits")
        return tl.int64 if signed else tl.uint64


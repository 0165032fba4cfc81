"""The language: `import triton.language as tl`."""

# Written by python/tools/stubs.py from the manual: do not edit.

from collections.abc import Iterator
from typing import Any

from . import core as core, extra as extra, math as math, random as random, standard as standard
from . import target_info as target_info
from .core import block_type as block_type
from .core import const as const
from .core import constexpr_type as constexpr_type
from .core import dtype as dtype
from .core import pointer_type as pointer_type
from .core import str_to_ty as str_to_ty
from .core import constexpr_function as constexpr_function
from .core import PropagateNan as PropagateNan
from .core import tuple_type as tuple_type
from .core import base_value as base_value
from .core import base_type as base_type
from .core import slice as slice
# A module that is not there: checkers know nothing of `constexpr` and allow `B: tl.constexpr = 16`.
from ._any import constexpr as constexpr  # type: ignore

TRITON_MAX_TENSOR_NUMEL: int
bfloat16: dtype
float16: dtype
float32: dtype
float64: dtype
float8e4b15: dtype
float8e4b8: dtype
float8e4nv: dtype
float8e5: dtype
float8e5b16: dtype
int1: dtype
int16: dtype
int32: dtype
int64: dtype
int8: dtype
uint16: dtype
uint32: dtype
uint64: dtype
uint8: dtype
void: dtype
pi32_t: pointer_type

class tensor:
    """A tensor, or a scalar, of a kernel while it runs."""

    dtype: dtype
    shape: Any
    type: Any
    numel: Any
    T: tensor
    def __add__(self, other: Any) -> tensor: ...
    def __radd__(self, other: Any) -> tensor: ...
    def __sub__(self, other: Any) -> tensor: ...
    def __rsub__(self, other: Any) -> tensor: ...
    def __mul__(self, other: Any) -> tensor: ...
    def __rmul__(self, other: Any) -> tensor: ...
    def __truediv__(self, other: Any) -> tensor: ...
    def __rtruediv__(self, other: Any) -> tensor: ...
    def __floordiv__(self, other: Any) -> tensor: ...
    def __rfloordiv__(self, other: Any) -> tensor: ...
    def __mod__(self, other: Any) -> tensor: ...
    def __rmod__(self, other: Any) -> tensor: ...
    def __and__(self, other: Any) -> tensor: ...
    def __rand__(self, other: Any) -> tensor: ...
    def __or__(self, other: Any) -> tensor: ...
    def __ror__(self, other: Any) -> tensor: ...
    def __xor__(self, other: Any) -> tensor: ...
    def __rxor__(self, other: Any) -> tensor: ...
    def __lshift__(self, other: Any) -> tensor: ...
    def __rlshift__(self, other: Any) -> tensor: ...
    def __rshift__(self, other: Any) -> tensor: ...
    def __rrshift__(self, other: Any) -> tensor: ...
    def __lt__(self, other: Any) -> tensor: ...  # type: ignore[override]
    def __le__(self, other: Any) -> tensor: ...  # type: ignore[override]
    def __gt__(self, other: Any) -> tensor: ...  # type: ignore[override]
    def __ge__(self, other: Any) -> tensor: ...  # type: ignore[override]
    def __eq__(self, other: Any) -> tensor: ...  # type: ignore[override]
    def __ne__(self, other: Any) -> tensor: ...  # type: ignore[override]
    def __neg__(self) -> tensor: ...
    def __invert__(self) -> tensor: ...
    def __pos__(self) -> tensor: ...
    def __getitem__(self, key: Any) -> tensor: ...
    def __bool__(self) -> bool: ...
    def __index__(self) -> int: ...
    def to(self, dtype: Any, fp_downcast_rounding: Any=..., bitcast: Any=...) -> tensor:
        """The tensor's values in another type; see `tl.cast`.

        Parameters
            dtype: the type
            fp_downcast_rounding: 'rtne' or 'rtz'
            bitcast: keep the bits

        Returns
            tensor of the same shape

        Example
            y = x.to(tl.float16)
        """
    def item(self) -> tensor:
        """The one element of a tensor as a scalar.

        Returns
            scalar
        """
    def logical_and(self, other: Any) -> tensor:
        """Whether both are true, per element.

        Parameters
            other: tensor of bool

        Returns
            tensor of bool
        """
    def logical_or(self, other: Any) -> tensor:
        """Whether either is true, per element.

        Parameters
            other: tensor of bool

        Returns
            tensor of bool
        """
    def trans(self, *dims: Any) -> tensor:
        """The tensor with its axes in another order.

        Parameters
            input: tensor
            dims: ints, the old axis of each new one; none: the last two change places

        Returns
            tensor of the permuted shape

        Example
            b_t = tl.trans(b)
        """
    def permute(self, *dims: Any) -> tensor:
        """The tensor with its axes in another order.

        Parameters
            input: tensor
            dims: ints, the old axis of each new one

        Returns
            tensor of the permuted shape

        Example
            y = tl.permute(x, (2, 0, 1))
        """
    def reshape(self, *shape: Any, can_reorder: Any=...) -> tensor:
        """The elements in the same row-major order in another shape.

        Parameters
            input: tensor
            shape: ints, or one tuple of them; as many elements
            can_reorder: allow any order of the elements

        Returns
            tensor of the shape

        Example
            y = tl.reshape(x, (4, 8))
        """
    def view(self, *shape: Any) -> tensor:
        """Like `tl.reshape` with can_reorder=True. Deprecated: use reshape.

        Parameters
            input: tensor
            shape: ints, or one tuple of them

        Returns
            tensor of the shape
        """
    def ravel(self, can_reorder: Any=...) -> tensor:
        """The elements in row-major order along one axis.

        Parameters
            x: tensor
            can_reorder: allow any order of the elements

        Returns
            tensor of rank 1
        """
    def expand_dims(self, axis: Any) -> tensor:
        """The tensor with an axis of size 1 inserted.

        Parameters
            input: tensor
            axis: int, or a tuple of them, counted in the result

        Returns
            tensor

        Example
            column = tl.expand_dims(x, 1)
        """
    def broadcast_to(self, *shape: Any) -> tensor:
        """The tensor broadcast to a shape.

        Parameters
            input: tensor or scalar
            shape: ints, or one tuple of them

        Returns
            tensor of the shape
        """
    def split(self) -> tuple[tensor, tensor]:
        """The two halves of a tensor along its last axis, which has size 2: the inverse of `tl.join`.

        Parameters
            a: tensor of shape (..., 2)

        Returns
            two tensors of shape (...)

        Example
            re, im = tl.split(pairs)
        """
    def gather(self, index: Any, axis: Any) -> tensor:
        """Elements of `src` along an axis by index.

        Parameters
            src: tensor
            index: integer tensor of src's rank, of the same size along the other axes
            axis: int

        Returns
            tensor of index's shape: for axis 0, r[i, j] = src[index[i, j], j]
        """
    def flip(self, dim: Any=...) -> tensor:
        """The elements in reverse order along an axis.

        Parameters
            x: tensor
            dim: int; None: the last

        Returns
            tensor like x
        """
    def abs(self) -> tensor:
        """The absolute value.

        Parameters
            x: tensor or scalar

        Returns
            tensor like x
        """
    def exp(self) -> tensor:
        """e to the power x.

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def exp2(self) -> tensor:
        """2 to the power x.

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def log(self) -> tensor:
        """The natural logarithm.

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def log2(self) -> tensor:
        """The logarithm to base 2.

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def sin(self) -> tensor:
        """The sine of x in radians.

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def cos(self) -> tensor:
        """The cosine of x in radians.

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def erf(self) -> tensor:
        """The error function.

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def sqrt(self) -> tensor:
        """The square root, possibly approximate on a GPU.

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def sqrt_rn(self) -> tensor:
        """The square root rounded to the nearest.

        Parameters
            x: float32 tensor or scalar

        Returns
            tensor like x
        """
    def rsqrt(self) -> tensor:
        """1 / sqrt(x).

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def floor(self) -> tensor:
        """The largest integer that is at most x.

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def ceil(self) -> tensor:
        """The smallest integer that is at least x.

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def sigmoid(self) -> tensor:
        """1 / (1 + exp(-x)).

        Parameters
            x: tensor or scalar of a floating-point type

        Returns
            tensor like x
        """
    def softmax(self, dim: Any=..., keep_dims: Any=..., ieee_rounding: Any=...) -> tensor:
        """exp(x) divided by its sum along an axis, computed without overflow.

        Parameters
            x: tensor or scalar of a floating-point type
            dim: int, the axis; None: 0
            keep_dims: has no effect
            ieee_rounding: divide with correct rounding

        Returns
            tensor like x
        """
    def sum(self, axis: Any=..., keep_dims: Any=..., dtype: Any=...) -> tensor:
        """The sum along an axis. Integers narrower than 32 bits are added in 32.

        Parameters
            input: tensor
            axis: int, the axis; None: all elements
            keep_dims: keep the axis, with size 1
            dtype: the type in which to add

        Returns
            tensor without the axis; a scalar for axis=None

        Example
            total = tl.sum(x, axis=0)
        """
    def max(
        self, axis: Any=..., return_indices: Any=..., return_indices_tie_break_left: Any=..., keep_dims: Any=...
    ) -> Any:
        """The largest element along an axis.

        Parameters
            input: tensor
            axis: int, the axis; None: all elements
            return_indices: give the index as well
            return_indices_tie_break_left: of equal elements, the first
            keep_dims: keep the axis, with size 1

        Returns
            tensor without the axis, or a pair of it and the int32 indices
        """
    def min(
        self, axis: Any=..., return_indices: Any=..., return_indices_tie_break_left: Any=..., keep_dims: Any=...
    ) -> Any:
        """The smallest element along an axis.

        Parameters
            input: tensor
            axis: int, the axis; None: all elements
            return_indices: give the index as well
            return_indices_tie_break_left: of equal elements, the first
            keep_dims: keep the axis, with size 1

        Returns
            tensor without the axis, or a pair of it and the int32 indices
        """
    def argmax(self, axis: Any, tie_break_left: Any=..., keep_dims: Any=...) -> tensor:
        """The index of the largest element along an axis.

        Parameters
            input: tensor
            axis: int
            tie_break_left: of equal elements, the first
            keep_dims: keep the axis, with size 1

        Returns
            int32 tensor without the axis
        """
    def argmin(self, axis: Any, tie_break_left: Any=..., keep_dims: Any=...) -> tensor:
        """The index of the smallest element along an axis.

        Parameters
            input: tensor
            axis: int
            tie_break_left: of equal elements, the first
            keep_dims: keep the axis, with size 1

        Returns
            int32 tensor without the axis
        """
    def xor_sum(self, axis: Any=..., keep_dims: Any=...) -> tensor:
        """The bitwise exclusive or of the elements along an axis.

        Parameters
            input: integer tensor
            axis: int, the axis; None: all elements
            keep_dims: keep the axis, with size 1

        Returns
            tensor without the axis
        """
    def reduce_or(self, axis: Any, keep_dims: Any=...) -> tensor:
        """The bitwise or of the elements along an axis.

        Parameters
            input: integer tensor
            axis: int
            keep_dims: keep the axis, with size 1

        Returns
            tensor without the axis
        """
    def reduce(self, axis: Any, combine_fn: Any, keep_dims: Any=...) -> Any:
        """The elements along an axis combined by a function.

        Parameters
            input: tensor, or a tuple of tensors of one shape
            axis: int; None: all elements
            combine_fn: @triton.jit function of two elements (of two tuples' elements, one after the
                other); associative
            keep_dims: keep the axis, with size 1

        Returns
            tensor without the axis, or a tuple of them

        Example
            m = tl.reduce(x, 0, combine)
        """
    def cumsum(self, axis: Any=..., reverse: Any=..., dtype: Any=...) -> tensor:
        """The running sum along an axis.

        Parameters
            input: tensor
            axis: int
            reverse: from the end
            dtype: the type in which to add

        Returns
            tensor of input's shape
        """
    def cumprod(self, axis: Any=..., reverse: Any=..., dtype: Any=...) -> tensor:
        """The running product along an axis.

        Parameters
            input: tensor
            axis: int
            reverse: from the end
            dtype: the type in which to multiply

        Returns
            tensor of input's shape
        """
    def associative_scan(self, axis: Any, combine_fn: Any, reverse: Any=...) -> Any:
        """The running combination of the elements along an axis.

        Parameters
            input: tensor, or a tuple of tensors of one shape
            axis: int
            combine_fn: @triton.jit function of two elements; associative
            reverse: from the end

        Returns
            tensor of input's shape, or a tuple of them
        """
    def histogram(self, num_bins: Any, mask: Any=...) -> tensor:
        """How many elements have each value from 0 to num_bins - 1.

        Parameters
            input: integer tensor of rank 1
            num_bins: int, a power of two
            mask: tensor of bool: what to count. None: all

        Returns
            int32 tensor of shape (num_bins,)
        """
    def sort(self, dim: Any=..., descending: Any=...) -> tensor:
        """The elements in ascending order along an axis.

        Parameters
            x: tensor
            dim: int, the last axis; None: the last
            descending: in descending order

        Returns
            tensor like x
        """
    def store(
        self, value: Any, mask: Any=..., boundary_check: Any=..., cache_modifier: Any=..., eviction_policy: Any=...
    ) -> None:
        """Write `value` to where `pointer` points.

        Parameters
            pointer: scalar pointer, tensor of pointers, or block pointer
            value: tensor or scalar; cast to the type pointed at and broadcast to the pointer's shape
            mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
                None: all are
            boundary_check: of a block pointer: the axes along which the tensor's bounds are checked
            cache_modifier: '', '.wb', '.cg', '.cs' or '.wt'
            eviction_policy: '', 'evict_first' or 'evict_last'

        Example
            tl.store(y_ptr + offsets, y, mask=offsets < n)
        """
    def advance(self, offsets: Any) -> tensor:
        """A block pointer moved within its tensor.

        Parameters
            base: block pointer
            offsets: tuple of scalars, how far along each axis

        Returns
            block pointer

        Example
            p = tl.advance(p, (0, BLOCK_K))
        """
    def atomic_add(self, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
        """Add `val` to memory, each element as one indivisible step.

        Parameters
            pointer: scalar pointer or tensor of pointers
            val: tensor or scalar
            mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
                None: all are
            sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
            scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

        Returns
            the values before

        Example
            tl.atomic_add(count_ptr + bins, 1, mask=offsets < n)
        """
    def atomic_max(self, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
        """Replace memory by the larger of it and `val`, indivisibly.

        Parameters
            pointer: scalar pointer or tensor of pointers
            val: tensor or scalar
            mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
                None: all are
            sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
            scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

        Returns
            the values before
        """
    def atomic_min(self, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
        """Replace memory by the smaller of it and `val`, indivisibly.

        Parameters
            pointer: scalar pointer or tensor of pointers
            val: tensor or scalar
            mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
                None: all are
            sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
            scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

        Returns
            the values before
        """
    def atomic_and(self, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
        """Combine memory with `val` by a bitwise and, indivisibly.

        Parameters
            pointer: pointer to integers
            val: integer tensor or scalar
            mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
                None: all are
            sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
            scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

        Returns
            the values before
        """
    def atomic_or(self, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
        """Combine memory with `val` by a bitwise or, indivisibly.

        Parameters
            pointer: pointer to integers
            val: integer tensor or scalar
            mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
                None: all are
            sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
            scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

        Returns
            the values before
        """
    def atomic_xor(self, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
        """Combine memory with `val` by a bitwise exclusive or, indivisibly.

        Parameters
            pointer: pointer to integers
            val: integer tensor or scalar
            mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
                None: all are
            sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
            scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

        Returns
            the values before
        """
    def atomic_xchg(self, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
        """Put `val` into memory and give what was there, indivisibly.

        Parameters
            pointer: scalar pointer or tensor of pointers
            val: tensor or scalar
            mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
                None: all are
            sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
            scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

        Returns
            the values before
        """
    def atomic_cas(self, cmp: Any, val: Any, sem: Any=..., scope: Any=...) -> tensor:
        """Put `val` into memory where it holds `cmp`, indivisibly.

        Parameters
            pointer: scalar pointer or tensor of pointers
            cmp: the value expected
            val: the new value
            sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
            scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

        Returns
            the values before

        Example
            while tl.atomic_cas(lock_ptr, 0, 1) == 1: pass
        """
    def cast(self, dtype: Any, fp_downcast_rounding: Any=..., bitcast: Any=...) -> tensor:
        """The values of `input` in another type.

        Parameters
            input: tensor, scalar or constant
            dtype: the type
            fp_downcast_rounding: 'rtne' (to nearest, ties to even; the default) or 'rtz' (toward zero),
                for narrowing floating-point types
            bitcast: keep the bits rather than the values; both types have the same width

        Returns
            tensor of input's shape. Floating point to integer truncates; values out of range are
                undefined

        Example
            y = tl.cast(x, tl.float16)
        """

class tensor_descriptor:
    """A tensor in memory, of which kernels load and store blocks."""

    dtype: dtype
    shape: Any
    strides: Any
    block_shape: Any
    def load(self, offsets: Any) -> tensor:
        """The block that begins at `offsets`. Elements out of bounds are the padding.

        Parameters
            offsets: list of int32 scalars

        Returns
            tensor of the descriptor's block shape

        Example
            a = desc.load([row, k])
        """
    def store(self, offsets: Any, value: Any) -> None:
        """Write a block at `offsets`. Elements out of bounds are dropped.

        Parameters
            offsets: list of int32 scalars
            value: tensor of the block's shape

        Example
            desc.store([row, column], acc.to(tl.float16))
        """
    def atomic_add(self, offsets: Any, value: Any) -> tensor:
        """Add a block to memory at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: tensor of the block's shape
        """
    def atomic_min(self, offsets: Any, value: Any) -> tensor:
        """Take the smaller of memory and a block at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: tensor of the block's shape
        """
    def atomic_max(self, offsets: Any, value: Any) -> tensor:
        """Take the larger of memory and a block at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: tensor of the block's shape
        """
    def atomic_and(self, offsets: Any, value: Any) -> tensor:
        """Combine memory and a block by a bitwise and at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: integer tensor of the block's shape
        """
    def atomic_or(self, offsets: Any, value: Any) -> tensor:
        """Combine memory and a block by a bitwise or at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: integer tensor of the block's shape
        """
    def atomic_xor(self, offsets: Any, value: Any) -> tensor:
        """Combine memory and a block by a bitwise exclusive or at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: integer tensor of the block's shape
        """
    def gather(self, x_offsets: Any, y_offset: Any) -> tensor:
        """Rows of a matrix, one for each index; the descriptor's blocks have one row.

        Parameters
            x_offsets: int32 tensor, the rows
            y_offset: int32 scalar, the first column

        Returns
            tensor of shape (rows, columns of the block)
        """
    def scatter(self, value: Any, x_offsets: Any, y_offset: Any) -> None:
        """Write the rows of `value` to rows of a matrix; the descriptor's blocks have one row.

        Parameters
            value: tensor of shape (rows, columns of the block)
            x_offsets: int32 tensor, the rows
            y_offset: int32 scalar, the first column
        """

class range:
    """An iterator for `for` loops that carries hints for the compiler; otherwise it is Python's
    `range`.

    Parameters
        arg1: the end; with arg2, the start
        arg2: the end
        step: int or scalar, not 0, may be negative
        num_stages: how many steps are in flight: loads are issued num_stages - 1 steps ahead
        loop_unroll_factor: int, copies of the body per round
        disallow_acc_multi_buffer: keep one accumulator for products in the loop
        flatten: merge this loop with the loop directly inside it
        warp_specialize: let some warps load while others compute, where the target can
        disable_licm: leave invariant code in the loop

    Example
        for k in tl.range(0, K, BLOCK_K, num_stages=4): ...
    """
    def __init__(self, *args: Any, **options: Any) -> None: ...
    def __iter__(self) -> Iterator[Any]: ...

class static_range:
    """Like `range` with constant bounds, unrolled while compiling: the loop variable is a constant.

    Parameters
        arg1: int, the end; with arg2, the start
        arg2: int, the end
        step: int

    Example
        for i in tl.static_range(4): ...
    """
    def __init__(self, *args: Any, **options: Any) -> None: ...
    def __iter__(self) -> Iterator[Any]: ...

def condition(arg1: Any, disable_licm: bool = ...) -> bool:
    """The condition of a `while` loop, with hints for the compiler.

    Parameters
        arg1: scalar
        disable_licm: leave invariant code in the loop

    Returns
        the scalar

    Example
        while tl.condition(n > 0): ...
    """

def program_id(axis: Any) -> tensor:
    """The index of this program in the grid along an axis.

    Parameters
        axis: 0, 1 or 2, a constant

    Returns
        int32 scalar, 0 <= id < num_programs(axis)

    Example
        row = tl.program_id(0)
    """

def num_programs(axis: Any) -> tensor:
    """The size of the grid along an axis.

    Parameters
        axis: 0, 1 or 2, a constant

    Returns
        int32 scalar

    Example
        for row in range(tl.program_id(0), n, tl.num_programs(0)): ...
    """

def arange(start: Any, end: Any) -> tensor:
    """The integers from `start` up to, but not including, `end`.

    Parameters
        start: int, a constant
        end: int, a constant; end - start is a power of two

    Returns
        int32 tensor of shape (end - start,)

    Example
        offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    """

def cdiv(x: Any, div: Any) -> Any:
    """x / div rounded up.

    Parameters
        x: integer tensor, scalar or constant
        div: the same

    Returns
        an integer like x

    Example
        blocks = tl.cdiv(n, BLOCK)
    """

def swizzle2d(i: Any, j: Any, size_i: Any, size_j: Any, size_g: Any) -> tuple[tensor, tensor]:
    """Renumbers the tiles of a grid so that `size_g` rows are walked together, column by column:
    neighbours then share rows and columns in the cache.

    Parameters
        i: the row of a tile in row-major order
        j: its column
        size_i: rows of tiles
        size_j: columns of tiles
        size_g: rows per group

    Returns
        the tile's new row and column

    Example
        i, j = tl.swizzle2d(pid // n, pid % n, m, n, 8)
    """

def full(shape: Any, value: Any, dtype: Any) -> tensor:
    """A tensor of one value.

    Parameters
        shape: tuple of ints
        value: scalar or constant
        dtype: its element type

    Returns
        tensor of the shape

    Example
        acc = tl.full((BLOCK,), float('-inf'), tl.float32)
    """

def zeros(shape: Any, dtype: Any) -> tensor:
    """A tensor of zeros.

    Parameters
        shape: tuple of ints
        dtype: its element type

    Returns
        tensor of the shape

    Example
        acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    """

def zeros_like(input: Any) -> tensor:
    """A tensor of zeros of the shape and type of another.

    Parameters
        input: tensor

    Returns
        tensor like input
    """

def cast(input: Any, dtype: Any, fp_downcast_rounding: Any=..., bitcast: Any=...) -> tensor:
    """The values of `input` in another type.

    Parameters
        input: tensor, scalar or constant
        dtype: the type
        fp_downcast_rounding: 'rtne' (to nearest, ties to even; the default) or 'rtz' (toward zero),
            for narrowing floating-point types
        bitcast: keep the bits rather than the values; both types have the same width

    Returns
        tensor of input's shape. Floating point to integer truncates; values out of range are
            undefined

    Example
        y = tl.cast(x, tl.float16)
    """

def to(self: Any, dtype: Any, fp_downcast_rounding: Any=..., bitcast: Any=...) -> tensor:
    """The tensor's values in another type; see `tl.cast`.

    Parameters
        dtype: the type
        fp_downcast_rounding: 'rtne' or 'rtz'
        bitcast: keep the bits

    Returns
        tensor of the same shape

    Example
        y = x.to(tl.float16)
    """

def to_tensor(x: Any) -> tensor:
    """A constant or scalar as a tensor value.

    Parameters
        x: number, scalar or tensor

    Returns
        scalar tensor, or x if it is a tensor
    """

def cat(input: Any, other: Any, can_reorder: Any=..., dim: Any=...) -> tensor:
    """Two tensors one after the other along an axis.

    Parameters
        input: tensor
        other: tensor of the same type and shape
        can_reorder: allow any order of the elements of the result
        dim: int, the axis

    Returns
        tensor whose size along dim is doubled
    """

def join(a: Any, b: Any) -> tensor:
    """Two tensors side by side along a new last axis.

    Parameters
        a: tensor
        b: tensor of the same type; shapes are broadcast

    Returns
        tensor of shape (..., 2): [..., 0] is a, [..., 1] is b

    Example
        pairs = tl.join(re, im)
    """

def split(a: Any) -> tuple[tensor, tensor]:
    """The two halves of a tensor along its last axis, which has size 2: the inverse of `tl.join`.

    Parameters
        a: tensor of shape (..., 2)

    Returns
        two tensors of shape (...)

    Example
        re, im = tl.split(pairs)
    """

def interleave(a: Any, b: Any) -> tensor:
    """The elements of two tensors by turns along the last axis.

    Parameters
        a: tensor
        b: tensor of the same type and shape

    Returns
        tensor whose last axis is twice as long: a[0], b[0], a[1], b[1], ...
    """

def load(
    pointer: Any, mask: Any=..., other: Any=..., boundary_check: Any=..., padding_option: Any=..., cache_modifier: Any=..., eviction_policy: Any=..., volatile: Any=...
) -> tensor:
    """The values that `pointer` points at.

    Parameters
        pointer: scalar pointer, tensor of pointers, or block pointer
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        other: what masked elements are: tensor, scalar or constant. None: zero
        boundary_check: of a block pointer: the axes along which the tensor's bounds are checked
        padding_option: of a block pointer: '', 'zero' or 'nan', what elements out of bounds are
        cache_modifier: '', '.ca', '.cg' or '.cv', where the data is cached
        eviction_policy: '', 'evict_first' or 'evict_last'
        volatile: read the memory each time, in order

    Returns
        tensor of the pointer's shape, of the type pointed at

    Example
        x = tl.load(x_ptr + offsets, mask=offsets < n, other=0.0)
    """

def store(
    pointer: Any, value: Any, mask: Any=..., boundary_check: Any=..., cache_modifier: Any=..., eviction_policy: Any=...
) -> None:
    """Write `value` to where `pointer` points.

    Parameters
        pointer: scalar pointer, tensor of pointers, or block pointer
        value: tensor or scalar; cast to the type pointed at and broadcast to the pointer's shape
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        boundary_check: of a block pointer: the axes along which the tensor's bounds are checked
        cache_modifier: '', '.wb', '.cg', '.cs' or '.wt'
        eviction_policy: '', 'evict_first' or 'evict_last'

    Example
        tl.store(y_ptr + offsets, y, mask=offsets < n)
    """

def atomic_add(pointer: Any, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
    """Add `val` to memory, each element as one indivisible step.

    Parameters
        pointer: scalar pointer or tensor of pointers
        val: tensor or scalar
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

    Returns
        the values before

    Example
        tl.atomic_add(count_ptr + bins, 1, mask=offsets < n)
    """

def atomic_max(pointer: Any, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
    """Replace memory by the larger of it and `val`, indivisibly.

    Parameters
        pointer: scalar pointer or tensor of pointers
        val: tensor or scalar
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

    Returns
        the values before
    """

def atomic_min(pointer: Any, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
    """Replace memory by the smaller of it and `val`, indivisibly.

    Parameters
        pointer: scalar pointer or tensor of pointers
        val: tensor or scalar
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

    Returns
        the values before
    """

def atomic_and(pointer: Any, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
    """Combine memory with `val` by a bitwise and, indivisibly.

    Parameters
        pointer: pointer to integers
        val: integer tensor or scalar
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

    Returns
        the values before
    """

def atomic_or(pointer: Any, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
    """Combine memory with `val` by a bitwise or, indivisibly.

    Parameters
        pointer: pointer to integers
        val: integer tensor or scalar
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

    Returns
        the values before
    """

def atomic_xor(pointer: Any, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
    """Combine memory with `val` by a bitwise exclusive or, indivisibly.

    Parameters
        pointer: pointer to integers
        val: integer tensor or scalar
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

    Returns
        the values before
    """

def atomic_xchg(pointer: Any, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
    """Put `val` into memory and give what was there, indivisibly.

    Parameters
        pointer: scalar pointer or tensor of pointers
        val: tensor or scalar
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

    Returns
        the values before
    """

def atomic_cas(pointer: Any, cmp: Any, val: Any, sem: Any=..., scope: Any=...) -> tensor:
    """Put `val` into memory where it holds `cmp`, indivisibly.

    Parameters
        pointer: scalar pointer or tensor of pointers
        cmp: the value expected
        val: the new value
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

    Returns
        the values before

    Example
        while tl.atomic_cas(lock_ptr, 0, 1) == 1: pass
    """

def atomic_load(pointer: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> tensor:
    """The values in memory, read indivisibly in the memory order given.

    Parameters
        pointer: scalar pointer or tensor of pointers
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds

    Returns
        tensor of the pointer's shape
    """

def atomic_store(pointer: Any, val: Any, mask: Any=..., sem: Any=..., scope: Any=...) -> None:
    """Write `val` to memory indivisibly in the memory order given.

    Parameters
        pointer: scalar pointer or tensor of pointers
        val: tensor or scalar
        mask: tensor of bool of the pointer's shape; elements where it is false are not touched.
            None: all are
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds
    """

def atomic_poll(pointer: Any, expected_value: Any, sem: Any=..., scope: Any=..., timeout_ns: Any=...) -> tensor:
    """Wait until memory holds a value.

    Parameters
        pointer: scalar pointer
        expected_value: the value waited for
        sem: 'relaxed', 'acquire', 'release' or 'acq_rel' (the default), the memory order
        scope: 'cta', 'gpu' (the default) or 'sys', the threads among which the order holds
        timeout_ns: give up after so many nanoseconds; None: never

    Returns
        the value that was read last
    """

def make_block_ptr(base: Any, shape: Any, strides: Any, offsets: Any, block_shape: Any, order: Any) -> tensor:
    """A pointer to a block of a tensor in memory, which knows the tensor's bounds.

    Parameters
        base: pointer to the tensor's first element
        shape: tuple of scalars, the tensor's size along each axis
        strides: tuple of scalars, in elements
        offsets: tuple of scalars, where the block begins
        block_shape: tuple of constants
        order: tuple of constants, the axes from the fastest to the slowest in memory (a hint)

    Returns
        block pointer, for `tl.load`, `tl.store` and `tl.advance`

    Example
        p = tl.make_block_ptr(x_ptr, (M, N), (N, 1), (row, 0), (16, 64), (1, 0))
    """

def advance(base: Any, offsets: Any) -> tensor:
    """A block pointer moved within its tensor.

    Parameters
        base: block pointer
        offsets: tuple of scalars, how far along each axis

    Returns
        block pointer

    Example
        p = tl.advance(p, (0, BLOCK_K))
    """

def make_tensor_descriptor(
    base: Any, shape: Any, strides: Any, block_shape: Any, padding_option: Any=...
) -> tensor_descriptor:
    """A descriptor of a tensor in memory; on GPUs that have the unit, its blocks are moved by the
    tensor memory accelerator.

    Parameters
        base: pointer to the first element, 16-byte aligned
        shape: list of scalars, 1 to 5 axes
        strides: list of scalars, in elements; the last is 1, the others are multiples of 16 bytes
        block_shape: list of constants, the shape of the blocks that it loads and stores
        padding_option: 'zero' or 'nan', what elements out of bounds are when loaded

    Returns
        tensor descriptor

    Example
        desc = tl.make_tensor_descriptor(x_ptr, [M, N], [N, 1], [16, 64])
    """

def load_tensor_descriptor(desc: Any, offsets: Any) -> tensor:
    """The block of a tensor that begins at `offsets`; the same as `desc.load(offsets)`.

    Parameters
        desc: tensor descriptor
        offsets: list of int32 scalars

    Returns
        tensor of the descriptor's block shape
    """

def store_tensor_descriptor(desc: Any, offsets: Any, value: Any) -> None:
    """Write a block; the same as `desc.store(offsets, value)`.

    Parameters
        desc: tensor descriptor
        offsets: list of int32 scalars
        value: tensor of the block's shape
    """

def trans(input: Any, *dims: Any) -> tensor:
    """The tensor with its axes in another order.

    Parameters
        input: tensor
        dims: ints, the old axis of each new one; none: the last two change places

    Returns
        tensor of the permuted shape

    Example
        b_t = tl.trans(b)
    """

def permute(input: Any, *dims: Any) -> tensor:
    """The tensor with its axes in another order.

    Parameters
        input: tensor
        dims: ints, the old axis of each new one

    Returns
        tensor of the permuted shape

    Example
        y = tl.permute(x, (2, 0, 1))
    """

def reshape(input: Any, *shape: Any, can_reorder: Any=...) -> tensor:
    """The elements in the same row-major order in another shape.

    Parameters
        input: tensor
        shape: ints, or one tuple of them; as many elements
        can_reorder: allow any order of the elements

    Returns
        tensor of the shape

    Example
        y = tl.reshape(x, (4, 8))
    """

def view(input: Any, *shape: Any) -> tensor:
    """Like `tl.reshape` with can_reorder=True. Deprecated: use reshape.

    Parameters
        input: tensor
        shape: ints, or one tuple of them

    Returns
        tensor of the shape
    """

def ravel(x: Any, can_reorder: Any=...) -> tensor:
    """The elements in row-major order along one axis.

    Parameters
        x: tensor
        can_reorder: allow any order of the elements

    Returns
        tensor of rank 1
    """

def expand_dims(input: Any, axis: Any) -> tensor:
    """The tensor with an axis of size 1 inserted.

    Parameters
        input: tensor
        axis: int, or a tuple of them, counted in the result

    Returns
        tensor

    Example
        column = tl.expand_dims(x, 1)
    """

def squeeze(x: Any, dim: Any) -> tensor:
    """The tensor without an axis of size 1.

    Parameters
        x: tensor
        dim: int

    Returns
        tensor
    """

def unsqueeze(x: Any, dim: Any) -> tensor:
    """The tensor with an axis of size 1 inserted.

    Parameters
        x: tensor
        dim: int, counted in the result

    Returns
        tensor
    """

def broadcast(input: Any, other: Any) -> tuple[tensor, tensor]:
    """Two tensors broadcast to a common shape.

    Parameters
        input: tensor or scalar
        other: tensor or scalar

    Returns
        two tensors
    """

def broadcast_to(input: Any, *shape: Any) -> tensor:
    """The tensor broadcast to a shape.

    Parameters
        input: tensor or scalar
        shape: ints, or one tuple of them

    Returns
        tensor of the shape
    """

def gather(src: Any, index: Any, axis: Any) -> tensor:
    """Elements of `src` along an axis by index.

    Parameters
        src: tensor
        index: integer tensor of src's rank, of the same size along the other axes
        axis: int

    Returns
        tensor of index's shape: for axis 0, r[i, j] = src[index[i, j], j]
    """

def flip(x: Any, dim: Any=...) -> tensor:
    """The elements in reverse order along an axis.

    Parameters
        x: tensor
        dim: int; None: the last

    Returns
        tensor like x
    """

def add(x: Any, y: Any, sanitize_overflow: Any=...) -> tensor:
    """x + y.

    Parameters
        x: tensor or scalar
        y: tensor or scalar
        sanitize_overflow: with TRITON_DEBUG, report integer overflow here

    Returns
        tensor
    """

def sub(x: Any, y: Any, sanitize_overflow: Any=...) -> tensor:
    """x - y.

    Parameters
        x: tensor or scalar
        y: tensor or scalar
        sanitize_overflow: with TRITON_DEBUG, report integer overflow here

    Returns
        tensor
    """

def mul(x: Any, y: Any, sanitize_overflow: Any=...) -> tensor:
    """x * y.

    Parameters
        x: tensor or scalar
        y: tensor or scalar
        sanitize_overflow: with TRITON_DEBUG, report integer overflow here

    Returns
        tensor
    """

def where(condition: Any, x: Any, y: Any) -> tensor:
    """x where the condition holds, y elsewhere. Both are computed: to keep from reading memory, use
    the mask of `tl.load`.

    Parameters
        condition: tensor of bool
        x: tensor or scalar
        y: tensor or scalar

    Returns
        tensor of the common shape and type

    Example
        y = tl.where(x > 0, x, 0.0)
    """

def minimum(x: Any, y: Any, propagate_nan: Any=...) -> tensor:
    """The smaller of two values per element.

    Parameters
        x: tensor or scalar
        y: tensor or scalar
        propagate_nan: tl.PropagateNan.NONE (the other operand, where one is NaN; the default) or
            ALL

    Returns
        tensor
    """

def maximum(x: Any, y: Any, propagate_nan: Any=...) -> tensor:
    """The larger of two values per element.

    Parameters
        x: tensor or scalar
        y: tensor or scalar
        propagate_nan: tl.PropagateNan.NONE (the other operand, where one is NaN; the default) or
            ALL

    Returns
        tensor
    """

def clamp(x: Any, min: Any, max: Any, propagate_nan: Any=...) -> tensor:
    """x limited to [min, max].

    Parameters
        x: floating-point tensor or scalar
        min: tensor or scalar
        max: tensor or scalar
        propagate_nan: tl.PropagateNan.NONE or ALL

    Returns
        tensor
    """

def abs(x: Any) -> tensor:
    """The absolute value.

    Parameters
        x: tensor or scalar

    Returns
        tensor like x
    """

def fma(x: Any, y: Any, z: Any) -> tensor:
    """x * y + z, rounded once.

    Parameters
        x: tensor or scalar
        y: tensor or scalar
        z: tensor or scalar

    Returns
        tensor
    """

def fdiv(x: Any, y: Any, ieee_rounding: Any=..., approx: Any=...) -> tensor:
    """x / y in floating point.

    Parameters
        x: floating-point tensor or scalar
        y: floating-point tensor or scalar
        ieee_rounding: round to nearest rather than within 2 ulp
        approx: allow the fast approximation

    Returns
        tensor
    """

def div_rn(x: Any, y: Any) -> tensor:
    """x / y rounded to the nearest.

    Parameters
        x: float32 tensor or scalar
        y: float32 tensor or scalar

    Returns
        tensor
    """

def umulhi(x: Any, y: Any) -> tensor:
    """The upper half of the product of two integers.

    Parameters
        x: int32, uint32, int64 or uint64 tensor or scalar
        y: the same type

    Returns
        tensor
    """

def exp(x: Any) -> tensor:
    """e to the power x.

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def exp2(x: Any) -> tensor:
    """2 to the power x.

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def log(x: Any) -> tensor:
    """The natural logarithm.

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def log2(x: Any) -> tensor:
    """The logarithm to base 2.

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def sin(x: Any) -> tensor:
    """The sine of x in radians.

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def cos(x: Any) -> tensor:
    """The cosine of x in radians.

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def erf(x: Any) -> tensor:
    """The error function.

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def sqrt(x: Any) -> tensor:
    """The square root, possibly approximate on a GPU.

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def sqrt_rn(x: Any) -> tensor:
    """The square root rounded to the nearest.

    Parameters
        x: float32 tensor or scalar

    Returns
        tensor like x
    """

def rsqrt(x: Any) -> tensor:
    """1 / sqrt(x).

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def floor(x: Any) -> tensor:
    """The largest integer that is at most x.

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def ceil(x: Any) -> tensor:
    """The smallest integer that is at least x.

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def sigmoid(x: Any) -> tensor:
    """1 / (1 + exp(-x)).

    Parameters
        x: tensor or scalar of a floating-point type

    Returns
        tensor like x
    """

def softmax(x: Any, dim: Any=..., keep_dims: Any=..., ieee_rounding: Any=...) -> tensor:
    """exp(x) divided by its sum along an axis, computed without overflow.

    Parameters
        x: tensor or scalar of a floating-point type
        dim: int, the axis; None: 0
        keep_dims: has no effect
        ieee_rounding: divide with correct rounding

    Returns
        tensor like x
    """

def sum(input: Any, axis: Any=..., keep_dims: Any=..., dtype: Any=...) -> tensor:
    """The sum along an axis. Integers narrower than 32 bits are added in 32.

    Parameters
        input: tensor
        axis: int, the axis; None: all elements
        keep_dims: keep the axis, with size 1
        dtype: the type in which to add

    Returns
        tensor without the axis; a scalar for axis=None

    Example
        total = tl.sum(x, axis=0)
    """

def max(
    input: Any, axis: Any=..., return_indices: Any=..., return_indices_tie_break_left: Any=..., keep_dims: Any=...
) -> Any:
    """The largest element along an axis.

    Parameters
        input: tensor
        axis: int, the axis; None: all elements
        return_indices: give the index as well
        return_indices_tie_break_left: of equal elements, the first
        keep_dims: keep the axis, with size 1

    Returns
        tensor without the axis, or a pair of it and the int32 indices
    """

def min(
    input: Any, axis: Any=..., return_indices: Any=..., return_indices_tie_break_left: Any=..., keep_dims: Any=...
) -> Any:
    """The smallest element along an axis.

    Parameters
        input: tensor
        axis: int, the axis; None: all elements
        return_indices: give the index as well
        return_indices_tie_break_left: of equal elements, the first
        keep_dims: keep the axis, with size 1

    Returns
        tensor without the axis, or a pair of it and the int32 indices
    """

def argmax(input: Any, axis: Any, tie_break_left: Any=..., keep_dims: Any=...) -> tensor:
    """The index of the largest element along an axis.

    Parameters
        input: tensor
        axis: int
        tie_break_left: of equal elements, the first
        keep_dims: keep the axis, with size 1

    Returns
        int32 tensor without the axis
    """

def argmin(input: Any, axis: Any, tie_break_left: Any=..., keep_dims: Any=...) -> tensor:
    """The index of the smallest element along an axis.

    Parameters
        input: tensor
        axis: int
        tie_break_left: of equal elements, the first
        keep_dims: keep the axis, with size 1

    Returns
        int32 tensor without the axis
    """

def xor_sum(input: Any, axis: Any=..., keep_dims: Any=...) -> tensor:
    """The bitwise exclusive or of the elements along an axis.

    Parameters
        input: integer tensor
        axis: int, the axis; None: all elements
        keep_dims: keep the axis, with size 1

    Returns
        tensor without the axis
    """

def reduce_or(input: Any, axis: Any, keep_dims: Any=...) -> tensor:
    """The bitwise or of the elements along an axis.

    Parameters
        input: integer tensor
        axis: int
        keep_dims: keep the axis, with size 1

    Returns
        tensor without the axis
    """

def reduce(input: Any, axis: Any, combine_fn: Any, keep_dims: Any=...) -> Any:
    """The elements along an axis combined by a function.

    Parameters
        input: tensor, or a tuple of tensors of one shape
        axis: int; None: all elements
        combine_fn: @triton.jit function of two elements (of two tuples' elements, one after the
            other); associative
        keep_dims: keep the axis, with size 1

    Returns
        tensor without the axis, or a tuple of them

    Example
        m = tl.reduce(x, 0, combine)
    """

def cumsum(input: Any, axis: Any=..., reverse: Any=..., dtype: Any=...) -> tensor:
    """The running sum along an axis.

    Parameters
        input: tensor
        axis: int
        reverse: from the end
        dtype: the type in which to add

    Returns
        tensor of input's shape
    """

def cumprod(input: Any, axis: Any=..., reverse: Any=..., dtype: Any=...) -> tensor:
    """The running product along an axis.

    Parameters
        input: tensor
        axis: int
        reverse: from the end
        dtype: the type in which to multiply

    Returns
        tensor of input's shape
    """

def associative_scan(input: Any, axis: Any, combine_fn: Any, reverse: Any=...) -> Any:
    """The running combination of the elements along an axis.

    Parameters
        input: tensor, or a tuple of tensors of one shape
        axis: int
        combine_fn: @triton.jit function of two elements; associative
        reverse: from the end

    Returns
        tensor of input's shape, or a tuple of them
    """

def histogram(input: Any, num_bins: Any, mask: Any=...) -> tensor:
    """How many elements have each value from 0 to num_bins - 1.

    Parameters
        input: integer tensor of rank 1
        num_bins: int, a power of two
        mask: tensor of bool: what to count. None: all

    Returns
        int32 tensor of shape (num_bins,)
    """

def sort(x: Any, dim: Any=..., descending: Any=...) -> tensor:
    """The elements in ascending order along an axis.

    Parameters
        x: tensor
        dim: int, the last axis; None: the last
        descending: in descending order

    Returns
        tensor like x
    """

def topk(x: Any, k: Any, dim: Any=..., descending: Any=...) -> tensor:
    """The k largest elements along the last axis, in descending order.

    Parameters
        x: tensor
        k: int, a power of two
        dim: int, the last axis; None: the last
        descending: False: the k smallest, in ascending order

    Returns
        tensor whose last axis has size k
    """

def bitonic_merge(x: Any, dim: Any=..., descending: Any=...) -> tensor:
    """Sort along the last axis what is bitonic: ascending, then descending, or the reverse.

    Parameters
        x: tensor
        dim: int, the last axis; None: the last
        descending: in descending order

    Returns
        tensor like x
    """

def dot(
    input: Any, other: Any, acc: Any=..., input_precision: Any=..., allow_tf32: Any=..., max_num_imprecise_acc: Any=..., out_dtype: Any=...
) -> tensor:
    """The matrix product of two blocks, plus an accumulator.

    Parameters
        input: tensor of shape (M, K), or (B, M, K)
        other: tensor of shape (K, N), or (B, K, N)
        acc: tensor of shape (M, N), or (B, M, N), added to the product; None: zero
        input_precision: of float32 operands: 'tf32' (the default on GPUs), 'tf32x3', 'bf16x3',
            'bf16x6' or 'ieee'
        allow_tf32: the older spelling: True is 'tf32', False is 'ieee'
        max_num_imprecise_acc: of 8-bit floating-point operands: after how many products along K
            sums are added in float32
        out_dtype: the type of the result: float32, float16, int32 or float64

    Returns
        tensor of shape (M, N), or (B, M, N); float32, or int32 for int8 operands, unless out_dtype
            says otherwise

    Example
        acc = tl.dot(a, b, acc)
    """

def dot_scaled(
    lhs: Any, lhs_scale: Any, lhs_format: Any, rhs: Any, rhs_scale: Any, rhs_format: Any, acc: Any=..., fast_math: Any=..., lhs_k_pack: Any=..., rhs_k_pack: Any=..., out_dtype: Any=...
) -> tensor:
    """The matrix product of blocks in microscaling formats: each group of 16 or 32 elements along K
    has a scale.

    Parameters
        lhs: tensor of shape (M, K); two e2m1 elements share a uint8
        lhs_scale: uint8 (e8m0) or float8e4nv tensor of shape (M, K // group), or None
        lhs_format: 'e2m1', 'e4m3', 'e5m2', 'bf16' or 'fp16'
        rhs: tensor of shape (K, N)
        rhs_scale: tensor of shape (N, K // group), or None
        rhs_format: as lhs_format
        acc: tensor of shape (M, N), added; None: zero
        fast_math: do not look for NaN in the scales
        lhs_k_pack: e2m1 elements are packed along K, rather than along M
        rhs_k_pack: likewise, rather than along N
        out_dtype: the type of the result

    Returns
        tensor of shape (M, N)

    Example
        acc = tl.dot_scaled(a, a_scale, 'e4m3', b, b_scale, 'e2m1', acc)
    """

def rand(seed: Any, offset: Any, n_rounds: Any=...) -> tensor:
    """Uniform random numbers in [0, 1), the same for the same seed and offset.

    Parameters
        seed: integer scalar
        offset: int32 tensor, a different one for every number
        n_rounds: int, rounds of Philox

    Returns
        float32 tensor of offset's shape

    Example
        keep = tl.rand(seed, offsets) > p
    """

def rand4x(seed: Any, offsets: Any, n_rounds: Any=...) -> tuple[tensor, tensor, tensor, tensor]:
    """Four tensors of uniform random numbers in [0, 1), at the price of one.

    Parameters
        seed: integer scalar
        offsets: int32 tensor
        n_rounds: int, rounds of Philox

    Returns
        four float32 tensors
    """

def randn(seed: Any, offset: Any, n_rounds: Any=...) -> tensor:
    """Normally distributed random numbers of mean 0 and variance 1.

    Parameters
        seed: integer scalar
        offset: int32 tensor
        n_rounds: int, rounds of Philox

    Returns
        float32 tensor of offset's shape
    """

def randn4x(seed: Any, offset: Any, n_rounds: Any=...) -> tuple[tensor, tensor, tensor, tensor]:
    """Four tensors of normally distributed random numbers.

    Parameters
        seed: integer scalar
        offset: int32 tensor
        n_rounds: int, rounds of Philox

    Returns
        four float32 tensors
    """

def randint(seed: Any, offset: Any, n_rounds: Any=...) -> tensor:
    """Uniform random 32-bit integers.

    Parameters
        seed: integer scalar
        offset: int32 tensor
        n_rounds: int, rounds of Philox

    Returns
        uint32 tensor of offset's shape
    """

def randint4x(seed: Any, offset: Any, n_rounds: Any=...) -> tuple[tensor, tensor, tensor, tensor]:
    """Four tensors of uniform random 32-bit integers.

    Parameters
        seed: integer scalar
        offset: int32 tensor
        n_rounds: int, rounds of Philox

    Returns
        four uint32 tensors
    """

def philox(seed: Any, c0: Any, c1: Any, c2: Any, c3: Any, n_rounds: Any=...) -> tuple[tensor, tensor, tensor, tensor]:
    """Philox-4x32 (-4x64 for 64-bit counters): four random integers from a counter of four.

    Parameters
        seed: 64-bit integer scalar, the key
        c0: integer tensor, the counter
        c1: the same
        c2: the same
        c3: the same
        n_rounds: int

    Returns
        four unsigned tensors
    """

def philox_impl(
    c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any, n_rounds: Any=...
) -> tuple[tensor, tensor, tensor, tensor]:
    """The rounds of Philox on a counter and a key.

    Parameters
        c0: unsigned tensor, the counter
        c1: the same
        c2: the same
        c3: the same
        k0: unsigned, the key
        k1: the same
        n_rounds: int

    Returns
        four unsigned tensors
    """

def uint_to_uniform_float(x: Any) -> tensor:
    """Random integers as numbers in [0, 1).

    Parameters
        x: uint32 or uint64 tensor

    Returns
        float32 tensor
    """

def pair_uniform_to_normal(u1: Any, u2: Any) -> tuple[tensor, tensor]:
    """Two uniform numbers as two normal ones (Box and Muller).

    Parameters
        u1: float32 tensor in (0, 1)
        u2: float32 tensor

    Returns
        two float32 tensors
    """

def multiple_of(input: Any, values: Any) -> tensor:
    """Promise that along each axis the first element of every group is a multiple of a number.

    Parameters
        input: tensor or scalar
        values: int, or a tuple of an int per axis

    Returns
        input

    Example
        p = tl.multiple_of(p, 16)
    """

def max_contiguous(input: Any, values: Any) -> tensor:
    """Promise that along each axis every group of so many elements is contiguous.

    Parameters
        input: tensor
        values: int, or a tuple of an int per axis

    Returns
        input
    """

def max_constancy(input: Any, values: Any) -> tensor:
    """Promise that along each axis every group of so many elements is equal.

    Parameters
        input: tensor
        values: int, or a tuple of an int per axis

    Returns
        input
    """

def assume(cond: Any) -> None:
    """Promise that a condition holds.

    Parameters
        cond: scalar of bool

    Example
        tl.assume(stride > 0)
    """

def debug_barrier() -> None:
    """Wait for all threads of the program; accesses to memory before it come before those after it.
    """

def static_print(*values: Any, sep: Any=..., end: Any=..., file: Any=..., flush: Any=...) -> None:
    """Print values while compiling.

    Parameters
        values: constants, tensors (their types), strings
        sep: str
        end: str
        file: None
        flush: bool
    """

def static_assert(cond: Any, msg: Any=...) -> None:
    """Fail to compile unless a constant condition holds.

    Parameters
        cond: constant
        msg: str

    Example
        tl.static_assert(BLOCK >= 16)
    """

def device_print(prefix: Any, *args: Any, hex: Any=...) -> None:
    """Print values when the kernel runs, each element with its program and index.

    Parameters
        prefix: str, a constant
        args: tensors or scalars
        hex: integers in hexadecimal

    Example
        tl.device_print('x', x)
    """

def device_assert(cond: Any, msg: Any=..., mask: Any=...) -> None:
    """End the program with a message where a condition fails; only with debug=True or TRITON_DEBUG=1.

    Parameters
        cond: tensor of bool
        msg: str, a constant
        mask: tensor of bool: where to check. None: everywhere

    Example
        tl.device_assert(index < n, 'index out of range')
    """

def expect_zero(x: Any, mask: Any) -> tensor:
    """With debug=True, end the program where x is not zero although the mask is true.

    Parameters
        x: tensor
        mask: tensor of bool

    Returns
        x
    """

def inline_asm_elementwise(asm: Any, constraints: Any, args: Any, dtype: Any, is_pure: Any, pack: Any) -> Any:
    """The target's assembly on each element, or on `pack` elements at a time.

    Parameters
        asm: str, the assembly with $0, $1, ... for results and operands
        constraints: str, LLVM's constraints: '=r,r'
        args: list of tensors, broadcast to one shape
        dtype: the type of the result, or a tuple of types
        is_pure: it has no effect but its result
        pack: int, how many elements one piece of assembly takes, packed in 32-bit registers

    Returns
        tensor, or a tuple of them

    Example
        y = tl.inline_asm_elementwise('ex2.approx.f32 $0, $1;', '=f,f', [x], tl.float32, True, 1)
    """

def map_elementwise(scalar_fn: Any, *args: Any, pack: Any=...) -> Any:
    """A function of scalars on each element: unlike tensor code it may branch.

    Parameters
        scalar_fn: @triton.jit function of scalars
        args: tensors, broadcast to one shape
        pack: int, how many elements one call takes

    Returns
        tensor, or a tuple of them
    """

def aggregate_replace(instance: Any, *changes: Any) -> Any:
    """A changed copy of an object of an aggregate class.

    Parameters
        instance: the object
        changes: field=value, ...

    Returns
        object of the same class
    """

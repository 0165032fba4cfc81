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

        Errors
            x.to(tl.int16, bitcast=True) -> a bitcast keeps the size, but fp32 has 32 bits and int16 has
                16
            x.to(n) -> tl.to: `dtype` must be known at compile time, but is a scalar of int32

        Example
            y = x.to(tl.float16)
        """
    def item(self) -> tensor:
        """The one element of a tensor as a scalar.

        Returns
            scalar

        Errors
            x.item() -> item(): only a tensor of one element has an item, but this is a tensor of fp32
                with shape [32]

        Example
            total = tl.sum(x, axis=0, keep_dims=True).item()
        """
    def logical_and(self, other: Any) -> tensor:
        """Whether both are true, per element.

        Parameters
            other: tensor of bool

        Returns
            tensor of bool

        Errors
            (x > 0).logical_and(tl.arange(0, 16)) -> shapes [32] and [16] cannot be broadcast together:
                dimension 0 is 32 and 16

        Example
            inside = (x > 0).logical_and(x < 1)
        """
    def logical_or(self, other: Any) -> tensor:
        """Whether either is true, per element.

        Parameters
            other: tensor of bool

        Returns
            tensor of bool

        Errors
            (x > 0).logical_or(tl.arange(0, 16)) -> shapes [32] and [16] cannot be broadcast together:
                dimension 0 is 32 and 16

        Example
            outside = (x < 0).logical_or(x > 1)
        """
    def trans(self, *dims: Any) -> tensor:
        """The tensor with its axes in another order.

        Parameters
            input: tensor
            dims: ints, the old axis of each new one; none: the last two change places

        Returns
            tensor of the permuted shape

        Errors
            tl.trans(x) -> tl.trans: a tensor of rank 2 or more is expected, but this has shape [32]
            tl.trans(t, (0, 0)) -> the dimensions given are not a permutation of 0 to 1

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

        Errors
            tl.permute(t, (0, 0)) -> the dimensions given are not a permutation of 0 to 1
            tl.permute(t, (1,)) -> 1 dimensions are given for a tensor of rank 2

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

        Errors
            tl.reshape(x, (4, 4)) -> cannot reshape [32] (32 elements) to [4, 4] (16 elements)

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

        Errors
            tl.view(x, (4, 4)) -> cannot reshape [32] (32 elements) to [4, 4] (16 elements)

        Example
            y = tl.view(x, (4, 8))
        """
    def ravel(self, can_reorder: Any=...) -> tensor:
        """The elements in row-major order along one axis.

        Parameters
            x: tensor
            can_reorder: allow any order of the elements

        Returns
            tensor of rank 1

        Errors
            tl.ravel(3) -> an int has no attribute `numel`

        Example
            y = tl.ravel(pairs)
        """
    def expand_dims(self, axis: Any) -> tensor:
        """The tensor with an axis of size 1 inserted.

        Parameters
            input: tensor
            axis: int, or a tuple of them, counted in the result

        Returns
            tensor

        Errors
            tl.expand_dims(x, 3) -> tl.expand_dims: `axis`: invalid axis 3 for a tensor of rank 2
            tl.expand_dims(x, (0, 0)) -> tl.expand_dims: duplicate axes, normalized axes = [0, 0]

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

        Errors
            tl.broadcast_to(x, (64,)) -> cannot broadcast shape [32] to [64]: dimension 0 is 32, and
                only a dimension of 1 is repeated

        Example
            y = tl.broadcast_to(x[:, None], (32, 8))
        """
    def split(self) -> tuple[tensor, tensor]:
        """The two halves of a tensor along its last axis, which has size 2: the inverse of `tl.join`.

        Parameters
            a: tensor of shape (..., 2)

        Returns
            two tensors of shape (...)

        Errors
            tl.split(t) -> tl.split: the last dimension must be 2, but the shape is [4, 8]

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

        Errors
            tl.gather(x, y, 0) -> tl.gather: `index` must be a tensor of integers, but is a tensor of
                fp32 with shape [32]
            tl.gather(t, i, 0) -> tl.gather: `src` and `index` must have one rank, but their shapes are
                [4, 8] and [32]

        Example
            y = tl.gather(x, index, 0)
        """
    def flip(self, dim: Any=...) -> tensor:
        """The elements in reverse order along an axis.

        Parameters
            x: tensor
            dim: int; None: the last

        Returns
            tensor like x

        Errors
            tl.flip(x, 1) -> static assertion failed: invalid axis 1 for a tensor of rank 1

        Example
            y = tl.flip(x)
        """
    def abs(self) -> tensor:
        """The absolute value.

        Parameters
            x: tensor or scalar

        Returns
            tensor like x

        Errors
            tl.abs(x_ptr) -> tl.abs: `x` must be a number, but is a pointer to fp32

        Example
            y = tl.abs(x)
        """
    def exp(self) -> tensor:
        """e to the power x.

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.exp(h) -> tl.exp is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.exp(x)
        """
    def exp2(self) -> tensor:
        """2 to the power x.

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.exp2(h) -> tl.exp2 is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.exp2(x)
        """
    def log(self) -> tensor:
        """The natural logarithm.

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.log(h) -> tl.log is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.log(x)
        """
    def log2(self) -> tensor:
        """The logarithm to base 2.

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.log2(h) -> tl.log2 is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.log2(x)
        """
    def sin(self) -> tensor:
        """The sine of x in radians.

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.sin(h) -> tl.sin is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.sin(x)
        """
    def cos(self) -> tensor:
        """The cosine of x in radians.

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.cos(h) -> tl.cos is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.cos(x)
        """
    def erf(self) -> tensor:
        """The error function.

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.erf(h) -> tl.erf is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.erf(x)
        """
    def sqrt(self) -> tensor:
        """The square root, possibly approximate on a GPU.

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.sqrt(h) -> tl.sqrt is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.sqrt(x)
        """
    def sqrt_rn(self) -> tensor:
        """The square root rounded to the nearest.

        Parameters
            x: float32 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.sqrt_rn(h) -> tl.sqrt_rn is defined for fp32 and fp64, but `x` is a tensor of fp16 with
                shape [32]

        Example
            y = tl.sqrt_rn(x)
        """
    def rsqrt(self) -> tensor:
        """1 / sqrt(x).

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.rsqrt(h) -> tl.rsqrt is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.rsqrt(x)
        """
    def floor(self) -> tensor:
        """The largest integer that is at most x.

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.floor(h) -> tl.floor is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.floor(x)
        """
    def ceil(self) -> tensor:
        """The smallest integer that is at least x.

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.ceil(h) -> tl.ceil is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
                [32]

        Example
            y = tl.ceil(x)
        """
    def sigmoid(self) -> tensor:
        """1 / (1 + exp(-x)).

        Parameters
            x: float32 or float64 tensor or scalar

        Returns
            tensor like x

        Errors
            tl.sigmoid(i) -> tl.exp is defined for fp32 and fp64, but `x` is a tensor of int32 with
                shape [32]

        Example
            y = tl.sigmoid(x)
        """
    def softmax(self, dim: Any=..., keep_dims: Any=..., ieee_rounding: Any=...) -> tensor:
        """exp(x) divided by its sum along an axis, computed without overflow.

        Parameters
            x: floating-point tensor
            dim: int, the axis; None: 0
            keep_dims: has no effect
            ieee_rounding: divide with correct rounding

        Returns
            tensor like x

        Errors
            tl.softmax(x, 1) -> `axis`: invalid axis 1 for a tensor of rank 1

        Example
            p = tl.softmax(x)
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

        Errors
            tl.sum(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1
            tl.sum(n) -> tl.sum: `input` is a scalar (int32); a tensor is expected

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

        Errors
            tl.max(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

        Example
            m = tl.max(x, axis=0)
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

        Errors
            tl.min(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

        Example
            m = tl.min(x, axis=0)
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

        Errors
            tl.argmax(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

        Example
            at = tl.argmax(x, axis=0)
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

        Errors
            tl.argmin(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

        Example
            at = tl.argmin(x, axis=0)
        """
    def xor_sum(self, axis: Any=..., keep_dims: Any=...) -> tensor:
        """The bitwise exclusive or of the elements along an axis.

        Parameters
            input: integer tensor
            axis: int, the axis; None: all elements
            keep_dims: keep the axis, with size 1

        Returns
            tensor without the axis

        Errors
            tl.xor_sum(x, axis=0) -> static assertion failed: xor_sum is for integers

        Example
            parity = tl.xor_sum(i, axis=0)
        """
    def reduce_or(self, axis: Any, keep_dims: Any=...) -> tensor:
        """The bitwise or of the elements along an axis.

        Parameters
            input: integer tensor
            axis: int
            keep_dims: keep the axis, with size 1

        Returns
            tensor without the axis

        Errors
            tl.reduce_or(x, axis=0) -> static assertion failed: reduce_or is for integers

        Example
            bits = tl.reduce_or(i, axis=0)
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

        Errors
            tl.reduce(x, 1, combine) -> `axis`: invalid axis 1 for a tensor of rank 1
            tl.reduce((x, y), 0, combine) -> `combine` takes 2 positional arguments, but 4 were given

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

        Errors
            tl.cumsum(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

        Example
            y = tl.cumsum(x, axis=0)
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

        Errors
            tl.cumprod(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

        Example
            y = tl.cumprod(x, axis=0)
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

        Errors
            tl.associative_scan(x, 1, combine) -> `axis`: invalid axis 1 for a tensor of rank 1
            tl.associative_scan((x, t), 0, combine) -> tl.associative_scan: the inputs must have one
                shape, but these have [32] and [4, 8]

        Example
            y = tl.associative_scan(x, 0, combine)
        """
    def histogram(self, num_bins: Any, mask: Any=...) -> tensor:
        """How many elements have each value from 0 to num_bins - 1.

        Parameters
            input: integer tensor of rank 1
            num_bins: int, a power of two
            mask: tensor of bool: what to count. None: all

        Returns
            int32 tensor of shape (num_bins,)

        Errors
            tl.histogram(x, 8) -> tl.histogram: `input` must be a tensor of integers of rank 1, but is a
                tensor of fp32 with shape [32]
            tl.histogram(i, 10) -> dimension 0 of the histogram is 10, which is not a power of two

        Example
            counts = tl.histogram(bins, 8)
        """
    def sort(self, dim: Any=..., descending: Any=...) -> tensor:
        """The elements in ascending order along an axis.

        Parameters
            x: tensor
            dim: int, the axis; None: the last
            descending: in descending order

        Returns
            tensor like x

        Errors
            tl.sort(x, dim=1) -> static assertion failed: invalid axis 1 for a tensor of rank 1

        Example
            y = tl.sort(x)
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

        Errors
            tl.store(x, 0.0) -> tl.store: `pointer` must be a pointer or a tensor of pointers, but is a
                tensor of fp32 with shape [32]
            tl.store(x_ptr + tl.arange(0, 64), x) -> tl.store: `value` has shape [32], which does not
                fit the pointer's shape [64]
            tl.store(x_ptr, x) -> tl.store: `value` has shape [32], but the pointer is a scalar

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

        Errors
            tl.advance(x_ptr, (1,)) -> tl.advance: `base` must be a block pointer, but is a pointer to
                fp32

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

        Errors
            tl.atomic_add(x, 1) -> tl.atomic_add: `pointer` must be a pointer or a tensor of pointers,
                but is a tensor of fp32 with shape [32]
            tl.atomic_add(x_ptr + i, 1, sem='seq_cst') -> tl.atomic_add: `sem` cannot be "seq_cst"

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

        Errors
            tl.atomic_max(x, 1) -> tl.atomic_max: `pointer` must be a pointer or a tensor of pointers,
                but is a tensor of fp32 with shape [32]
            tl.atomic_max(x_ptr + i, 1, sem='seq_cst') -> tl.atomic_max: `sem` cannot be "seq_cst"

        Example
            tl.atomic_max(y_ptr + row, tl.max(x, axis=0))
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

        Errors
            tl.atomic_min(x, 1) -> tl.atomic_min: `pointer` must be a pointer or a tensor of pointers,
                but is a tensor of fp32 with shape [32]
            tl.atomic_min(x_ptr + i, 1, sem='seq_cst') -> tl.atomic_min: `sem` cannot be "seq_cst"

        Example
            tl.atomic_min(y_ptr + row, tl.min(x, axis=0))
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

        Errors
            tl.atomic_and(x_ptr, 1) -> tl.atomic_and is not defined for fp32

        Example
            tl.atomic_and(count_ptr + bins, 1)
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

        Errors
            tl.atomic_or(x_ptr, 1) -> tl.atomic_or is not defined for fp32

        Example
            tl.atomic_or(count_ptr + bins, 1)
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

        Errors
            tl.atomic_xor(x_ptr, 1) -> tl.atomic_xor is not defined for fp32

        Example
            tl.atomic_xor(count_ptr + bins, 1)
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

        Errors
            tl.atomic_xchg(x_ptr + i, t) -> tl.atomic_xchg: `val` has shape [4, 8], which does not fit
                the pointer's shape [32]

        Example
            tl.atomic_xchg(lock_ptr, 0, sem='release')
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

        Errors
            tl.atomic_cas(lock_ptr, 0) -> tl.atomic_cas: `val` is missing
            tl.atomic_cas(lock_ptr, 0.5, 1) -> the float 0.5 cannot become a constant of type int32

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

        Errors
            tl.cast(x, tl.int16, bitcast=True) -> a bitcast keeps the size, but fp32 has 32 bits and
                int16 has 16
            tl.cast(i, tl.float8e5) -> cannot cast int32 to fp8e5

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

        Errors
            desc.load([0]) -> tensor_descriptor.load: 1 offset for a tensor of rank 2

        Example
            a = desc.load([row, k])
        """
    def store(self, offsets: Any, value: Any) -> None:
        """Write a block at `offsets`. Elements out of bounds are dropped.

        Parameters
            offsets: list of int32 scalars
            value: tensor of the block's shape

        Errors
            desc.store([0, 0], t) -> tensor_descriptor.store: `value` has shape [4, 8], but a block has
                shape [16, 64]

        Example
            desc.store([row, column], acc.to(tl.float16))
        """
    def atomic_add(self, offsets: Any, value: Any) -> tensor:
        """Add a block to memory at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: tensor of the block's shape

        Errors
            desc.atomic_add([0, 0], t) -> tensor_descriptor.atomic_add: `value` has shape [4, 8], but a
                block has shape [16, 64]

        Example
            desc.atomic_add([row, column], a)
        """
    def atomic_min(self, offsets: Any, value: Any) -> tensor:
        """Take the smaller of memory and a block at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: tensor of the block's shape

        Errors
            desc.atomic_min([0, 0], t) -> tensor_descriptor.atomic_min: `value` has shape [4, 8], but a
                block has shape [16, 64]

        Example
            desc.atomic_min([row, column], a)
        """
    def atomic_max(self, offsets: Any, value: Any) -> tensor:
        """Take the larger of memory and a block at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: tensor of the block's shape

        Errors
            desc.atomic_max([0, 0], t) -> tensor_descriptor.atomic_max: `value` has shape [4, 8], but a
                block has shape [16, 64]

        Example
            desc.atomic_max([row, column], a)
        """
    def atomic_and(self, offsets: Any, value: Any) -> tensor:
        """Combine memory and a block by a bitwise and at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: integer tensor of the block's shape

        Errors
            desc.atomic_and([0, 0], t) -> tensor_descriptor.atomic_and is not defined for fp16

        Example
            desc.atomic_and([row, column], a)
        """
    def atomic_or(self, offsets: Any, value: Any) -> tensor:
        """Combine memory and a block by a bitwise or at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: integer tensor of the block's shape

        Errors
            desc.atomic_or([0, 0], t) -> tensor_descriptor.atomic_or is not defined for fp16

        Example
            desc.atomic_or([row, column], a)
        """
    def atomic_xor(self, offsets: Any, value: Any) -> tensor:
        """Combine memory and a block by a bitwise exclusive or at `offsets`, each element indivisibly.

        Parameters
            offsets: list of int32 scalars
            value: integer tensor of the block's shape

        Errors
            desc.atomic_xor([0, 0], t) -> tensor_descriptor.atomic_xor is not defined for fp16

        Example
            desc.atomic_xor([row, column], a)
        """
    def gather(self, x_offsets: Any, y_offset: Any) -> tensor:
        """Rows of a matrix, one for each index; the descriptor's blocks have one row.

        Parameters
            x_offsets: int32 tensor, the rows
            y_offset: int32 scalar, the first column

        Returns
            tensor of shape (rows, columns of the block)

        Errors
            desc.gather(i, 0) -> tensor_descriptor.gather: the descriptor's block must be one row, but
                is [16, 64]

        Example
            a = desc.gather(rows, column)
        """
    def scatter(self, value: Any, x_offsets: Any, y_offset: Any) -> None:
        """Write the rows of `value` to rows of a matrix; the descriptor's blocks have one row.

        Parameters
            value: tensor of shape (rows, columns of the block)
            x_offsets: int32 tensor, the rows
            y_offset: int32 scalar, the first column

        Errors
            desc.scatter(t, i, 0) -> tensor_descriptor.scatter: the descriptor's block must be one row,
                but is [16, 64]

        Example
            desc.scatter(a, rows, column)
        """

class range:
    """An iterator for `for` loops that carries hints for the compiler; otherwise it is Python's
    `range`.

    Parameters
        arg1: the end; with arg2, the start
        arg2: the end
        step: int or scalar, not 0, may be negative
        num_stages: how many steps are in flight: loads are issued num_stages - 1 steps ahead
        loop_unroll_factor: int, copies of the body per iteration
        disallow_acc_multi_buffer: keep one accumulator for the matmuls in the loop
        flatten: merge this loop with the loop directly inside it
        warp_specialize: let some warps load while others compute, where the target can
        disable_licm: leave invariant code in the loop

    Errors
        for k in tl.range(0, n, 0): pass -> the step of a range must not be 0
        for k in tl.range(0.5, n): pass -> the start of a `for` loop's range must be a scalar
            integer, not a float

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

    Errors
        for k in tl.static_range(n): pass -> tl.static_range: the end must be known at compile time,
            but is a scalar of int32

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

    Errors
        while tl.condition(x > 0): pass -> a condition must be a scalar, but this is a tensor of
            int1 with shape [32]

    Example
        while tl.condition(n > 0): n -= 1
    """

def program_id(axis: Any) -> tensor:
    """The index of this program in the grid along an axis.

    Parameters
        axis: 0, 1 or 2, a constant

    Returns
        int32 scalar, 0 <= id < num_programs(axis)

    Errors
        tl.program_id(3) -> tl.program_id: program_id axis must be 0, 1, or 2 but got 3

    Example
        row = tl.program_id(0)
    """

def num_programs(axis: Any) -> tensor:
    """The size of the grid along an axis.

    Parameters
        axis: 0, 1 or 2, a constant

    Returns
        int32 scalar

    Errors
        tl.num_programs(n) -> tl.num_programs: `axis` must be known at compile time, but is a scalar
            of int32

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

    Errors
        tl.arange(0, n) -> tl.arange: `end` must be known at compile time, but is a scalar of int32
        tl.arange(0, 100) -> tl.arange(0, 100) has 100 elements, which is not a power of two

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

    Errors
        tl.cdiv(x, 2) -> // is for integers, but its operands are fp32

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

    Errors
        tl.swizzle2d(x, 0, 2, 3, 4) -> // is for integers, but its operands are fp32

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

    Errors
        tl.full((n,), 0, tl.float32) -> tl.full: `shape`[0] must be known at compile time, but is a
            scalar of int32
        tl.full((16,), 300, tl.int8) -> 300 is out of range for int8

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

    Errors
        tl.zeros((n,), tl.float32) -> tl.zeros: `shape`[0] must be known at compile time, but is a
            scalar of int32
        tl.zeros((100,), tl.float32) -> dimension 0 of the tensor is 100, which is not a power of
            two

    Example
        acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    """

def zeros_like(input: Any) -> tensor:
    """A tensor of zeros of the shape and type of another.

    Parameters
        input: tensor

    Returns
        tensor like input

    Errors
        tl.zeros_like('x') -> tl.zeros_like: `input` must be a tensor or a number, but is a string

    Example
        acc = tl.zeros_like(x)
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

    Errors
        tl.cast(x, tl.int16, bitcast=True) -> a bitcast keeps the size, but fp32 has 32 bits and
            int16 has 16
        tl.cast(i, tl.float8e5) -> cannot cast int32 to fp8e5

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

    Errors
        x.to(tl.int16, bitcast=True) -> a bitcast keeps the size, but fp32 has 32 bits and int16 has
            16
        x.to(n) -> tl.to: `dtype` must be known at compile time, but is a scalar of int32

    Example
        y = x.to(tl.float16)
    """

def to_tensor(x: Any) -> tensor:
    """A constant or scalar as a tensor value.

    Parameters
        x: number, scalar or tensor

    Returns
        scalar tensor, or x if it is a tensor

    Errors
        tl.to_tensor('x') -> tl.to_tensor: `x` must be a tensor or a number, but is a string

    Example
        one = tl.to_tensor(1.0)
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

    Errors
        tl.cat(x, t) -> tl.cat: two tensors of one shape are expected, but these are a tensor of
            fp32 with shape [32] and a tensor of fp32 with shape [4, 8]
        tl.cat(x, y, dim=1) -> tl.cat: `dim`: invalid axis 1 for a tensor of rank 1

    Example
        z = tl.cat(x, y)
    """

def join(a: Any, b: Any) -> tensor:
    """Two tensors side by side along a new last axis.

    Parameters
        a: tensor
        b: tensor of the same type; shapes are broadcast

    Returns
        tensor of shape (..., 2): [..., 0] is a, [..., 1] is b

    Errors
        tl.join(x, tl.arange(0, 16)) -> shapes [32] and [16] cannot be broadcast together: dimension
            0 is 32 and 16
        tl.join(x, h) -> tl.join: the element types differ: fp32 and fp16

    Example
        pairs = tl.join(re, im)
    """

def split(a: Any) -> tuple[tensor, tensor]:
    """The two halves of a tensor along its last axis, which has size 2: the inverse of `tl.join`.

    Parameters
        a: tensor of shape (..., 2)

    Returns
        two tensors of shape (...)

    Errors
        tl.split(t) -> tl.split: the last dimension must be 2, but the shape is [4, 8]

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

    Errors
        tl.interleave(x, tl.arange(0, 16)) -> shapes [32] and [16] cannot be broadcast together:
            dimension 0 is 32 and 16
        tl.interleave(x, h) -> tl.interleave: the element types differ: fp32 and fp16

    Example
        z = tl.interleave(re, im)
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
        cache_modifier: '', '.ca', '.cg', '.cs' or '.cv', where the data is cached
        eviction_policy: '', 'evict_first', 'evict_last' or 'evict_normal'
        volatile: read the memory each time, in order

    Returns
        tensor of the pointer's shape, of the type pointed at

    Errors
        tl.load(i) -> tl.load: `pointer` must be a pointer or a tensor of pointers, but is a tensor
            of int32 with shape [32]
        tl.load(x_ptr + i, mask=tl.arange(0, 64) < n) -> tl.load: `mask` has shape [64], which does
            not fit the pointer's shape [32]
        tl.load(x_ptr + i, other=0.0) -> tl.load: `other` is given without `mask`
        tl.load(x_ptr + i, cache_modifier='.wb') -> tl.load: `cache_modifier` cannot be ".wb"

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

    Errors
        tl.store(x, 0.0) -> tl.store: `pointer` must be a pointer or a tensor of pointers, but is a
            tensor of fp32 with shape [32]
        tl.store(x_ptr + tl.arange(0, 64), x) -> tl.store: `value` has shape [32], which does not
            fit the pointer's shape [64]
        tl.store(x_ptr, x) -> tl.store: `value` has shape [32], but the pointer is a scalar

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

    Errors
        tl.atomic_add(x, 1) -> tl.atomic_add: `pointer` must be a pointer or a tensor of pointers,
            but is a tensor of fp32 with shape [32]
        tl.atomic_add(x_ptr + i, 1, sem='seq_cst') -> tl.atomic_add: `sem` cannot be "seq_cst"

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

    Errors
        tl.atomic_max(x, 1) -> tl.atomic_max: `pointer` must be a pointer or a tensor of pointers,
            but is a tensor of fp32 with shape [32]
        tl.atomic_max(x_ptr + i, 1, sem='seq_cst') -> tl.atomic_max: `sem` cannot be "seq_cst"

    Example
        tl.atomic_max(y_ptr + row, tl.max(x, axis=0))
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

    Errors
        tl.atomic_min(x, 1) -> tl.atomic_min: `pointer` must be a pointer or a tensor of pointers,
            but is a tensor of fp32 with shape [32]
        tl.atomic_min(x_ptr + i, 1, sem='seq_cst') -> tl.atomic_min: `sem` cannot be "seq_cst"

    Example
        tl.atomic_min(y_ptr + row, tl.min(x, axis=0))
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

    Errors
        tl.atomic_and(x_ptr, 1) -> tl.atomic_and is not defined for fp32

    Example
        tl.atomic_and(count_ptr + bins, 1)
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

    Errors
        tl.atomic_or(x_ptr, 1) -> tl.atomic_or is not defined for fp32

    Example
        tl.atomic_or(count_ptr + bins, 1)
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

    Errors
        tl.atomic_xor(x_ptr, 1) -> tl.atomic_xor is not defined for fp32

    Example
        tl.atomic_xor(count_ptr + bins, 1)
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

    Errors
        tl.atomic_xchg(x_ptr + i, t) -> tl.atomic_xchg: `val` has shape [4, 8], which does not fit
            the pointer's shape [32]

    Example
        tl.atomic_xchg(lock_ptr, 0, sem='release')
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

    Errors
        tl.atomic_cas(lock_ptr, 0) -> tl.atomic_cas: `val` is missing
        tl.atomic_cas(lock_ptr, 0.5, 1) -> the float 0.5 cannot become a constant of type int32

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

    Errors
        tl.atomic_load(x) -> tl.atomic_load: `pointer` must be a pointer or a tensor of pointers,
            but is a tensor of fp32 with shape [32]

    Example
        ready = tl.atomic_load(lock_ptr, sem='acquire')
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

    Errors
        tl.atomic_store(x, 1) -> tl.atomic_store: `pointer` must be a pointer or a tensor of
            pointers, but is a tensor of fp32 with shape [32]

    Example
        tl.atomic_store(lock_ptr, 1, sem='release')
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

    Errors
        tl.atomic_poll(lock_ptr, 1, timeout_ns=1000) -> static assertion failed: atomic_poll: there
            is no clock to measure timeout_ns with

    Example
        tl.atomic_poll(lock_ptr, 1, sem='acquire')
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

    Errors
        tl.make_block_ptr(x_ptr, (n, n), (n, 1), (0,), (16, 16), (1, 0)) -> tl.make_block_ptr:
            `offsets` has 1 item, but the block has 2 dimensions
        tl.make_block_ptr(x_ptr, (n, n), (n, 1), (0, 0), (16, n), (1, 0)) -> tl.make_block_ptr:
            `block_shape`[1] must be known at compile time, but is a scalar of int32

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

    Errors
        tl.advance(x_ptr, (1,)) -> tl.advance: `base` must be a block pointer, but is a pointer to
            fp32

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

    Errors
        tl.make_tensor_descriptor(x_ptr, [n, n], [1, n], [16, 64]) -> tl.make_tensor_descriptor: the
            last stride must be the constant 1, but is a scalar of int32
        tl.make_tensor_descriptor(x_ptr, [n, n], [n, 1], [16, 2]) -> tl.make_tensor_descriptor:
            Descriptor block shape must have at least 16 bytes in the last dimension, but 2 elements
            of fp32 have 8

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

    Errors
        tl.load_tensor_descriptor(x_ptr, [0, 0]) -> tl.load_tensor_descriptor: `desc` must be a
            tensor descriptor, but is a pointer to fp32

    Example
        a = tl.load_tensor_descriptor(desc, [row, k])
    """

def store_tensor_descriptor(desc: Any, offsets: Any, value: Any) -> None:
    """Write a block; the same as `desc.store(offsets, value)`.

    Parameters
        desc: tensor descriptor
        offsets: list of int32 scalars
        value: tensor of the block's shape

    Errors
        tl.store_tensor_descriptor(desc, [0, 0], t) -> tl.store_tensor_descriptor: `value` has shape
            [4, 8], but a block has shape [16, 64]

    Example
        tl.store_tensor_descriptor(desc, [row, column], a)
    """

def trans(input: Any, *dims: Any) -> tensor:
    """The tensor with its axes in another order.

    Parameters
        input: tensor
        dims: ints, the old axis of each new one; none: the last two change places

    Returns
        tensor of the permuted shape

    Errors
        tl.trans(x) -> tl.trans: a tensor of rank 2 or more is expected, but this has shape [32]
        tl.trans(t, (0, 0)) -> the dimensions given are not a permutation of 0 to 1

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

    Errors
        tl.permute(t, (0, 0)) -> the dimensions given are not a permutation of 0 to 1
        tl.permute(t, (1,)) -> 1 dimensions are given for a tensor of rank 2

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

    Errors
        tl.reshape(x, (4, 4)) -> cannot reshape [32] (32 elements) to [4, 4] (16 elements)

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

    Errors
        tl.view(x, (4, 4)) -> cannot reshape [32] (32 elements) to [4, 4] (16 elements)

    Example
        y = tl.view(x, (4, 8))
    """

def ravel(x: Any, can_reorder: Any=...) -> tensor:
    """The elements in row-major order along one axis.

    Parameters
        x: tensor
        can_reorder: allow any order of the elements

    Returns
        tensor of rank 1

    Errors
        tl.ravel(3) -> an int has no attribute `numel`

    Example
        y = tl.ravel(pairs)
    """

def expand_dims(input: Any, axis: Any) -> tensor:
    """The tensor with an axis of size 1 inserted.

    Parameters
        input: tensor
        axis: int, or a tuple of them, counted in the result

    Returns
        tensor

    Errors
        tl.expand_dims(x, 3) -> tl.expand_dims: `axis`: invalid axis 3 for a tensor of rank 2
        tl.expand_dims(x, (0, 0)) -> tl.expand_dims: duplicate axes, normalized axes = [0, 0]

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

    Errors
        tl.squeeze(t, 0) -> static assertion failed: squeeze: the shape is (4, 8), and only a
            dimension of 1 can be left out

    Example
        y = tl.squeeze(column, 1)
    """

def unsqueeze(x: Any, dim: Any) -> tensor:
    """The tensor with an axis of size 1 inserted.

    Parameters
        x: tensor
        dim: int, counted in the result

    Returns
        tensor

    Errors
        tl.unsqueeze(x, 3) -> static assertion failed: unsqueeze: invalid axis 3 for a tensor of
            rank 1

    Example
        column = tl.unsqueeze(x, 1)
    """

def broadcast(input: Any, other: Any) -> tuple[tensor, tensor]:
    """Two tensors broadcast to a common shape.

    Parameters
        input: tensor or scalar
        other: tensor or scalar

    Returns
        two tensors

    Errors
        tl.broadcast(x, tl.arange(0, 16)) -> shapes [32] and [16] cannot be broadcast together:
            dimension 0 is 32 and 16

    Example
        rows, columns = tl.broadcast(i[:, None], i[None, :])
    """

def broadcast_to(input: Any, *shape: Any) -> tensor:
    """The tensor broadcast to a shape.

    Parameters
        input: tensor or scalar
        shape: ints, or one tuple of them

    Returns
        tensor of the shape

    Errors
        tl.broadcast_to(x, (64,)) -> cannot broadcast shape [32] to [64]: dimension 0 is 32, and
            only a dimension of 1 is repeated

    Example
        y = tl.broadcast_to(x[:, None], (32, 8))
    """

def gather(src: Any, index: Any, axis: Any) -> tensor:
    """Elements of `src` along an axis by index.

    Parameters
        src: tensor
        index: integer tensor of src's rank, of the same size along the other axes
        axis: int

    Returns
        tensor of index's shape: for axis 0, r[i, j] = src[index[i, j], j]

    Errors
        tl.gather(x, y, 0) -> tl.gather: `index` must be a tensor of integers, but is a tensor of
            fp32 with shape [32]
        tl.gather(t, i, 0) -> tl.gather: `src` and `index` must have one rank, but their shapes are
            [4, 8] and [32]

    Example
        y = tl.gather(x, index, 0)
    """

def flip(x: Any, dim: Any=...) -> tensor:
    """The elements in reverse order along an axis.

    Parameters
        x: tensor
        dim: int; None: the last

    Returns
        tensor like x

    Errors
        tl.flip(x, 1) -> static assertion failed: invalid axis 1 for a tensor of rank 1

    Example
        y = tl.flip(x)
    """

def add(x: Any, y: Any, sanitize_overflow: Any=...) -> tensor:
    """x + y.

    Parameters
        x: tensor or scalar
        y: tensor or scalar
        sanitize_overflow: with TRITON_DEBUG, report integer overflow here

    Returns
        tensor

    Errors
        tl.add(x, tl.arange(0, 16)) -> shapes [32] and [16] cannot be broadcast together: dimension
            0 is 32 and 16

    Example
        z = tl.add(x, y)
    """

def sub(x: Any, y: Any, sanitize_overflow: Any=...) -> tensor:
    """x - y.

    Parameters
        x: tensor or scalar
        y: tensor or scalar
        sanitize_overflow: with TRITON_DEBUG, report integer overflow here

    Returns
        tensor

    Errors
        tl.sub(x_ptr, 0.5) -> unsupported operands for -: a pointer to fp32 and a float

    Example
        z = tl.sub(x, y)
    """

def mul(x: Any, y: Any, sanitize_overflow: Any=...) -> tensor:
    """x * y.

    Parameters
        x: tensor or scalar
        y: tensor or scalar
        sanitize_overflow: with TRITON_DEBUG, report integer overflow here

    Returns
        tensor

    Errors
        tl.mul(x_ptr, 2) -> unsupported operands for *: a pointer to fp32 and an int

    Example
        z = tl.mul(x, y)
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

    Errors
        tl.where(x > 0, x, tl.arange(0, 16)) -> shapes [32] and [16] cannot be broadcast together:
            dimension 0 is 32 and 16

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

    Errors
        tl.minimum(x, x_ptr) -> unsupported operands for tl.minimum: a tensor of fp32 with shape
            [32] and a pointer to fp32

    Example
        y = tl.minimum(x, 1.0)
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

    Errors
        tl.maximum(x, x_ptr) -> unsupported operands for tl.maximum: a tensor of fp32 with shape
            [32] and a pointer to fp32

    Example
        y = tl.maximum(x, 0.0)
    """

def clamp(x: Any, min: Any, max: Any, propagate_nan: Any=...) -> tensor:
    """x limited to [min, max].

    Parameters
        x: tensor or scalar
        min: tensor or scalar
        max: tensor or scalar
        propagate_nan: tl.PropagateNan.NONE or ALL

    Returns
        tensor

    Errors
        tl.clamp(x, x_ptr, 5.0) -> unsupported operands for tl.clamp: a tensor of fp32 with shape
            [32] and a pointer to fp32

    Example
        y = tl.clamp(x, 0.0, 1.0)
    """

def abs(x: Any) -> tensor:
    """The absolute value.

    Parameters
        x: tensor or scalar

    Returns
        tensor like x

    Errors
        tl.abs(x_ptr) -> tl.abs: `x` must be a number, but is a pointer to fp32

    Example
        y = tl.abs(x)
    """

def fma(x: Any, y: Any, z: Any) -> tensor:
    """x * y + z, rounded once.

    Parameters
        x: tensor or scalar
        y: tensor or scalar
        z: tensor or scalar

    Returns
        tensor

    Errors
        tl.fma(i, i, i) -> tl.fma is for floats, but its operands are int32

    Example
        z = tl.fma(x, y, 1.0)
    """

def fdiv(x: Any, y: Any, ieee_rounding: Any=..., approx: Any=...) -> tensor:
    """x / y in floating point.

    Parameters
        x: tensor or scalar
        y: tensor or scalar, one of the two in floating point
        ieee_rounding: round to nearest rather than within 2 ulp
        approx: allow the fast approximation

    Returns
        tensor

    Errors
        tl.fdiv(i, 2) -> tl.fdiv is for floats, but an operand is a tensor of int32 with shape [32]

    Example
        z = tl.fdiv(x, y)
    """

def div_rn(x: Any, y: Any) -> tensor:
    """x / y rounded to the nearest.

    Parameters
        x: float32 tensor or scalar
        y: float32 tensor or scalar

    Returns
        tensor

    Errors
        tl.div_rn(h, h) -> tl.div_rn is defined for fp32 and fp64, but `x` is a tensor of fp16 with
            shape [32]

    Example
        z = tl.div_rn(x, y)
    """

def umulhi(x: Any, y: Any) -> tensor:
    """The upper half of the product of two integers.

    Parameters
        x: int32, uint32, int64 or uint64 tensor or scalar
        y: the same type

    Returns
        tensor

    Errors
        tl.umulhi(x, x) -> tl.umulhi is defined for 32- and 64-bit integers, but an operand is a
            tensor of fp32 with shape [32]

    Example
        high = tl.umulhi(i, i)
    """

def exp(x: Any) -> tensor:
    """e to the power x.

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.exp(h) -> tl.exp is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.exp(x)
    """

def exp2(x: Any) -> tensor:
    """2 to the power x.

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.exp2(h) -> tl.exp2 is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.exp2(x)
    """

def log(x: Any) -> tensor:
    """The natural logarithm.

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.log(h) -> tl.log is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.log(x)
    """

def log2(x: Any) -> tensor:
    """The logarithm to base 2.

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.log2(h) -> tl.log2 is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.log2(x)
    """

def sin(x: Any) -> tensor:
    """The sine of x in radians.

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.sin(h) -> tl.sin is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.sin(x)
    """

def cos(x: Any) -> tensor:
    """The cosine of x in radians.

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.cos(h) -> tl.cos is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.cos(x)
    """

def erf(x: Any) -> tensor:
    """The error function.

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.erf(h) -> tl.erf is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.erf(x)
    """

def sqrt(x: Any) -> tensor:
    """The square root, possibly approximate on a GPU.

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.sqrt(h) -> tl.sqrt is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.sqrt(x)
    """

def sqrt_rn(x: Any) -> tensor:
    """The square root rounded to the nearest.

    Parameters
        x: float32 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.sqrt_rn(h) -> tl.sqrt_rn is defined for fp32 and fp64, but `x` is a tensor of fp16 with
            shape [32]

    Example
        y = tl.sqrt_rn(x)
    """

def rsqrt(x: Any) -> tensor:
    """1 / sqrt(x).

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.rsqrt(h) -> tl.rsqrt is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.rsqrt(x)
    """

def floor(x: Any) -> tensor:
    """The largest integer that is at most x.

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.floor(h) -> tl.floor is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.floor(x)
    """

def ceil(x: Any) -> tensor:
    """The smallest integer that is at least x.

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.ceil(h) -> tl.ceil is defined for fp32 and fp64, but `x` is a tensor of fp16 with shape
            [32]

    Example
        y = tl.ceil(x)
    """

def sigmoid(x: Any) -> tensor:
    """1 / (1 + exp(-x)).

    Parameters
        x: float32 or float64 tensor or scalar

    Returns
        tensor like x

    Errors
        tl.sigmoid(i) -> tl.exp is defined for fp32 and fp64, but `x` is a tensor of int32 with
            shape [32]

    Example
        y = tl.sigmoid(x)
    """

def softmax(x: Any, dim: Any=..., keep_dims: Any=..., ieee_rounding: Any=...) -> tensor:
    """exp(x) divided by its sum along an axis, computed without overflow.

    Parameters
        x: floating-point tensor
        dim: int, the axis; None: 0
        keep_dims: has no effect
        ieee_rounding: divide with correct rounding

    Returns
        tensor like x

    Errors
        tl.softmax(x, 1) -> `axis`: invalid axis 1 for a tensor of rank 1

    Example
        p = tl.softmax(x)
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

    Errors
        tl.sum(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1
        tl.sum(n) -> tl.sum: `input` is a scalar (int32); a tensor is expected

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

    Errors
        tl.max(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

    Example
        m = tl.max(x, axis=0)
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

    Errors
        tl.min(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

    Example
        m = tl.min(x, axis=0)
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

    Errors
        tl.argmax(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

    Example
        at = tl.argmax(x, axis=0)
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

    Errors
        tl.argmin(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

    Example
        at = tl.argmin(x, axis=0)
    """

def xor_sum(input: Any, axis: Any=..., keep_dims: Any=...) -> tensor:
    """The bitwise exclusive or of the elements along an axis.

    Parameters
        input: integer tensor
        axis: int, the axis; None: all elements
        keep_dims: keep the axis, with size 1

    Returns
        tensor without the axis

    Errors
        tl.xor_sum(x, axis=0) -> static assertion failed: xor_sum is for integers

    Example
        parity = tl.xor_sum(i, axis=0)
    """

def reduce_or(input: Any, axis: Any, keep_dims: Any=...) -> tensor:
    """The bitwise or of the elements along an axis.

    Parameters
        input: integer tensor
        axis: int
        keep_dims: keep the axis, with size 1

    Returns
        tensor without the axis

    Errors
        tl.reduce_or(x, axis=0) -> static assertion failed: reduce_or is for integers

    Example
        bits = tl.reduce_or(i, axis=0)
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

    Errors
        tl.reduce(x, 1, combine) -> `axis`: invalid axis 1 for a tensor of rank 1
        tl.reduce((x, y), 0, combine) -> `combine` takes 2 positional arguments, but 4 were given

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

    Errors
        tl.cumsum(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

    Example
        y = tl.cumsum(x, axis=0)
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

    Errors
        tl.cumprod(x, axis=1) -> `axis`: invalid axis 1 for a tensor of rank 1

    Example
        y = tl.cumprod(x, axis=0)
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

    Errors
        tl.associative_scan(x, 1, combine) -> `axis`: invalid axis 1 for a tensor of rank 1
        tl.associative_scan((x, t), 0, combine) -> tl.associative_scan: the inputs must have one
            shape, but these have [32] and [4, 8]

    Example
        y = tl.associative_scan(x, 0, combine)
    """

def histogram(input: Any, num_bins: Any, mask: Any=...) -> tensor:
    """How many elements have each value from 0 to num_bins - 1.

    Parameters
        input: integer tensor of rank 1
        num_bins: int, a power of two
        mask: tensor of bool: what to count. None: all

    Returns
        int32 tensor of shape (num_bins,)

    Errors
        tl.histogram(x, 8) -> tl.histogram: `input` must be a tensor of integers of rank 1, but is a
            tensor of fp32 with shape [32]
        tl.histogram(i, 10) -> dimension 0 of the histogram is 10, which is not a power of two

    Example
        counts = tl.histogram(bins, 8)
    """

def sort(x: Any, dim: Any=..., descending: Any=...) -> tensor:
    """The elements in ascending order along an axis.

    Parameters
        x: tensor
        dim: int, the axis; None: the last
        descending: in descending order

    Returns
        tensor like x

    Errors
        tl.sort(x, dim=1) -> static assertion failed: invalid axis 1 for a tensor of rank 1

    Example
        y = tl.sort(x)
    """

def topk(x: Any, k: Any, dim: Any=..., descending: Any=...) -> tensor:
    """The k largest elements along an axis, in descending order.

    Parameters
        x: tensor
        k: int, a power of two
        dim: int, the axis; None: the last
        descending: False: the k smallest, in ascending order

    Returns
        tensor whose axis has size k

    Errors
        tl.topk(x, 3) -> static assertion failed: topk: `k` is 3, which is not a power of two
        tl.topk(x, 64) -> static assertion failed: topk: `k` is 64, and the dimension has 32
            elements

    Example
        best = tl.topk(x, 4)
    """

def bitonic_merge(x: Any, dim: Any=..., descending: Any=...) -> tensor:
    """Sort along an axis what is bitonic: ascending, then descending, or the reverse.

    Parameters
        x: tensor
        dim: int, the axis; None: the last
        descending: in descending order

    Returns
        tensor like x

    Errors
        tl.bitonic_merge(x, dim=1) -> static assertion failed: invalid axis 1 for a tensor of rank 1

    Example
        y = tl.bitonic_merge(x)
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
        max_num_imprecise_acc: of 8-bit floating-point operands: after how many terms along K sums
            are added in float32
        out_dtype: the type of the result: float32, float16, int32 or float64

    Returns
        tensor of shape (M, N), or (B, M, N); float32, or int32 for int8 operands, unless out_dtype
            says otherwise

    Errors
        tl.dot(a, tl.zeros((32, 16), tl.float16)) -> tl.dot: the shapes [16, 16] and [32, 16] do not
            fit: 16 and 32
        tl.dot(a, tl.zeros((16, 16), tl.float32)) -> tl.dot: both operands must have one element
            type, but they are fp16 and fp32
        tl.dot(x, x) -> tl.dot: both operands must have one rank, 2 at least, but their shapes are
            [32] and [32]
        tl.dot(a, a, out_dtype=tl.bfloat16) -> tl.dot: `out_dtype` cannot be bf16

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

    Errors
        tl.dot_scaled(a, None, 'fp8', a, None, 'fp16') -> tl.dot_scaled: `lhs_format` cannot be
            "fp8"
        tl.dot_scaled(a, None, 'e4m3', a, None, 'fp16') -> tl.dot_scaled: `lhs` of format "e4m3"
            must be fp8e4nv, or its bits as uint8, but it is fp16

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

    Errors
        tl.rand(0.5, i) -> static assertion failed: the seed of random numbers must be an integer

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

    Errors
        tl.rand4x(0.5, i) -> static assertion failed: the seed of random numbers must be an integer

    Example
        r0, r1, r2, r3 = tl.rand4x(seed, offsets)
    """

def randn(seed: Any, offset: Any, n_rounds: Any=...) -> tensor:
    """Normally distributed random numbers of mean 0 and variance 1.

    Parameters
        seed: integer scalar
        offset: int32 tensor
        n_rounds: int, rounds of Philox

    Returns
        float32 tensor of offset's shape

    Errors
        tl.randn(0.5, i) -> static assertion failed: the seed of random numbers must be an integer

    Example
        r = tl.randn(seed, offsets)
    """

def randn4x(seed: Any, offset: Any, n_rounds: Any=...) -> tuple[tensor, tensor, tensor, tensor]:
    """Four tensors of normally distributed random numbers.

    Parameters
        seed: integer scalar
        offset: int32 tensor
        n_rounds: int, rounds of Philox

    Returns
        four float32 tensors

    Errors
        tl.randn4x(0.5, i) -> static assertion failed: the seed of random numbers must be an integer

    Example
        r0, r1, r2, r3 = tl.randn4x(seed, offsets)
    """

def randint(seed: Any, offset: Any, n_rounds: Any=...) -> tensor:
    """Uniform random 32-bit integers.

    Parameters
        seed: integer scalar
        offset: int32 tensor
        n_rounds: int, rounds of Philox

    Returns
        uint32 tensor of offset's shape

    Errors
        tl.randint(0.5, i) -> static assertion failed: the seed of random numbers must be an integer

    Example
        r = tl.randint(seed, offsets)
    """

def randint4x(seed: Any, offset: Any, n_rounds: Any=...) -> tuple[tensor, tensor, tensor, tensor]:
    """Four tensors of uniform random 32-bit integers.

    Parameters
        seed: integer scalar
        offset: int32 tensor
        n_rounds: int, rounds of Philox

    Returns
        four uint32 tensors

    Errors
        tl.randint4x(0.5, i) -> static assertion failed: the seed of random numbers must be an
            integer

    Example
        r0, r1, r2, r3 = tl.randint4x(seed, offsets)
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

    Errors
        tl.philox(0.5, i, 0, 0, 0) -> static assertion failed: the seed of random numbers must be an
            integer

    Example
        r0, r1, r2, r3 = tl.philox(seed, offsets, 0, 0, 0)
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

    Errors
        tl.philox_impl(i, i, i, i, 1, 2) -> static assertion failed: philox_impl takes uint32 or
            uint64 counters

    Example
        r0, r1, r2, r3 = tl.philox_impl(c, c, c, c, key, key)
    """

def uint_to_uniform_float(x: Any) -> tensor:
    """Random integers as numbers in [0, 1).

    Parameters
        x: uint32 or uint64 tensor

    Returns
        float32 tensor

    Errors
        tl.uint_to_uniform_float(x) -> static assertion failed: uint_to_uniform_float takes 32- or
            64-bit integers

    Example
        u = tl.uint_to_uniform_float(tl.randint(seed, offsets))
    """

def pair_uniform_to_normal(u1: Any, u2: Any) -> tuple[tensor, tensor]:
    """Two uniform numbers as two normal ones (Box and Muller).

    Parameters
        u1: float32 tensor in (0, 1)
        u2: float32 tensor

    Returns
        two float32 tensors

    Errors
        tl.pair_uniform_to_normal(x, tl.arange(0, 16)) -> shapes [32] and [16] cannot be broadcast
            together: dimension 0 is 32 and 16

    Example
        n1, n2 = tl.pair_uniform_to_normal(u1, u2)
    """

def multiple_of(input: Any, values: Any) -> tensor:
    """Promise that along each axis the first element of every group is a multiple of a number.

    Parameters
        input: tensor or scalar
        values: int, or a tuple of an int per axis

    Returns
        input

    Errors
        tl.multiple_of(i, n) -> tl.multiple_of: `values` must be a tuple or list of integers known
            at compile time, but is a scalar of int32
        tl.multiple_of(i, (16, 16)) -> tl.multiple_of: 2 values for a tensor of rank 1

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

    Errors
        tl.max_contiguous(i, n) -> tl.max_contiguous: `values` must be a tuple or list of integers
            known at compile time, but is a scalar of int32

    Example
        offsets = tl.max_contiguous(offsets, 16)
    """

def max_constancy(input: Any, values: Any) -> tensor:
    """Promise that along each axis every group of so many elements is equal.

    Parameters
        input: tensor
        values: int, or a tuple of an int per axis

    Returns
        input

    Errors
        tl.max_constancy(i, n) -> tl.max_constancy: `values` must be a tuple or list of integers
            known at compile time, but is a scalar of int32

    Example
        group = tl.max_constancy(offsets // 16, 16)
    """

def assume(cond: Any) -> None:
    """Promise that a condition holds.

    Parameters
        cond: scalar of bool

    Errors
        tl.assume(x > 0) -> a condition must be a scalar, but this is a tensor of int1 with shape
            [32]
        tl.assume(False) -> tl.assume: the condition is known to be false

    Example
        tl.assume(stride > 0)
    """

def debug_barrier() -> None:
    """Wait for all threads of the program; accesses to memory before it come before those after it.

    Example
        tl.debug_barrier()
    """

def static_print(*values: Any, sep: Any=..., end: Any=..., file: Any=..., flush: Any=...) -> None:
    """Print values while compiling.

    Parameters
        values: constants, tensors (their types), strings
        sep: str
        end: str
        file: None
        flush: bool

    Example
        tl.static_print('BLOCK is', BLOCK)
    """

def static_assert(cond: Any, msg: Any=...) -> None:
    """Fail to compile unless a constant condition holds.

    Parameters
        cond: constant
        msg: str

    Errors
        tl.static_assert(n > 0) -> tl.static_assert: the condition must be known at compile time,
            but is a scalar of int1
        tl.static_assert(BLOCK > 64, 'BLOCK is too small') -> static assertion failed: BLOCK is too
            small

    Example
        tl.static_assert(BLOCK >= 16)
    """

def device_print(prefix: Any, *args: Any, hex: Any=...) -> None:
    """Print values when the kernel runs, each element with its program and index.

    Parameters
        prefix: str, a constant
        args: tensors or scalars
        hex: integers in hexadecimal

    Errors
        tl.device_print(n) -> tl.device_print: `prefix` must be known at compile time, but is a
            scalar of int32

    Example
        tl.device_print('x', x)
    """

def device_assert(cond: Any, msg: Any=..., mask: Any=...) -> None:
    """End the program with a message where a condition fails; only with debug=True or TRITON_DEBUG=1.

    Parameters
        cond: tensor of bool
        msg: str, a constant
        mask: tensor of bool: where to check. None: everywhere

    Errors
        tl.device_assert(x > 0, n) -> tl.device_assert: `msg` must be known at compile time, but is
            a scalar of int32

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

    Errors
        tl.expect_zero(x, tl.arange(0, 16)) -> shapes [32] and [16] cannot be broadcast together:
            dimension 0 is 32 and 16

    Example
        x = tl.expect_zero(x, x < 0)
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

    Errors
        tl.inline_asm_elementwise('ex2.approx.f32 $0, $1;', '=f,f', x, tl.float32, True, 1) ->
            tl.inline_asm_elementwise: `args` must be a list of tensors, but is a tensor of fp32
            with shape [32]

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

    Errors
        tl.map_elementwise(square, n) -> tl.map_elementwise takes tensors, not scalars

    Example
        y = tl.map_elementwise(square, x)
    """

def aggregate_replace(instance: Any, *changes: Any) -> Any:
    """A changed copy of an object of an aggregate class.

    Parameters
        instance: the object
        changes: field=value, ...

    Returns
        object of the same class

    Errors
        tl.aggregate_replace(x, y=0) -> tl.aggregate_replace() takes an object of a class first, not
            a tensor of fp32 with shape [32]

    Example
        moved = tl.aggregate_replace(point, x=x + 1)
    """

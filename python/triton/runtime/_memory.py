"""Values of Triton IR as NumPy arrays, and the memory that interpreted kernels see.

A value is an array of the tensor's shape (of no dimensions for a scalar):

    i1               bool
    iN               the signed integers of NumPy; ops that are unsigned see the same bits so
    f16 f32 f64      NumPy's
    bf16, 8-bit      float32 that holds such a number; every op's result is rounded to the format again
    pointers         int64 addresses

Formats that NumPy lacks are known by the tables that the C library gives (`float_codes`).
"""

from __future__ import annotations

import re

import numpy as np

from .._C import libtriton as _C
from .errors import InterpreterError

INTS = {8: np.int8, 16: np.int16, 32: np.int32, 64: np.int64}
UINTS = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}
NATIVE = {"f16": np.float16, "f32": np.float32, "f64": np.float64}
_CODES = {1: np.uint8, 2: np.uint16}


# ---- types -----------------------------------------------------------------------------------------------------------


class Type:
    """A type of the IR: `elem` is "f32", "i1", "ptr"; `shape` is () for a scalar.

    Attributes
    ----------
    pointee : Type or None
        Of a pointer; a tensor's for a block pointer.
    """

    __slots__ = ("bits", "elem", "pointee", "shape", "text")

    def __init__(self, text: str) -> None:
        self.text, self.shape, self.pointee = text, (), None
        inner = text
        if text.startswith("tensor<"):
            inner = text[len("tensor<") : -1].partition(", #")[0]
            found = re.match(r"((?:\d+x)*)(.*)", inner)
            self.shape = tuple([int(n) for n in found[1].split("x")[:-1]])
            inner = found[2]
        if inner.startswith(("!tt.ptr<", "!tt.tensordesc<")):
            self.elem = "ptr" if inner.startswith("!tt.ptr<") else "desc"
            body = inner[inner.index("<") + 1 : -1]
            self.pointee = type_of(re.sub(r", \d+$", "", body))
            self.bits = 64
        else:
            self.elem = re.sub(r"^[su]i", "i", inner)
            self.bits = 8 if inner.startswith("f8") else int(re.search(r"\d+", inner)[0]) if inner != "index" else 64
            if inner == "index":
                self.elem = "i64"

    @property
    def size(self) -> int:
        """Bytes of an element in memory."""
        return max(self.bits, 8) // 8

    @property
    def is_int(self) -> bool:
        return self.elem[0] == "i"

    @property
    def is_float(self) -> bool:
        return self.elem[0] in "fb"


_types: dict = {}


def type_of(text: str) -> Type:
    """The type that is spelled so."""
    found = _types.get(text)
    if found is None:
        found = _types[text] = Type(text)
    return found


def storage_of(elem: str) -> type:
    """NumPy's type of the values of an element type."""
    if elem == "i1":
        return np.bool_
    if elem[0] == "i":
        return INTS[int(elem[1:])]
    return np.int64 if elem == "ptr" else NATIVE.get(elem, np.float32)


# ---- formats that NumPy lacks ----------------------------------------------------------------------------------------


class _Format:
    """A format of 8 or 16 bits: the value of every code, and how a number becomes a code."""

    def __init__(self, elem: str) -> None:
        bits = 16 if elem == "bf16" else 8
        self.values = np.array(_C.float_codes(elem), np.float32)
        self.code_type = _CODES[bits // 8]
        half = 1 << (bits - 1)
        positive = self.values[:half].astype(np.float64)
        self.finite = positive[np.isfinite(positive)]  # in the order of their codes, which is that of their values
        self.nan = 0x7FC0 if bits == 16 else int(np.flatnonzero(np.isnan(self.values[: half + 1]))[-1])  # 0x80 or 0x7F
        self.sign = half
        self.has_minus_zero = not np.isnan(self.values[half])
        self.saturates = bits == 8

    def encode(self, x: np.ndarray, toward_zero: bool = False) -> np.ndarray:
        magnitude = np.abs(x.astype(np.float64))
        above = np.searchsorted(self.finite, magnitude, side="left")  # the first that is no smaller
        top = len(self.finite) - 1
        high, low = np.minimum(above, top), np.clip(above - 1, 0, top)
        exact = self.finite[high] == magnitude
        middle = (self.finite[low] + self.finite[high]) / 2
        nearer_high = (magnitude > middle) | ((magnitude == middle) & (low & 1 == 1))
        code = np.where(exact | (nearer_high & (not toward_zero)), high, low)
        over = above > top
        if not self.saturates:
            step = self.finite[top] - self.finite[top - 1]
            infinite = np.isinf(magnitude) if toward_zero else magnitude >= self.finite[top] + step / 2
            code = np.where(over & infinite, top + 1, np.where(over, top, code))
        else:
            code = np.where(over, top, code)
        code = np.where(np.signbit(x) & (self.has_minus_zero | (code != 0)), code | self.sign, code)
        return np.where(np.isnan(x), self.nan, code).astype(self.code_type)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        return self.values[codes]


_formats: dict = {}


def format_of(elem: str) -> _Format:
    """The format of an element type that NumPy lacks."""
    found = _formats.get(elem)
    if found is None:
        found = _formats[elem] = _Format(elem)
    return found


def _to_bf16(x: np.ndarray) -> np.ndarray:
    """Float32 rounded to bfloat16, to nearest even."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    rounded = (bits + (0x7FFF + ((bits >> np.uint32(16)) & np.uint32(1)))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(x), np.float32(np.nan), rounded.view(np.float32))


def rounded(x: np.ndarray, elem: str, toward_zero: bool = False) -> np.ndarray:
    """Floating-point numbers as values of an element type."""
    native = NATIVE.get(elem)
    if native is not None:
        y = np.asarray(x).astype(native)
        return _toward_zero(np.asarray(x), y, native) if toward_zero else y
    if elem == "bf16" and not toward_zero and np.asarray(x).dtype == np.float32:
        return _to_bf16(np.asarray(x))
    return format_of(elem).decode(format_of(elem).encode(np.asarray(x), toward_zero))


def _toward_zero(x: np.ndarray, y: np.ndarray, native: type) -> np.ndarray:
    away = np.abs(y.astype(np.float64)) > np.abs(x.astype(np.float64))
    return np.where(away, np.nextafter(y, native(0)), y).astype(native)


def to_codes(x: np.ndarray, kind: Type) -> np.ndarray:
    """The bits of values, as unsigned integers of the element's size."""
    if kind.elem == "i1":
        return x.astype(np.uint8)
    if kind.is_float and kind.elem not in NATIVE:
        return format_of(kind.elem).encode(x)
    return np.ascontiguousarray(x).view(UINTS[kind.bits]).reshape(x.shape)


def from_codes(codes: np.ndarray, kind: Type) -> np.ndarray:
    """Values from their bits."""
    if kind.elem == "i1":
        return codes != 0
    if kind.is_float and kind.elem not in NATIVE:
        return format_of(kind.elem).decode(codes)
    return np.ascontiguousarray(codes).view(storage_of(kind.elem)).reshape(codes.shape)


# ---- memory ----------------------------------------------------------------------------------------------------------


class Memory:
    """The memory that a launch may touch: pieces with a first address, bytes and a name.

    Attributes
    ----------
    pieces : list of (int, int, numpy.ndarray, str)
        First address, address after the last, the bytes, what it is called.
    trusts_integers : bool
        A pointer was made of an integer: addresses outside all pieces are taken as they are.
    """

    def __init__(self) -> None:
        self.pieces: list = []
        self.trusts_integers = False
        self._everything = None

    def add(self, address: int, data: np.ndarray, name: str) -> None:
        self.pieces.append((address, address + data.size, data, name))

    def _piece(self, low: int, high: int, size: int) -> tuple | None:
        for piece in self.pieces:
            if piece[0] <= low and high + size <= piece[1]:
                return piece
        return None

    def _outside(self, addresses: np.ndarray, size: int, what: str) -> InterpreterError:
        for address in addresses.ravel().tolist():
            if self._piece(address, address, size) is None:
                break
        nearest = min(self.pieces, default=None, key=lambda p: max(p[0] - address, address + size - p[1]))
        where = ""
        if nearest is not None:
            index = (address - nearest[0]) // size
            where = f": element {index} of `{nearest[3]}`, which has {(nearest[1] - nearest[0]) // size}"
        return InterpreterError(f"{what} outside of every argument{where} (address {address:#x})")

    def _groups(self, addresses: np.ndarray, size: int, what: str) -> list:
        """(piece's bytes, its first address, which of the addresses) for addresses, which are not none."""
        low, high = int(addresses.min()), int(addresses.max())
        piece = self._piece(low, high, size)
        if piece is not None:
            return [(piece[2], piece[0], slice(None))]
        groups, left = [], np.ones(addresses.shape, bool)
        for start, end, data, _ in self.pieces:
            inside = left & (addresses >= start) & (addresses + size <= end)
            if inside.any():
                groups.append((data, start, inside))
                left &= ~inside
        if left.any():
            if not self.trusts_integers:
                raise self._outside(addresses[left], size, what)
            groups.append((self._all(), 1, left))
        return groups

    def _all(self) -> np.ndarray:
        if self._everything is None:
            interface = {"data": (1, False), "shape": (2**47 - 2,), "typestr": "|u1", "version": 3}
            self._everything = np.asarray(type("Everything", (), {"__array_interface__": interface})())
        return self._everything

    def read(self, addresses: np.ndarray, kind: Type) -> np.ndarray:
        """The values at addresses, a list of them."""
        size = kind.size
        codes = np.zeros(addresses.shape, f"u{size}")
        if addresses.size:
            for data, start, which in self._groups(addresses, size, "a load"):
                at = (addresses[which] - start)[..., None] + np.arange(size)
                codes[which] = data[at].view(f"u{size}")[..., 0]
        return from_codes(codes, kind)

    def write(self, addresses: np.ndarray, values: np.ndarray, kind: Type) -> None:
        """Values to addresses; of several to one address the last stays."""
        size = kind.size
        if not addresses.size:
            return
        codes = np.ascontiguousarray(to_codes(np.asarray(values), kind))
        for data, start, which in self._groups(addresses, size, "a store"):
            at = (addresses[which] - start)[..., None] + np.arange(size)
            if not data.flags.writeable:
                raise InterpreterError("a store to an argument that is read-only")
            data[at] = codes[which].reshape(-1, 1).view(np.uint8)


class DeviceAssertion(AssertionError, RuntimeError):
    """A `tl.device_assert` that fails: an AssertionError, and the RuntimeError that compiled kernels raise."""

    def __init__(self, message: str) -> None:
        super().__init__(f"device assertion failed in program {state.program}: {message}")


class State:
    """What ops ask of the launch at hand."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.program = (0, 0, 0)
        self.grid = (1, 1, 1)
        self.print = None


state = State()


def _masked(pointer: np.ndarray, mask: object) -> np.ndarray | None:
    return None if mask is None else np.broadcast_to(mask, pointer.shape)


def load(pointer: np.ndarray, mask: object, other: object, kind: Type) -> np.ndarray:
    """What stands at pointers; `other`, or zero, where the mask is off."""
    mask = _masked(pointer, mask)
    if mask is None:
        return state.memory.read(pointer.reshape(-1), kind).reshape(pointer.shape)
    result = np.zeros(pointer.shape, storage_of(kind.elem))
    if other is not None:
        result[...] = other
    result[mask] = state.memory.read(pointer[mask].reshape(-1), kind)
    return result


def store(pointer: np.ndarray, value: np.ndarray, mask: object, kind: Type) -> None:
    """Values to pointers where the mask is on."""
    value, mask = np.broadcast_to(value, pointer.shape), _masked(pointer, mask)
    if mask is not None:
        pointer, value = pointer[mask], value[mask]
    state.memory.write(pointer.reshape(-1), value.reshape(-1), kind)

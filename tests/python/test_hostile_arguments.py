"""Arguments whose methods run code of their own while a launch looks at them: they change lists, launch kernels, raise, or
hold themselves. A launch ends in an exception or with the right result, and the process stays."""

import gc
import sys
import threading
import time

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from triton._C import libtriton


@triton.jit
def put(p):
    tl.store(p, 7.0)


@triton.jit
def put_first(p, t):
    tl.store(p, t[0])


@triton.jit
def put_two(p, t):
    tl.store(t[0], t[1])


@triton.jit
def with_constant(p, c: tl.constexpr):
    tl.store(p, 1.0)


class Wrapped:
    """A tensor in Python, with something to do when it is asked."""

    dtype = "float32"

    def __init__(self, tensor, act=lambda: None):
        self.tensor, self.act = tensor, act

    def data_ptr(self):
        self.act()
        return self.tensor.data_ptr()


def of_new_type(tensor):
    return type("Fresh", (Wrapped,), {})(tensor)


def test_a_list_that_empties_itself_while_it_is_looked_at():
    x = torch.zeros(1)
    items = [Wrapped(torch.zeros(1), lambda: (items.clear(), gc.collect())), 2.0, x]
    with pytest.raises(RuntimeError, match="changed while"):
        put_two[(1,)](x, items)
    # Once the kernel is known the items are those of the beginning.
    items[:] = [Wrapped(x), 3.0, x]
    put_two[(1,)](x, items)
    assert x.item() == 3
    items[:] = [Wrapped(x, lambda: (items.clear(), gc.collect())), 4.0, x]
    put_two[(1,)](x, items)
    assert x.item() == 4 and not items


def test_a_kernel_object_takes_such_a_list():
    x = torch.zeros(1)
    kernel = put_two[(1,)](x, [Wrapped(x), 3.0])
    items = [Wrapped(x, lambda: (items.clear(), gc.collect())), 5.0]
    kernel._launch((1,), (x, items))
    assert x.item() == 5


def test_a_grid_that_empties_itself():
    class Number:
        def __index__(self):
            grid.clear()
            return 1

    grid, x = [Number(), 1, 1], torch.zeros(1)
    put[grid](x)
    assert x.item() == 7


@pytest.mark.filterwarnings("ignore:kernel .* are not checked")
@pytest.mark.parametrize("debug", [False, True])
def test_many_types_are_met_while_one_is_looked_at(debug):
    x = torch.zeros(1)

    class Launches(Wrapped):
        @property
        def is_cuda(self):
            for _ in range(150):
                put[(1,)](of_new_type(x))
            gc.collect()
            return False

    for _ in range(2):
        x.zero_()
        put[(1,)](Launches(x), debug=debug)
        assert x.item() == 7


def test_a_launch_in_a_launch():
    x, depth = torch.zeros(1), []

    class Nested(Wrapped):
        def data_ptr(self):
            depth.append(1)
            if len(depth) < 50:
                put[(1,)](self)
            return x.data_ptr()

    put[(1,)](Nested(x))
    assert x.item() == 7
    endless = Wrapped(x, lambda: put[(1,)](endless))
    with pytest.raises(RecursionError):
        put[(1,)](endless)


def test_an_array_interface_that_changes_while_it_is_read():
    array = np.zeros(1, np.float32)

    class Flag:
        def __bool__(self):
            described.clear()
            gc.collect()
            return False

    class Array:
        @property
        def __array_interface__(self):
            return described

    for debug in False, True:
        described = {"data": (array.ctypes.data, Flag()), "typestr": "".join("<f4"), "shape": (1,), "version": 3}
        put[(1,)](Array(), debug=debug)
        assert array[0] == 7


@pytest.mark.filterwarnings("ignore:kernel .* are not checked")
@pytest.mark.parametrize("shape, strides", [((2**62, 2**62, 3), (2**62, 2**61, -(2**63))), ((2**62, 8), None),
                                            ((1,), (4, 4)), ((-1,), None), (("a",), None)])  # fmt: skip
def test_an_array_interface_of_impossible_sizes(shape, strides):
    array = np.zeros(1, np.float32)

    class Array:
        __array_interface__ = {"data": (array.ctypes.data, False), "typestr": "<f4", "shape": shape,
                               "strides": strides, "version": 3}  # fmt: skip

    put[(1,)](Array(), debug=True)
    assert array[0] == 7


@pytest.mark.filterwarnings("ignore:kernel .* are not checked")
def test_wrappers_around_each_other():
    x = torch.zeros(1)
    one, other = Wrapped(x), Wrapped(x)
    one.base, other.base = other, one
    put[(1,)](one, debug=True)
    assert x.item() == 7


def holds_itself(kind):
    if kind == "list":
        value = []
        value.append(value)
    elif kind == "constexpr":
        value = tl.constexpr(1)
        value.value = value
    else:
        value = ()
        for _ in range(100_000):
            value = (value,)
    return value


@pytest.mark.parametrize("kernel", [with_constant, put_first])
@pytest.mark.parametrize("kind", ["list", "constexpr", "tuple"])
def test_a_value_that_holds_itself(kernel, kind):
    with pytest.raises(RecursionError):
        kernel[(1,)](torch.zeros(1), holds_itself(kind))


def test_a_type_is_not_judged_by_an_instance_that_was_not_ready():
    x = torch.zeros(1)

    class Lazy:
        dtype = "float32"
        ready = False

        @property
        def data_ptr(self):
            if not self.ready:
                raise RuntimeError("not ready")
            return x.data_ptr

    with pytest.raises(RuntimeError, match="not ready"):
        put[(1,)](Lazy())
    Lazy.ready = True
    put[(1,)](Lazy())
    assert x.item() == 7


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
@pytest.mark.parametrize("name", ["data_ptr", "is_cuda", "dtype", "__index__", "__hash__", "__repr__", "__float__"])
def test_whatever_is_asked_may_raise(name, error):
    def fail(*_):
        raise error("asked")

    x = torch.zeros(1)
    names = {"dtype": "float32", "data_ptr": lambda self: x.data_ptr(), "is_cuda": False}
    if name.startswith("__"):
        names = {name: fail} if name != "__repr__" else {name: fail, "__hash__": object.__hash__}
    else:
        names[name] = property(fail)
    value = type("Fails", (), names)()
    for kernel in (put_first, with_constant, put):
        args = (value,) if kernel is put else (x, value)
        try:
            kernel[(1,)](*args)
        except (error, TypeError, triton.CompilationError):
            pass
    put[(1,)](x)
    assert x.item() == 7


# ---- constants: equal, and yet not the same -------------------------------------------------------------------------


@triton.jit
def copied_sign(p, c: tl.constexpr):
    x = tl.full((), c[0], tl.float32)
    tl.store(p, tl.where(x.to(tl.int32, bitcast=True) < 0, -1.0, 1.0))


@triton.jit
def sign_of(p, c: tl.constexpr):
    x = tl.full((), c, tl.float32)
    tl.store(p, tl.where(x.to(tl.int32, bitcast=True) < 0, -1.0, 1.0))


@triton.jit
def type_of(p, c: tl.constexpr):
    tl.store(p, tl.full((), c[0], tl.float32) if isinstance(c[0], float) else tl.full((), 10 + c[0], tl.float32))


def test_equal_constants_of_different_types():
    x = torch.zeros(1)
    found = []
    for value in ((1,), (1.0,), (1,), (1.0,)):
        type_of[(1,)](x, value)
        found.append(x.item())
    assert found == [11, 1, 11, 1]


def test_a_zero_keeps_its_sign():
    x = torch.zeros(1)
    found = []
    for value in ((0.0,), (-0.0,)):
        copied_sign[(1,)](x, value)
        found.append(x.item())
    for value in (np.float64(0.0), np.float64(-0.0), 0.0, -0.0):
        sign_of[(1,)](x, value)
        found.append(x.item())
    assert found == [1, -1] * 3


def test_threads_number_different_constants_differently():
    """A constant's __hash__ in Python lets other threads run between the question for a number and the answer."""

    class Slow:
        def __init__(self, text):
            self.text = text

        def __hash__(self):
            time.sleep(0.001)
            return hash(self.text)

        def __eq__(self, other):
            return isinstance(other, Slow) and self.text == other.text

        def __repr__(self):
            return self.text

    @triton.jit
    def kernel(p, c: tl.constexpr):
        tl.store(p, c[1])

    wrong, gate = [], threading.Barrier(4)

    def launches(thread):
        x = torch.zeros(1)
        gate.wait()
        for i in range(12):
            number = 100 * thread + i
            kernel[(1,)](x, (Slow(f"of {number}"), number))
            if x.item() != number:
                wrong.append((number, x.item()))

    threads = [threading.Thread(target=launches, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_kernels_are_forgotten_while_threads_compile():
    x = torch.zeros(1)
    stop = threading.Event()

    def forgets():
        while not stop.is_set():
            with_constant._forget()

    t = threading.Thread(target=forgets)
    t.start()
    try:
        for i in range(60):
            with_constant[(1,)](x, i)
    finally:
        stop.set()
        t.join()
    assert x.item() == 1


# ---- sequences that say wrong things of themselves --------------------------------------------------------------------


class NamedByNumbers(tuple):
    _fields = (1, 2)


class NamedTwiceAsMuch(tuple):
    _fields = ("a", "b", "c", "d")


class Raises(tuple):
    @property
    def _fields(self):
        raise ValueError("asked")


class Long(tuple):
    def __len__(self):
        return 10**9


class LongList(list):
    def __len__(self):
        return 10**9


@triton.jit
def put_constant(p, t: tl.constexpr):
    tl.store(p, t[0])


@pytest.mark.parametrize("kernel", [put_first, put_constant])
@pytest.mark.parametrize("kind", [NamedByNumbers, NamedTwiceAsMuch, Raises, Long, LongList])
def test_a_sequence_is_what_it_holds(kernel, kind):
    x = torch.zeros(1)
    kernel[(1,)](x, kind((3.0, 4.0)))
    assert x.item() == 3


@pytest.mark.parametrize("kernel", [put_first, put_constant])
def test_fields_without_a_spelling(kernel):
    class Named(tuple):
        _fields = ("\ud800", "b")

    with pytest.raises(UnicodeEncodeError):
        kernel[(1,)](torch.zeros(1), Named((3.0, 4.0)))


@pytest.mark.parametrize("depth", [90, 102, 300, 900])
def test_constants_that_nest_deeply(depth):
    value = 1
    for _ in range(depth):
        value = [value] if depth % 2 else (value,)
    x = torch.zeros(1)
    if depth > 101:
        with pytest.raises((triton.CompilationError, RecursionError), match="deep|depth"):
            with_constant[(1,)](x, value)
    else:
        with_constant[(1,)](x, value)
        assert x.item() == 1


# ---- damaged descriptions of kernels --------------------------------------------------------------------------------


@pytest.mark.parametrize("constants", [b"(", b")", b"", b"rr", b"x", b"(r", b"r)", b"(c)r" * 99, b"(" * 10**6, b"\0r"])
def test_an_image_of_another_kernels_constants_is_refused(constants):
    kernel = put.warmup(torch.zeros(1), grid=(1,))
    with pytest.raises(ValueError, match="another kernel"):
        libtriton.restore(kernel._image.save(), constants)


def test_options_that_change_their_dictionary():
    class Four:
        def __str__(self):
            options.clear()
            gc.collect()
            return "4"

    options = {"num_warps": Four(), "num_stages": 2, "maxnreg": 64}
    source = triton.compiler.ASTSource(put, {"p": "*fp32"}, {})
    assert triton.compile(source, target=triton.runtime.driver.active.get_current_target(), options=options)


# ---- nothing is kept ------------------------------------------------------------------------------------------------


def test_launches_of_odd_arguments_leave_nothing_behind():
    x = torch.zeros(1)
    array = np.zeros(1, np.float32)

    def odd():
        put[(1,)](Wrapped(x))
        put[(1,)](array)
        put[(1,)](array.data)
        put_first[(1,)](x, [1.0, [2, 3]])
        put_first[(1,)](x, (np.float32(2), np.int64(3)))
        with_constant[(1,)](x, (1, "a", 2.5))
        with_constant[(1,)](x, [1, 2])
        put[[1]](x)
        put[lambda meta: (1,)](x)
        for bad in (object(), Wrapped(None), "text", 2**70, None):
            with pytest.raises(Exception):  # noqa: B017
                put[(1,)](bad)

    for _ in range(20):
        odd()
    gc.collect()
    blocks, objects = sys.getallocatedblocks(), len(gc.get_objects())
    for _ in range(200):
        odd()
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 200
    assert len(gc.get_objects()) - objects < 100


@pytest.mark.measured
def test_printing_ir_leaves_nothing_behind():
    def resident():
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1])

    kernel = put.warmup(torch.zeros(1), grid=(1,))
    module = libtriton.parse_ir(kernel.asm["ttir"], "kernel.ttir")
    ops = []
    module.walk(ops.append)
    texts = [str(module), *map(str, ops)]
    for _ in range(200):
        str(module), module.verify()
    before = resident()
    for _ in range(2000):
        assert texts[0] == str(module) and module.verify()
    assert [str(module), *map(str, ops)] == texts
    assert resident() - before < 1000  # pages

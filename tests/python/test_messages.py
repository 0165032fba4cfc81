"""What is said of frequent mistakes in a launch or a kernel, and what the compiler warns of."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import triton
import triton.language as tl
from triton.compiler.errors import CompilationError


@triton.jit
def increment(x, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(x + at, tl.load(x + at) + 1)


@pytest.fixture
def fresh_cache(tmp_path, monkeypatch):
    """A kernel that comes from the disk cache brings no warnings."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))


@pytest.fixture
def x():
    return np.zeros(64, np.float32)


def test_the_stages_are_listed(x):
    kernel = increment[(1,)](x, BLOCK=64)
    assert "asm" in dir(kernel) and "ttir" in kernel.asm


def test_a_grid_that_reads_a_missing_argument(x):
    with pytest.raises(KeyError, match="the grid reads `BLOK`.*of `increment`; did you mean `BLOCK`.*BLOCK=64"):
        increment[lambda meta: (meta["BLOK"],)](x, BLOCK=64)
    with pytest.raises(KeyError, match="the grid reads `rows`.*of `increment`. It has x, BLOCK=64"):
        increment[lambda meta: (meta["rows"],)](x, BLOCK=64)
    tuned = triton.autotune([triton.Config({"BLOCK": 32}, num_warps=2)], key=[])(increment)
    with pytest.raises(KeyError, match="did you mean `BLOCK`.*BLOCK=32.*num_warps=2"):
        tuned[lambda meta: (meta["BLOCK_"],)](x)


def test_a_keyword_that_is_not_there(x):
    with pytest.raises(
        KeyError, match="Keyword argument BLOK was specified.*did you mean `BLOCK`.*`increment` are x, BLOCK"
    ):
        increment[(1,)](x, BLOK=64)
    with pytest.raises(KeyError, match="num_wraps was specified.*did you mean `num_warps`"):
        increment[(1,)](x, BLOCK=64, num_wraps=4)
    tuned = triton.autotune([triton.Config({"BLOCK_": 32})], key=[])(increment)
    with pytest.raises(KeyError, match="Keyword argument BLOCK_ was .*did you mean `BLOCK`"):
        tuned[(1,)](x)


@pytest.mark.parametrize("grid", [(1.0,), (64 / 32,), lambda meta: (64 / meta["BLOCK"],)])
def test_a_float_in_the_grid(x, grid):
    with pytest.raises(TypeError, match="is an int, not a float.*cdiv"):
        increment[grid](x, BLOCK=64)


def test_an_element_type_that_kernels_do_not_have():
    with pytest.raises(TypeError, match="argument `x`.*complex128"):
        increment[(1,)](np.zeros(64, np.complex128), BLOCK=64)


@triton.jit
def list_that_grows(x, n):
    parts = []
    for i in range(n):
        parts = parts + [i]


@triton.jit
def misspelled(x, n):
    tl.lod(x, unknown=undefined)  # noqa: F821


@triton.jit
def misspelled_keyword(x, n):
    tl.load(x, maks=True)


@pytest.mark.parametrize(
    "kernel, message",
    [
        (list_that_grows, "`parts` has 0 items before the loop, but 1 after.*tl.static_range"),
        (misspelled, "`tl` has no attribute `lod`.*did you mean `tl.load`"),
        (misspelled_keyword, "tl.load has no parameter `maks`"),
    ],
)
def test_mistakes_in_a_kernel(x, kernel, message):
    with pytest.raises(CompilationError, match=f"(?s){message}"):
        kernel[(1,)](x, 3)


# ---- warnings --------------------------------------------------------------------------------------------------------


@triton.jit
def logical(x, out, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    for _ in range(2):
        value = tl.load(x + at)
        inside = (value > 0) and (value < 3)  # THE LINE
        tl.store(out + at, tl.where(inside, value, 0.0))


@triton.jit
def scalars(x, n, BLOCK: tl.constexpr):
    first = tl.load(x)
    if first >= 0 and n > 0 or BLOCK == 1:
        tl.store(x, first + 1)


def test_and_on_tensors_warns_at_the_line_of_the_kernel(x, fresh_cache):
    x[:4] = [-1, 1, 2, 3]
    out = np.empty_like(x)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        logical[(1,)](x, out, BLOCK=64)
        logical[(1,)](x, out, BLOCK=64)  # compiled already
    assert list(out[:5]) == [0, 1, 2, 0, 0]
    (warning,) = caught
    line = next(i for i, text in enumerate(open(__file__), 1) if "# THE LINE" in text)
    assert warning.category is UserWarning and (warning.filename, warning.lineno) == (__file__, line)
    assert "`and` on tensors is deprecated" in str(warning.message) and "`&`" in str(warning.message)


def test_a_warning_that_is_an_error(x, fresh_cache):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="`and` on tensors"):
            logical[(1,)](x, x, BLOCK=32)


def test_scalars_and_constants_do_not_warn(x, fresh_cache):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scalars[(1,)](x, 1, BLOCK=64)
    assert x[0] == 1


def test_without_a_filter_the_warning_is_on_standard_error(tmp_path):
    source = open(__file__).read()
    begin = source.index("@triton.jit\ndef logical")
    (tmp_path / "program.py").write_text(
        "import numpy as np, triton, triton.language as tl\n"
        + source[begin : source.index("@triton.jit\ndef scalars")]
        + "logical[(1,)](np.zeros(64), np.zeros(64), BLOCK=64)\n"
    )
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert "program.py:7: UserWarning: `and` on tensors" in done.stderr and "(value < 3)" in done.stderr

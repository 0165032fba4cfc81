"""Kernels in JAX's programs: `triton.jax.triton_call`."""

import os
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import triton
import triton.language as tl
from triton.jax import triton_call


@triton.jit
def add_kernel(x, y, n, out, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, i < n) + tl.load(y + i, i < n), i < n)


def add(x, y, **more):
    return triton_call(
        x, y, x.size, kernel=add_kernel, out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
        grid=lambda meta: triton.cdiv(meta["n"], meta["BLOCK"]), BLOCK=64, **more,
    )  # fmt: skip


def random(*shape, dtype=jnp.float32, seed=0):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(shape, np.float32).astype(dtype))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int32", "int8"])
@pytest.mark.parametrize("n", [1, 1000])
def test_call_and_jit(dtype, n):
    x, y = (random(n, seed=0) * 10).astype(dtype), (random(n, seed=1) * 10).astype(dtype)
    assert (add(x, y) == x + y).all()
    assert (jax.jit(add)(x, y) == x + y).all()
    assert (jax.jit(lambda x, y: add(x * 2, y) * 4)(x, y) == (x * 2 + y) * 4).all()  # between others' kernels


def test_vmap():
    x, y = random(3, 100), random(100, seed=1)
    assert (jax.vmap(add, (0, None))(x, y) == x + y).all()
    assert (jax.jit(jax.vmap(add, (1, None), 1))(x.T, y) == (x + y).T).all()
    z = random(2, 3, 100, seed=2)
    assert (jax.vmap(jax.vmap(add, (0, 0)), (0, None))(z, x) == z + x).all()


@triton.jit
def softmax_kernel(x, y, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    row = tl.load(x + tl.program_id(0) * n + i, i < n, -float("inf"))
    e = tl.exp(row - tl.max(row, 0))
    tl.store(y + tl.program_id(0) * n + i, e / tl.sum(e, 0), i < n)


@triton.jit
def softmax_backward_kernel(y, dy, dx, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    at = tl.program_id(0) * n + i
    p, d = tl.load(y + at, i < n, 0.0), tl.load(dy + at, i < n, 0.0)
    tl.store(dx + at, p * (d - tl.sum(p * d, 0)), i < n)


def rows(*args, kernel):
    m, n = args[0].shape
    out = jax.ShapeDtypeStruct((m, n), args[0].dtype)
    return triton_call(*args, kernel=kernel, out_shape=out, grid=m, n=n, BLOCK=triton.next_power_of_2(n))


@jax.custom_vjp
def softmax(x):
    return rows(x, kernel=softmax_kernel)


softmax.defvjp(
    lambda x: (y := softmax(x), y), lambda y, dy: (rows(y, dy, kernel=softmax_backward_kernel),)
)  # fmt: skip


def test_gradients():
    x, w = random(5, 33), random(5, 33, seed=1)
    got = jax.jit(jax.value_and_grad(lambda x: (softmax(x) * w).sum()))(x)
    wanted = jax.value_and_grad(lambda x: (jax.nn.softmax(x, -1) * w).sum())(x)
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    batch = random(2, 5, 33, seed=2)
    np.testing.assert_allclose(jax.vmap(softmax)(batch), jax.nn.softmax(batch, -1), rtol=1e-5, atol=1e-6)


@triton.jit
def scale_kernel(x, factor, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + i, tl.load(x + i, i < n) * factor, i < n)


@triton.jit
def scale_into_kernel(x, factor, n, out, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, i < n) * factor, i < n)


@pytest.mark.parametrize("kernel", [scale_kernel, scale_into_kernel])
def test_an_output_in_an_inputs_memory(kernel):
    """As a parameter of its own or not, as the kernel is written."""

    def scale(x):
        return triton_call(
            x, 2.5, x.size, kernel=kernel, out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype), grid=16,
            input_output_aliases={0: 0}, BLOCK=64,
        )  # fmt: skip

    x = random(1000)
    wanted = np.asarray(x) * np.float32(2.5)
    assert (jax.jit(scale)(x) == wanted).all() and (scale(x) == wanted).all()
    assert (np.asarray(x) * np.float32(2.5) == wanted).all()  # who kept it finds it as it was
    donated = jax.jit(scale, donate_argnums=0)
    assert (donated(x) == wanted).all() and x.is_deleted()
    with pytest.raises(ValueError, match="share memory and differ"):
        triton_call(wanted, 1.0, 4, kernel=kernel, grid=1, BLOCK=64, input_output_aliases={0: 0},
                    out_shape=jax.ShapeDtypeStruct((4,), "float32"))  # fmt: skip


@triton.jit
def count_kernel(x, n, counts, total, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + i, i < n)
    tl.atomic_add(counts + v, 1, i < n)
    tl.atomic_add(total, tl.sum(tl.where(i < n, v, 0), 0))


def test_zeroed_outputs():
    x = jnp.arange(300, dtype=jnp.int32) % 7
    shapes = {"counts": jax.ShapeDtypeStruct((7,), "int32"), "total": jax.ShapeDtypeStruct((), "int32")}
    out = jax.jit(
        lambda x: triton_call(x, x.size, kernel=count_kernel, out_shape=shapes, grid=5, zeroed_outputs=(0, 1), BLOCK=64)
    )(x)
    assert (out["counts"] == jnp.bincount(x, length=7)).all() and out["total"] == x.sum()


@triton.heuristics({"EVEN": lambda named: named["n"] % 64 == 0})
@triton.jit
def heuristic_kernel(x, n, out, EVEN: tl.constexpr):
    i = tl.program_id(0) * 64 + tl.arange(0, 64)
    tl.store(out + i, tl.load(x + i, i < n) + (1 if EVEN else 2), i < n)


def test_heuristics():
    for n, more in ((64, 1), (65, 2)):
        x = random(n)
        out = triton_call(x, n, kernel=heuristic_kernel, out_shape=jax.ShapeDtypeStruct((n,), "float32"), grid=2)
        assert (out == x + more).all()


@triton.autotune([triton.Config({"BLOCK": b}, num_warps=w) for b, w in ((16, 1), (1024, 4))], key=["n"])
@triton.jit
def tuned_kernel(x, n, out, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, i < n) * 3, i < n)


def test_configurations_are_chosen_among():
    def triple(x):
        return triton_call(
            x, x.size, kernel=tuned_kernel, out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
            grid=lambda meta: (triton.cdiv(meta["n"], meta["BLOCK"]),),
        )  # fmt: skip

    x = random(5000)
    assert (jax.jit(triple)(x) == x * 3).all() and (triple(x) == x * 3).all()
    assert len(tuned_kernel.cache) == 1 and tuned_kernel.best_config in tuned_kernel.configs
    assert (triple(random(100)) == random(100) * 3).all() and len(tuned_kernel.cache) == 2


@triton.jit
def numbers_kernel(out, i, big, f, flag, one, none, d: tl.float64, h: tl.bfloat16):
    tl.store(out, i.to(tl.float64))
    tl.store(out + 1, big.to(tl.float64))
    tl.store(out + 2, f.to(tl.float64))
    tl.store(out + 3, flag.to(tl.float64))
    tl.store(out + 4, one + 0.0)
    tl.store(out + 5, d + (0.0 if none is None else 1.0))
    tl.store(out + 6, h.to(tl.float64))


def test_numbers():
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        out = triton_call(
            kernel=numbers_kernel, out_shape=jax.ShapeDtypeStruct((7,), "float64"), grid=(1, 1), i=-5, big=2**40,
            f=np.float32(0.1), flag=True, one=1, none=None, d=0.1, h=1.5,
        )  # fmt: skip
        assert out.tolist() == [-5, 2**40, float(np.float32(0.1)), 1, 1, 0.1, 1.5]


def test_trees():
    x, y = random(10), random(10, seed=1)
    shape = jax.ShapeDtypeStruct((10,), "float32")
    out = triton_call({"a": x, "b": y}, 10, kernel=add_kernel, out_shape=[shape], grid=1, BLOCK=16)
    assert isinstance(out, list) and (out[0] == x + y).all()


def test_mistakes():
    x, shape = random(10), jax.ShapeDtypeStruct((10,), "float32")
    with pytest.raises(
        TypeError, match=r"takes 4 arguments by position \(x, y, n, out\), and there are 2 inputs and 1"
    ):
        triton_call(x, x, kernel=add_kernel, out_shape=shape, grid=1, BLOCK=16)
    with pytest.raises(TypeError, match="misses a value for its parameter `BLOCK`"):
        triton_call(x, x, 10, kernel=add_kernel, out_shape=shape, grid=1)
    with pytest.raises(TypeError, match="no parameter `BLOK`, nor is it an option"):
        triton_call(x, x, 10, kernel=add_kernel, out_shape=shape, grid=1, BLOCK=16, BLOK=3)
    with pytest.raises(TypeError, match="no pointers to complex64"):
        triton_call(x, x + 1j, 10, kernel=add_kernel, out_shape=shape, grid=1, BLOCK=16)
    with pytest.raises(TypeError, match="decorated with @triton.jit"):
        triton_call(x, kernel=print, out_shape=shape, grid=1)
    with pytest.raises(TypeError, match="out_shape is required"):
        triton_call(x, x, 10, kernel=add_kernel, grid=1, BLOCK=16)
    with pytest.raises(ValueError, match="one to three sizes"):
        triton_call(x, x, 10, kernel=add_kernel, out_shape=shape, grid=(1, 2, 3, 4), BLOCK=16)


def test_the_compilation_cache_has_the_kernel_in_it(tmp_path):
    """Another process takes the program from JAX's cache and compiles no kernel: the package's cache is empty."""
    script = tmp_path / "program.py"
    script.write_text(
        textwrap.dedent("""
        import os, sys
        sys.path.insert(0, sys.argv[1])
        import jax, jax.numpy as jnp
        jax.config.update("jax_compilation_cache_dir", sys.argv[2])
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        hits = []
        jax.monitoring.register_event_listener(lambda name, **kw: hits.append(name) if "cache_hits" in name else None)
        from test_jax import add
        x = jnp.arange(500.0)
        assert (jax.jit(add)(x, x) == 2 * x).all()
        print("hits", len(hits))
        """)
    )
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, script, os.path.dirname(__file__), tmp_path / "jax"], capture_output=True, text=True,
            env={**os.environ, "TRITON_CACHE_DIR": str(tmp_path / "triton")},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said.append(int(done.stdout.split()[-1]))
    assert said[1] > said[0] == 0

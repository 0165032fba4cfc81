"""Hooks around compiles, globals that change, TRITON_INTERPRET."""

import json
import os
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from triton import knobs
from triton.compiler import IRSource
from triton.tools.tensor_descriptor import TensorDescriptor


def make():
    @triton.jit
    def kernel(x, n, BLOCK: tl.constexpr):
        at = tl.arange(0, BLOCK)
        tl.store(x + at, tl.load(x + at, mask=at < n) + 1, mask=at < n)

    return kernel


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "cache"))


# ---- knobs -----------------------------------------------------------------------------------------------------------


def test_post_compile_hook():
    told = []
    kernel = make()
    x = np.zeros(16, np.float32)
    with knobs.runtime.scope():
        knobs.runtime.jit_post_compile_hook = lambda **facts: told.append(facts)
        compiled = kernel[(1,)](x, 16, BLOCK=16, num_warps=2)
        kernel[(1,)](x, 16, BLOCK=16, num_warps=2)
        kernel.warmup(x, 16, BLOCK=32, grid=(1,))
    kernel[(1,)](x, 16, BLOCK=64)
    assert compiled.name == "kernel" and (x == 3).all()
    first, second = told
    assert first["fn"].jit_function is kernel and first["fn"].name.endswith("make.<locals>.kernel")
    assert first["compile"]["signature"] == {"x": "*fp32", "n": "i32", "BLOCK": "constexpr"}
    assert first["compile"]["constants"] == {(2,): 16} and first["compile"]["num_warps"] == 2
    assert first["compile"]["configs"][0][(1,)] == [["tt.divisibility", 16]]
    assert "num_warps=2" in first["repr"] and "x: *fp32" in first["repr"]
    assert not first["is_manual_warmup"] and second["is_manual_warmup"] and first["key"] != second["key"]
    assert first["already_compiled"] is False


def test_cache_hook_can_say_no():
    kernel = make()
    x = np.zeros(16, np.float32)
    with knobs.runtime.scope():
        knobs.runtime.jit_cache_hook = lambda **facts: True
        assert kernel[(1,)](x, 16, BLOCK=16) is None and (x == 0).all()
        knobs.runtime.jit_cache_hook = lambda **facts: None
        assert kernel[(1,)](x, 16, BLOCK=16) is not None and (x == 1).all()


def test_a_hook_that_raises():
    def refuse(**facts):
        raise ValueError("no")

    kernel = make()
    x = np.zeros(16, np.float32)
    for name in ("jit_cache_hook", "jit_post_compile_hook"):
        with knobs.runtime.scope():
            setattr(knobs.runtime, name, refuse)
            with pytest.raises(ValueError, match="no"):
                kernel[(1,)](x, 16, BLOCK=16)
    assert (x == 0).all()


def test_listener():
    told = []
    x = np.zeros(16, np.float32)
    with knobs.compilation.scope():
        knobs.compilation.listener = lambda **facts: told.append(facts)
        for _ in range(2):
            make()[(1,)](x, 16, BLOCK=16)
        signature = {"x": "*fp32", "n": "i32", "BLOCK": "constexpr"}
        triton.compile(triton.compiler.ASTSource(make(), signature, {"BLOCK": 8}))
    assert [facts["cache_hit"] for facts in told] == [False, True, False]
    assert told[0]["src"].signature == signature and told[0]["src"].constants == {(2,): 16}
    assert told[0]["metadata"]["name"] == "kernel" and told[0]["times"].total > 0


def test_a_hook_is_told_of_libraries():
    told = []
    with knobs.runtime.scope():
        knobs.runtime.jit_cache_hook = lambda **facts: told.append(facts["compile"]["extern_libs"])
        x = np.zeros(16, np.float32)
        make()[(1,)](x, 16, BLOCK=16, extern_libs={"libdevice": "somewhere.bc"})
        make()[(1,)](x, 16, BLOCK=16)
    assert told == [(("libdevice", "somewhere.bc"),), ()]


def test_load_hooks():
    """Around the one time that a kernel is loaded."""
    told = []

    def hook(when):
        return lambda module, function, name, metadata_group, hash: told.append((when, function, name, hash))

    chains = knobs.runtime.kernel_load_start_hook, knobs.runtime.kernel_load_end_hook
    hooks = [hook(when) for when in ("start", "start 2", "end", "end 2")]
    kernel = make()
    x = np.zeros(16, np.float32)
    early = kernel[(1,)](x, 16, BLOCK=8)
    try:
        for i, function in enumerate(hooks):
            chains[i // 2].add(function)
            chains[i // 2].add(function)  # once is enough
        compiled = kernel[(1,)](x, 16, BLOCK=16)
        facts = ("kernel", compiled.hash)
        order = [("start", None), ("start 2", None), ("end 2", compiled), ("end", compiled)]
        assert told == [(when, function, *facts) for when, function in order]
        kernel[(1,)](x, 16, BLOCK=16)
        kernel[(1,)](x, 16, BLOCK=8)  # loaded before there were hooks
        early._init_handles()
        assert len(told) == 4
        warm = kernel.warmup(x, 16, BLOCK=32, grid=(1,))
        assert len(told) == 4
        warm._init_handles()
        assert len(told) == 8 and told[4] == ("start", None, "kernel", warm.hash)
    finally:
        for i, function in enumerate(hooks):
            chains[i // 2].remove(function)
    kernel[(1,)](x, 16, BLOCK=64)
    assert len(told) == 8


def test_a_load_hook_that_raises():
    def refuse(*args):
        raise ValueError("no")

    kernel = make()
    x = np.zeros(16, np.float32)
    knobs.runtime.kernel_load_start_hook.add(refuse)
    try:
        with pytest.raises(ValueError, match="no"):
            kernel[(1,)](x, 16, BLOCK=16)
    finally:
        knobs.runtime.kernel_load_start_hook.remove(refuse)
    assert (x == 0).all()
    kernel[(1,)](x, 16, BLOCK=16)
    assert (x == 1).all()


@pytest.mark.parametrize("grid", [(1, 3, 2), lambda meta: (meta["n"] - 15, 3, 2)])
def test_launch_metadata(grid):
    """What the decorator's function says of a launch, in the one object that both hooks are given."""
    told, asked = [], []

    def describe(grid, metadata, args):
        asked.append(1)
        return {
            "grid": grid,
            "warps": metadata.num_warps,
            "n": args["n"],
            "block": args["BLOCK"],
            "flops": 8 * args["n"],
        }

    @triton.jit(launch_metadata=describe)
    def described(x, n, BLOCK: tl.constexpr):
        at = tl.arange(0, BLOCK)
        tl.store(x + at, 1.0, mask=at < n)

    def enter(metadata):
        told.append(("enter", metadata))

    def leave(metadata):
        told.append(("exit", metadata))

    x = np.zeros(16, np.float32)
    knobs.runtime.launch_enter_hook.add(enter)
    knobs.runtime.launch_exit_hook.add(leave)
    try:
        compiled = described[grid](x, 16, BLOCK=16, num_warps=2)
        assert [when for when, _ in told] == ["enter", "exit"] and told[0][1] is told[1][1] and not asked
        facts = told[0][1].get()
        assert told[1][1].get() is facts and len(asked) == 1
        assert facts == {
            "name": "described", "function": compiled, "stream": 0, "grid": (1, 3, 2), "warps": 2, "n": 16, "block": 16,
            "flops": 128,
        }  # fmt: skip
        compiled[(1, 3, 2)](x, 16, 16)
        assert len(told) == 4 and told[2][1].get()["grid"] == (1, 3, 2) and told[3][1] is told[2][1]
        compiled.run(1, 3, 2, 0, compiled.function, compiled.packed_metadata, None, None, None, x, 16, 16)
        assert len(told) == 4  # hooks are what run() is given
        compiled.run(1, 3, 2, 0, compiled.function, compiled.packed_metadata, "facts", enter, leave, x, 16, 16)
        assert told[4:] == [("enter", "facts"), ("exit", "facts")]
    finally:
        knobs.runtime.launch_enter_hook.remove(enter)
        knobs.runtime.launch_exit_hook.remove(leave)
    described[grid](x, 16, BLOCK=16, num_warps=2)
    assert len(told) == 6 and (x == 1).all()


def test_groups_that_are_replaced():
    told = []
    kernel, x = make(), np.zeros(16, np.float32)
    old = knobs.runtime
    try:
        knobs.runtime = old.copy().reset()
        knobs.runtime.jit_cache_hook = lambda **facts: True
        assert kernel[(1,)](x, 16, BLOCK=16) is None
        knobs.runtime = old.copy()
        knobs.runtime.launch_enter_hook.add(told.append)
        kernel[(1,)](x, 16, BLOCK=16)
        knobs.runtime.launch_enter_hook.remove(told.append)
    finally:
        knobs.runtime = old
    kernel[(1,)](x, 16, BLOCK=16)
    assert len(told) == 1 and (x == 2).all()


# ---- globals -----------------------------------------------------------------------------------------------------------

FACTOR = tl.constexpr(3)
TYPE = tl.float32


@triton.jit
def scaled(x):
    return x * FACTOR


@triton.jit
def with_globals(x, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(x + at, scaled(tl.load(x + at)).to(TYPE))


def test_a_global_that_changes_is_an_error(monkeypatch):
    x = np.ones(16, np.float32)
    with_globals[(1,)](x, 16)
    monkeypatch.setattr(sys.modules[__name__], "FACTOR", tl.constexpr(3))
    with_globals[(1,)](x, 16)  # another object of the same value is no change
    assert (x == 9).all()
    monkeypatch.setattr(sys.modules[__name__], "FACTOR", tl.constexpr(4))
    message = r"FACTOR has changed since we compiled this kernel, from constexpr\[3\] to constexpr\[4\]"
    with pytest.raises(RuntimeError, match=message):
        with_globals[(1,)](x, 16)
    monkeypatch.setattr(sys.modules[__name__], "FACTOR", tl.constexpr(3))
    with_globals[(1,)](x, 16)
    assert (x == 27).all()
    monkeypatch.setattr(sys.modules[__name__], "TYPE", tl.float16)
    with pytest.raises(RuntimeError, match="TYPE has changed"):
        with_globals[(1,)](x, 16)
    monkeypatch.delattr(sys.modules[__name__], "TYPE")
    with pytest.raises(RuntimeError, match="TYPE, which was .* is gone"):
        with_globals[(1,)](x, 16)


# ---- tuning ------------------------------------------------------------------------------------------------------------


def test_candidates_compile_in_parallel():
    """Two candidates wait for each other inside their compiles: one after the other they would never meet."""
    meeting = threading.Barrier(2, timeout=900)

    @triton.constexpr_function
    def meet(n):
        meeting.wait()
        return n

    @triton.autotune(
        [triton.Config({"BLOCK": b}) for b in (16, 32)], key=[], do_bench=lambda fn, quantiles: fn() or [1]
    )
    @triton.jit
    def kernel(x, BLOCK: tl.constexpr):
        at = tl.arange(0, meet(BLOCK))
        tl.store(x + at, 1.0)

    x = np.zeros(32, np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "cpu_count", lambda: 2)
        kernel[(1,)](x)
    assert (x == 1).all() and not meeting.broken


# ---- TRITON_INTERPRET --------------------------------------------------------------------------------------------------

INTERPRETED = """
import numpy as np, sys
import triton, triton.language as tl

@triton.jit
def kernel(order, count, limit):
    p = tl.program_id(0)
    tl.device_assert(p < limit, "too many")
    n = tl.atomic_add(count, 1)
    tl.store(order + n, p * 65536 * 65536 + p)

order, count = np.zeros(200, np.int32), np.zeros(1, np.int32)
kernel[(200,)](order, count, 200)
assert (order == np.arange(200)).all(), order  # one program after another; sums may wrap around
try:
    kernel[(200,)](order, np.zeros(1, np.int32), 100)
except RuntimeError as error:
    sys.exit(0 if "too many" in str(error) else 3)
sys.exit(2)
"""


@pytest.mark.parametrize("interpret, status", [("1", 0), ("0", 2)])
def test_interpret_checks_and_keeps_order(interpret, status, tmp_path):
    (tmp_path / "script.py").write_text(INTERPRETED)
    env = {**os.environ, "TRITON_INTERPRET": interpret}
    if interpret == "0":
        env["TRITONC_NUM_THREADS"] = "1"
    assert subprocess.run([sys.executable, str(tmp_path / "script.py")], env=env, timeout=900).returncode == status


@triton.jit
def specialized_kernel(a, b, n, FLAG: tl.constexpr):
    if FLAG:
        tl.store(a, n)


@pytest.mark.parametrize(
    "args",
    [
        (torch.float32, (1, 16, (7, 2**40)), 3, tl.float32),
        (torch.empty(8)[1:], (tl.constexpr(2), torch.empty(4), None), 2**63 + 2, True),
        (torch.empty(8), TensorDescriptor.from_tensor(torch.empty(64, 64), [16, 16]), -16, (1, "x")),
        (torch.int8, 2.5, True, None),
    ],
    ids=["numbers", "tuple", "descriptor", "float"],
)
def test_what_a_hook_was_told_can_be_preloaded(args):
    told = []
    with knobs.runtime.scope():
        knobs.runtime.jit_cache_hook = lambda **k: told.append(k["compile"]["specialization_data"])
        kernels = specialized_kernel.device_caches[0][0]
        kernels.clear()
        first = specialized_kernel.warmup(*args, grid=(1,), num_warps=8)
        kernels.clear()
        again = specialized_kernel.preload(told[0])
        assert again.hash == first.hash
        assert len(kernels) == 1
        assert len(told) == 2
        specialized_kernel.warmup(*args, grid=(1,), num_warps=8)
        assert len(told) == 2


def test_preloading_for_another_kernel_or_target():
    told = []
    with knobs.runtime.scope():
        knobs.runtime.jit_cache_hook = lambda **k: told.append(k["compile"]["specialization_data"])
        specialized_kernel.device_caches[0][0].clear()
        specialized_kernel.warmup(torch.float32, 1, 5, specialized_kernel, grid=(1,))
    data = json.loads(told[0])
    for wrong, message in (
        ({"name": "elsewhere.f"}, "Specialization data is for elsewhere.f but trying to preload for"),
        ({"target": {"backend": "other"}}, "Specialization data is for {'backend': 'other'} but"),
        ({}, "with the constant JITFunction"),
    ):
        with pytest.raises(RuntimeError, match=re.escape(message)):
            specialized_kernel.preload(json.dumps({**data, **wrong}))


def test_what_a_file_of_ir_says_of_its_kernel(tmp_path):
    file = tmp_path / "any.ttgir"
    file.write_text("""
      module attributes {"ttg.num-warps" = 8 : i32, ttg.target = "cuda:90"} {
        tt.func public @given(%a: !tt.ptr<f32> {tt.divisibility = 16 : i32}, %b: !tt.ptr<bf16, 1>, %n: i64, %x: f32,
                              %map: !tt.ptr<i8> {tt.nv_tma_desc = 1 : i32}) { tt.return }
      }
      """)
    src = IRSource(file)
    assert src.name == "@given"
    assert src.signature == {0: "*f32", 1: "*bf16", 2: "i64", 3: "f32", 4: "nvTmaDesc"}
    assert src.parse_options() == {"num_warps": 8}

"""The kernels of bench/zoo at their small sizes against PyTorch in float64, and what the zoo's tables say."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.zoo import run, static
from bench.zoo.hardware import blocks_per_multiprocessor
from bench.zoo.kinds import CASES, SMALL
from bench.zoo.registry import relative_error

SMALLER = bool(os.environ.get("TRITONC_TEST_SMALL")) and not os.environ.get("TRITONC_SIMULATE")


@pytest.mark.parametrize("case", SMALL[:: 3 if SMALLER else 1], ids=lambda case: f"{case.kind}-{case.name}")
def test_zoo(case):
    assert case.make("cpu").error() <= case.tolerance


def test_every_case_is_made_without_memory():
    for case in CASES:
        assert case.make("meta").launches
    assert len({case.name for case in CASES}) == len(SMALL) >= 25


def test_relative_error():
    import torch

    x = torch.tensor([3.0, 4.0])
    assert relative_error(x, x) == 0 and relative_error(x * 1.5, x) == 0.5
    assert relative_error(torch.tensor([3.0, float("nan")]), x) == float("inf")
    with pytest.raises(ValueError, match="shape"):
        relative_error(x, x[:1])


def test_instructions_of_ptx():
    counts = static.count("""
        ld.param.u64 %rd1, [a];
        @%p1 ld.global.v4.b32 { %r1, %r2, %r3, %r4 }, [ %rd1 + 0 ];
        ld.global.b16 %rs1, [%rd1];
        // st.global.b32 [%rd1], %r1;
        bar.sync 0;
        @%p1 cp.async.cg.shared.global [ %r1 + 0 ], [ %rd2 + 0 ], 0x10, %r3;
        st.shared.v2.b64 [%r1], {%rd1, %rd2};
        wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {%f1,%f2}, %rd1, %rd2, p, 1, 1, 0, 1;
        rem.s64 %rd1, %rd2, %rd3;
    """)
    assert counts["widths"] == {"ld": {16: 1, 128: 1}} and counts["ld"] == 2 and "st" not in counts
    assert [counts[c] for c in ("bar", "async", "sts", "wgmma", "div")] == [1, 1, 1, 1, 1]


def test_blocks_per_multiprocessor():
    assert blocks_per_multiprocessor(32, 0, 4) == 16  # by warps
    assert blocks_per_multiprocessor(255, 0, 8) == 1  # by registers
    assert blocks_per_multiprocessor(64, 100 << 10, 4) == 2  # by shared memory
    assert blocks_per_multiprocessor(64, 228 << 10, 4) == 0


def test_report():
    def result(ms, error):
        kernels = [dict(registers=32, spills=0, shared=0, warps=4)]
        return dict(ms=ms, error=error, tolerance=1e-3, first_call_ms=ms * 10, kernels=kernels)

    first, second = CASES[0].label, CASES[1].label
    results = {first: [result(2.0, 1e-2), result(1.0, 1e-4)], second: [{"failure": "no such thing"}, result(1.0, 1e-4)]}
    text = "\n".join(run.report(results))
    assert f"| {first} | 2.0000 | 1.0000 | 0.50 | 1.0e-02 | 1.0e-04 | 32/32 | 0/0 | 0/0 | 16/16 | 20/10 |" in text
    assert f"worst: {first} 0.50" in text and f"wrong: {first}" in text and "no such thing" in text


def test_registers_are_capped_for_a_second_block():
    """A product with a long epilogue: the assembler takes all registers there are, with fewer a multiprocessor holds two blocks. Where
    shared memory has room for one only, there is no cap."""
    from bench.zoo import compile_all

    label = "linear_cross_entropy[2048,32000,1024,bf16,8,128x128x64]"
    launch = compile_all.CASES_BY_LABEL[label].make("meta").launches[0]
    assert ".maxnreg 128\n" in compile_all.compile_launch(launch).asm["ptx"]
    launch.keywords["num_stages"] = 4
    assert ".maxnreg" not in compile_all.compile_launch(launch).asm["ptx"]


def test_registers_are_capped_for_half_as_many_blocks_again():
    """And not where places for blocks are what there is not enough of: 32 of one warp each."""
    from bench.zoo import compile_all

    def ptx(label):
        return compile_all.compile_launch(compile_all.CASES_BY_LABEL[label].make("meta").launches[0]).asm["ptx"]

    assert ".maxnreg 64\n" in ptx("layer_norm[4096,12288,bf16]")
    assert ".maxnreg" not in ptx("gated_step[32,512,4096,f32,128,1]")
    # Loads that would come one after another: the assembler is told not to save registers, where that halves the waiting.
    assert ".minnctapersm 1\n" in ptx("adamw[33554440,bf16,2048]")
    assert ".minnctapersm" not in ptx("depthwise[8,96,56,57,5,f32,16x32]")  # a third of the warps would be left


def test_the_assembler_is_told_how_many_blocks_shared_memory_holds():
    """It does not know dynamic shared memory: without a word it saves registers for blocks that have no room."""
    from bench.zoo import compile_all

    def ptx(label, **keywords):
        launch = compile_all.CASES_BY_LABEL[label].make("meta").launches[0]
        launch.keywords.update(keywords)
        return compile_all.compile_launch(launch).asm["ptx"]

    large = "attention[4,32,2048,128,f16,True,8,3,128x64]"
    assert ".minnctapersm 1\n" in ptx(large)
    assert ".minnctapersm" not in ptx(large, maxnreg=168)
    assert ".minnctapersm 3\n" in ptx("chunk_state[64,4096,128,128,bf16,64,4,64x64]")  # after a first attempt
    assert ".minnctapersm" not in ptx("layer_norm[4096,12288,bf16]")  # registers bind, not shared memory


def test_the_assembler_is_run_again_only_where_that_may_help(monkeypatch, capfd):
    """Not for loads where all threads have room as it is, nor for a second block where the accumulators alone take its registers."""
    from bench.zoo import compile_all

    monkeypatch.setenv("TRITON_ALWAYS_COMPILE", "1")
    monkeypatch.setenv("TRITONC_TIME", "1")

    def runs(label, launch=0):
        capfd.readouterr()
        compile_all.compile_launch(compile_all.CASES_BY_LABEL[label].make("meta").launches[launch])
        return capfd.readouterr().err.count(" assembler ")

    assert runs("adamw[33554440,bf16,2048]") == 2
    assert runs("sobel[4320,7680,f16,1024]") == 1
    assert runs("attention_backward[2,16,2048,64,bf16,False,8,128x128]", 2) == 1

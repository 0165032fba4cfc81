"""`tritonc --emit facts`: the JSON says what is in the stages, and what the simulated GPU counts."""

import json
import os
import subprocess

import pytest

KERNELS = """import triton
import triton.language as tl


@triton.jit
def double(x):
    return x + x


@triton.jit
def copy(x, y, n, stride, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    a = tl.load(x + i * stride)
    tl.store(y + i, double(a))


@triton.jit
def product(a, b, c, k, BK: tl.constexpr, PRECISION: tl.constexpr):
    i = tl.arange(0, 64)
    j = tl.arange(0, BK)
    acc = tl.zeros((64, 64), tl.float32)
    for at in range(0, k, BK):
        x = tl.load(a + i[:, None] * k + (j + at)[None, :])
        y = tl.load(b + (j + at)[:, None] * 64 + i[None, :])
        acc = tl.dot(x, y, acc, input_precision=PRECISION)
    tl.store(c + i[:, None] * 64 + i[None, :], acc)


@triton.jit
def branch(x, y, B: tl.constexpr):
    i = tl.arange(0, B)
    tl.store(y + i, tl.sum(tl.load(x + i)) + i)
"""
LOAD, CALL, DOUBLE, DOT = 13, 14, 7, 25
PRODUCT = ("-s", '*fp16:16,*fp16:16,*fp32:16,i32:16,32,"ieee"', "-k", "product")
PRODUCT_F32 = ("-s", '*fp32:16,*fp32:16,*fp32:16,i32:16,32,"ieee"', "-k", "product")
COPY = ("-k", "copy", "-s", "*fp32:16,*fp32:16,i32,i32,256")


@pytest.fixture
def facts(tmp_path):
    (tmp_path / "kernels.py").write_text(KERNELS)

    def run(*args):
        command = ["tritonc", "kernels.py", *map(str, args), "--emit", "facts"]
        out = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)

    return run


def lines_of(facts, place):
    """The lines of the kernel's file that a place belongs to."""
    lines = []
    while place >= 0:
        _, line, _, place = facts["places"][place]
        lines.append(line)
    return lines


def stage(facts, name):
    (one,) = [s for s in facts["stages"] if s["name"] == name]
    text = one["text"][:-1].split("\n")
    assert len(text) == len(one["at"])
    return [(t, lines_of(facts, p)) for t, p in zip(text, one["at"], strict=True)]


@pytest.mark.parametrize(
    "name, word", [("ttir", "tt.load"), ("ttgir", "tt.load"), ("llir", " load "), ("ptx", "ld.global")]
)
def test_each_line_of_a_stage_has_its_place(facts, name, word):
    loads = [lines for text, lines in stage(facts(*COPY, "--target", "cuda:90"), name) if word in text]
    assert loads and all(lines[0] == LOAD for lines in loads)


@pytest.mark.parametrize("name, word", [("ttir", "addf"), ("ttgir", "addf"), ("llir", "fadd"), ("ptx", "add.f32")])
def test_what_was_inlined_belongs_to_its_caller_too(facts, name, word):
    sums = [lines for text, lines in stage(facts(*COPY, "--target", "cuda:90"), name) if word in text]
    assert sums and all(lines == [DOUBLE, CALL] for lines in sums)


def test_texts_say_nothing_of_where_they_come_from(facts):
    f = facts(*COPY, "--target", "cuda:90")
    for one in f["stages"] + [p for p in f["passes"] if p["changed"]]:
        assert "loc(" not in one["text"] and "!dbg" not in one["text"] and "\t.loc" not in one["text"]


def test_passes_are_there_in_order_and_the_last_is_the_stage(facts):
    f = facts(*COPY, "--target", "cuda:90")
    names = [p["name"] for p in f["passes"]]
    assert names[0] == "front end" and names.index("inline") < names.index("gpu-assign") < names.index("gpu-membar")
    assert all(("text" in p) == p["changed"] for p in f["passes"])
    changed = [p for p in f["passes"] if p["changed"]]
    assert all(a["text"] != b["text"] for a, b in zip(changed, changed[1:], strict=False))
    ttgir = [s for s in f["stages"] if s["name"] == "ttgir"][0]
    assert [line.split() for line in changed[-1]["text"].splitlines() if "tt.store" in line][0][0] == "tt.store"
    assert changed[-1]["text"] == ttgir["text"]


def test_a_strided_load_takes_a_sector_per_element(facts):
    unknown, one = (
        facts(*COPY, "--target", "cuda:90"),
        facts("-k", "copy", "-s", "*fp32:16,*fp32:16,i32,1,256", "--target", "cuda:90"),
    )
    load, store = unknown["gpu"]["accesses"]
    assert (load["sectors_per_request"], load["ideal_sectors"], load["width"]) == (32, 4, 1)
    assert (store["sectors_per_request"], store["ideal_sectors"]) == (8, 8)  # two floats of a thread: 256 bytes
    load = one["gpu"]["accesses"][0]
    assert load["sectors_per_request"] == load["ideal_sectors"] and load["width"] > 1


def test_a_dot_says_what_it_became_and_why(facts):
    (dot,) = facts(*PRODUCT, "--target", "cuda:90")["remarks"]["dot"]
    assert (dot["unit"], dot["not_wgmma"], dot["result"], dot["inner"]) == ("wgmma", None, [64, 64], 32)
    (dot,) = facts(*PRODUCT, "--target", "cuda:80")["remarks"]["dot"]
    assert dot["unit"] == "mma.sync" and "9.0" in dot["not_wgmma"] and dot["not_mma_sync"] is None
    f = facts(*PRODUCT_F32, "--target", "cuda:90")
    (dot,) = f["remarks"]["dot"]
    assert dot["unit"] == "fma" and "full precision" in dot["not_mma_sync"] and lines_of(f, dot["place"])[0] == DOT


def test_a_load_says_whether_it_is_pipelined(facts):
    f = facts(*PRODUCT, "--target", "cuda:90")
    assert [p["how"] for p in f["remarks"]["pipeline"]] == ["cp.async"] * 2
    (loop,) = f["gpu"]["loops"]
    assert loop["ahead"] == 2 and {s["ahead"] for s in loop["steps"] if s["kind"] == "copy"} == {2}
    kinds = [s["kind"] for s in loop["steps"]]
    assert kinds.index("wait") < kinds.index("dot") and kinds.count("copy") == 2
    alone = facts(*PRODUCT, "--target", "cuda:90", "--num-stages", 1)["remarks"]["pipeline"]
    assert all(p["how"] is None and "num_stages" in p["why_not"] for p in alone)


def test_resources_and_what_limits_blocks(facts):
    f = facts(*PRODUCT, "--target", "cuda:90")
    r = f["resources"]
    assert r["shared_bytes"] == max(s["offset"] + s["bytes"] for s in f["remarks"]["shared"])
    assert r["occupancy"]["blocks"] == min(r["occupancy"]["blocks_by"].values())
    assert r["occupancy"]["blocks_by"][r["occupancy"]["limit"]] == r["occupancy"]["blocks"]


def test_a_layout_holds_every_element(facts):
    for layout in facts(*PRODUCT, "--target", "cuda:80")["gpu"]["layouts"]:
        reached = {tuple([0] * len(layout["shape"]))}
        for bases in layout["bases"].values():
            for base in bases:
                reached |= {tuple(x ^ b for x, b in zip(at, base, strict=True)) for at in reached}
        size = 1
        for n in layout["shape"]:
            size *= n
        assert len(reached) == size


def test_a_simulated_run_is_counted_by_line(facts):
    run = ("--simulate", "--grid", 2, "-a", "x=random:4096", "-a", "y=uninit:512", "-a", "n=512", "-a", "stride=8")
    f = facts(*COPY, *run)
    reads = [a for a in f["run"]["accesses"] if not a["write"] and a["memory"] == "global"]
    assert sum(a["requests"] for a in reads) == 2 * 256 // 32
    assert all(lines_of(f, a["place"])[0] == LOAD for a in reads)
    assert sum(a["sectors"] for a in reads) == 512 and sum(a["ideal_sectors"] for a in reads) == 64
    assert sum(n["instructions"] for n in f["run"]["lines"]) == f["run"]["instructions"]


def test_barriers_are_counted_where_they_are_waited_for(facts):
    f = facts("-k", "branch", "-s", "*i32:16,*i32:16,256", "--simulate", "-a", "x=random:256", "-a", "y=uninit:256")
    waits = [n for n in f["run"]["lines"] if n["barriers"]]
    assert waits and all(n["barriers"] % 4 == 0 and n["waits"] == n["barriers"] * 3 // 4 for n in waits)
    assert f["run"]["mistakes"] == 0


def test_facts_of_the_cpu(facts):
    f = facts(*COPY)
    assert [s["name"] for s in f["stages"]] == ["ttir", "llir", "asm"]
    assert "gpu" not in f and f["resources"]["scratch_bytes"] >= 0
    (nest,) = f["remarks"]["nest"]
    assert nest["shape"] == [256] and nest["vector_dimension"] == 0 and nest["lanes"] > 1 and nest["tests"] == 1
    load, store = f["remarks"]["access"]
    assert lines_of(f, load["place"])[0] == LOAD and (load["kind"], load["element"]) == ("load", "f32")
    assert (load["how"], load["otherwise"]) == ("vectors", "element by element")  # `stride` is 1, or is not
    assert (store["how"], store["otherwise"]) == ("vectors", None)
    strided = facts("-k", "copy", "-s", "*fp32:16,*fp32:16,i32,3,256")["remarks"]["access"][0]
    assert (strided["how"], strided["otherwise"]) == ("element by element", None)


def test_assembly_of_the_cpu_has_its_places(facts):
    f = facts(*COPY, "--target", "cpu:x86-64-v3")
    lines = stage(f, "asm")
    loads = [
        places[0] for text, places in lines if text.startswith("\tvmovups\t") and not text.startswith("\tvmovups\t%")
    ]
    assert loads and set(loads) == {LOAD}
    stores = [places[0] for text, places in lines if text.startswith(("\tvmovups\t%y", "\tvmovntps\t")) and "(" in text]
    assert stores and set(stores) == {CALL}
    assert not [text for text, _ in lines if ".loc" in text or ".file" in text]


def test_a_dot_on_the_cpu_names_its_micro_kernels(facts):
    f = facts(*PRODUCT_F32)
    (dot,) = f["remarks"]["micro_kernel"]
    assert lines_of(f, dot["place"])[0] == DOT and (dot["result"], dot["inner"]) == ([64, 64], 32)
    assert dot["set"] and (dot["a"], dot["b"]) == ("in place", "in place")
    assert {s["carried"] for s in f["remarks"]["scratch"]} == {None, "by a loop"}
    assert all(s["bytes"] == 64 * 64 * 4 for s in f["remarks"]["scratch"])
    assert "access" not in f["remarks"] or all(a["kind"] == "store" for a in f["remarks"]["access"])


# Two lines of what nvdisasm prints, and of what cuobjdump does: a tool that a script stands for.
NVDISASM = """\t.section\t.text.copy,"ax",@progbits
copy:
.text.copy:
\t//## File "kernels.py", line 13
        /*0000*/                   LDG.E R2, desc[UR4][R2.64] ;
\t//## File "kernels.py", line 7 inlined at "kernels.py", line 14
\t//## File "kernels.py", line 14
        /*0010*/                   FADD R8, R2, R2 ;
.L_x_0:
        /*0020*/                   BRA `(.L_x_0);
        /*0030*/                   NOP;
.L_x_1:
nvdisasm warning : something of no interest
"""
CUOBJDUMP = """\t\tFunction : copy
        /*0000*/                   MOV R1, c[0x0][0x28] ;           /* 0x00000a00ff017b82 */
                                                                    /* 0x000fe20000000800 */
"""


@pytest.fixture
def tool(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if "cuda" not in p))

    def pretend(variable, text, status=0):
        program = tmp_path / "a tool"
        (tmp_path / "text").write_text(text)
        program.write_text(
            f"#!/bin/sh\nfor last; do :; done\ntest -s \"$last\" && cat '{tmp_path}/text'\nexit {status}\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv(variable, str(program))

    return pretend


def test_machine_code_has_its_places(facts, tool):
    tool("TRITON_NVDISASM_PATH", NVDISASM)
    f = facts(*COPY, "--target", "cuda:90")
    assert stage(f, "sass") == [
        ("copy:", []),
        ("  0000  LDG.E R2, desc[UR4][R2.64] ;", [LOAD]),
        ("  0010  FADD R8, R2, R2 ;", [DOUBLE, CALL]),
        (".L_x_0:", []),
        ("  0020  BRA `(.L_x_0);", [DOUBLE, CALL]),
    ]
    assert "no_sass" not in f


def test_machine_code_without_lines_takes_them_from_the_code(facts, tool, monkeypatch):
    monkeypatch.setenv("TRITON_NVDISASM_PATH", "/no/such/tool")
    tool("TRITON_CUOBJDUMP_PATH", CUOBJDUMP)
    ((text, lines),) = stage(facts(*COPY, "--target", "cuda:90"), "sass")
    assert text == "  0000  MOV R1, c[0x0][0x28] ;" and lines and lines[0] in (11, 12, LOAD)


def test_why_there_is_no_machine_code(facts, tool, monkeypatch):
    monkeypatch.setenv("TRITON_NVDISASM_PATH", "/no/such/tool")
    monkeypatch.setenv("TRITON_CUOBJDUMP_PATH", "/no/such/tool")
    f = facts(*COPY, "--target", "cuda:90")
    assert "neither nvdisasm nor cuobjdump" in f["no_sass"] and "sass" not in [s["name"] for s in f["stages"]]
    tool("TRITON_NVDISASM_PATH", "some text", 3)
    assert "does not know this code: some text" in facts(*COPY, "--target", "cuda:90")["no_sass"]
    assert "no_sass" not in facts(*COPY)

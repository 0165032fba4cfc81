"""The command `tritonc`, run as people run it."""

import os
import pty
import re
import shutil
import subprocess

import pytest

KERNELS = '''"""Two kernels, and a line that would end the world if it were run."""
import triton
import triton.language as tl

raise SystemExit("this file is never executed")

BLOCK_SIZE = tl.constexpr(32)


@triton.jit
def double(x):
    return x + x


@triton.jit
def add(x, y, z, n, BLOCK: tl.constexpr = 64):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(z + at, tl.load(x + at, mask=at < n) + double(tl.load(y + at, mask=at < n)), mask=at < n)


@triton.jit
def fill(out, value, kind: tl.constexpr, text: tl.constexpr = "none"):
    at = tl.arange(0, BLOCK_SIZE)
    if text == "twice":
        value = double(value)
    tl.store(out + at, tl.full((BLOCK_SIZE,), 1, kind) * value)
'''


@pytest.fixture
def place(tmp_path):
    (tmp_path / "kernels.py").write_text(KERNELS)
    return tmp_path


def tritonc(place, *args, text=True, **options):
    env = {**os.environ, **options.pop("env", {})}
    return subprocess.run(
        ["tritonc", *map(str, args)], cwd=place, env=env, capture_output=True, text=text, timeout=120, **options
    )


def good(place, *args, **options):
    out = tritonc(place, *args, **options)
    assert out.returncode == 0 and out.stderr == "", out.stderr
    return out.stdout


def bad(place, status, *args, **options):
    out = tritonc(place, *args, **options)
    assert out.returncode == status and out.stdout == "", out
    return out.stderr


ADD = ["kernels.py", "-k", "add", "-s", "*fp32:16,*fp32,*fp32,i32,1024"]


def test_triton_ir(place):
    text = good(place, *ADD, "--emit", "ttir")
    assert (
        "tt.func public @add(%x: !tt.ptr<f32> {tt.divisibility = 16 : i32}" in text
        and "1024" in text
        and "loc(" in text
    )
    assert "loc(" not in good(place, *ADD, "--emit=ttir", "--no-locations")


def test_every_stage(place):
    for stage, word in (("ttir", "tt.func"), ("llir", "define "), ("asm", ".text")):
        assert word in good(place, *ADD, "-e", stage)
    assert good(place, *ADD) == good(place, *ADD, "--emit", "asm")
    out = tritonc(place, *ADD, "--emit", "obj", text=False)
    assert out.stdout.startswith(b"\x7fELF")


def test_output_file(place):
    assert good(place, *ADD, "--emit", "ttir", "-o", "add.ttir") == ""
    assert (place / "add.ttir").read_text() == good(place, *ADD, "--emit", "ttir", "-o", "-")
    assert "cannot write" in bad(place, 3, *ADD, "--emit", "ttir", "-o", "no/such/folder/x")


def test_triton_ir_as_source(place):
    text = good(place, *ADD, "--emit", "ttir", "-o", "-")
    (place / "add.ttir").write_text(text)
    (place / "add.txt").write_text(text)
    for file in ("add.ttir", "add.txt"):
        assert good(place, file, "--emit", "ttir") == text
    assert good(place, "-", "--emit", "ttir", input=text) == text
    assert "define " in good(place, "add.ttir", "--emit", "llir")
    assert "Triton IR" in bad(place, 1, "add.ttir", "-s", "i32")


def test_a_function_of_triton_ir(place):
    (place / "two.mlir").write_text(
        "tt.func private @helper(%x: i32) -> i32 {\n  tt.return %x : i32\n}\n"
        "tt.func public @one(%p: !tt.ptr<i32>) {\n  %c = arith.constant 1 : i32\n"
        "  %h = tt.call @helper(%c) : (i32) -> i32\n  tt.store %p, %h : !tt.ptr<i32>\n  tt.return\n}\n"
        "tt.func public @two(%p: !tt.ptr<i32>) {\n  %c = arith.constant 2 : i32\n"
        "  tt.store %p, %c : !tt.ptr<i32>\n  tt.return\n}\n"
    )
    text = good(place, "two.mlir", "-k", "two", "--emit", "ttir", "--no-locations")
    assert "@two" in text and "@one" not in text and "@helper" not in text
    assert "tt.call @helper" in good(place, "two.mlir", "-k", "one", "--emit", "ttir", "--passes", "dce")
    assert "did you mean `two`" in bad(place, 1, "two.mlir", "-k", "tow", "--emit", "ttir")


def test_the_same_input_gives_the_same_bytes(place):
    for stage in ("ttir", "llir", "asm"):
        assert good(place, *ADD, "-e", stage) == good(place, *ADD, "-e", stage)


def test_targets(place):
    assert "tt.func" in good(place, *ADD, "--emit", "ttir", "--target", "cuda:90")
    assert "ttg.blocked" in good(place, *ADD, "--emit", "ttgir", "--target", "cuda:90")
    assert ".target sm_90" in good(place, *ADD, "--emit", "ptx", "--target", "cuda:90")
    assert good(place, *ADD, "--target", "cuda:90") == good(place, *ADD, "--emit", "ptx", "--target", "cuda:90")
    assert "unknown compute capability `cuda:91`" in bad(place, 1, *ADD, "--emit", "ptx", "--target", "cuda:91")
    assert "there is no target `cdua`; did you mean `cuda`?" in bad(place, 3, *ADD, "--target", "cdua:90")
    assert "ymm" in good(place, *ADD, "--target", "cpu:x86-64-v3") and "zmm" in good(
        place, *ADD, "--target", "cpu:x86-64-v4"
    )
    assert "zmm" not in good(place, *ADD, "--target", "cpu:x86-64-v3")
    assert bad(place, 3, *ADD, "--target", "cpu:no-such-cpu") or bad(place, 1, *ADD, "--target", "cpu:no-such-cpu")
    assert "has no stage `ptx`; it has ttir, llir" in bad(place, 1, *ADD, "--emit", "ptx")


@pytest.mark.parametrize(
    "signature, expected",
    [
        ("*fp32,fp32,fp32", "tensor<32x!tt.ptr<f32>>"),
        ("*fp64,fp64,tl.float64", "tensor<32x!tt.ptr<f64>>"),
        ("*i8,i32,kind=int8", "%value: i32"),
        ("kind=fp32, out=*fp16:16, value=fp32", "%out: !tt.ptr<f16> {tt.divisibility = 16 : i32}"),
        ("*fp32,2.5,fp32,'twice'", "dense<5.000000e+00>"),
        ("*fp32,-3,fp32", "dense<-3.000000e+00>"),
        ('*fp32, i32:16, fp32, "a,b"', "%value: i32 {tt.divisibility = 16 : i32}"),
        ("*u8,u8,uint8", "%value: i8"),
    ],
)
def test_signatures(place, signature, expected):
    assert expected in good(place, "kernels.py", "-k", "fill", "-s", signature, "--emit", "ttir")


def test_defines(place):
    text = good(
        place, "kernels.py", "-k", "fill", "-s", "*fp32,fp32", "-D", "kind=fp32", "-D", "text='twice'", "--emit", "ttir"
    )
    assert text == good(place, "kernels.py", "-k", "fill", "-s", "*fp32,fp32,fp32,'twice'", "--emit", "ttir")


@pytest.mark.parametrize(
    "args, message",
    [
        (["-s", "*fp32"], "says nothing of `value`, `kind`"),
        (["-s", "*fp32,fp32,fp32,'a','b'"], "describes more than the 4 parameters"),
        (["-s", "*fp3,fp32,fp32"], "there is no type `*fp3`"),
        (["-s", "*fp32,fp32,kidn=fp32"], "has no parameter `kidn`; did you mean `kind`?"),
        (["-s", "*fp32,fp32,fp32,kind=fp32"], "`kind` is described twice"),
        (["-s", "*fp32,fp32:8,fp32"], "divisibility is 16 or 1"),
        (["-s", "*fp32,a+b,fp32"], "neither a type nor a constant"),
        (["-s", "*fp32,fp32,fp32", "-D", "kind"], "-D takes NAME=VALUE"),
        (["-s", "*fp32,fp32,fp32", "--num-warps", "3"], "num_warps must be a power of 2"),
        (["-s", "*fp32,fp32,fp32", "--num-warps", "many"], "`many` is not a number"),
        (
            ["-s", "*fp32,fp32,fp32", "--passes", "fold,cze", "-e", "ttir"],
            "there is no pass `cze`; did you mean `cse`?",
        ),
    ],
)
def test_wrong_signatures_and_options(place, args, message):
    assert message in bad(place, 1, "kernels.py", "-k", "fill", *args)


def test_passes(place):
    plain = good(place, *ADD, "--emit", "ttir", "--passes", "", "--no-locations")
    assert "tt.call" in plain
    assert "tt.call" not in good(place, *ADD, "--emit", "ttir", "--passes", "inline", "--no-locations")
    assert good(place, *ADD, "--emit", "ttir", "--no-locations").count("\n") < plain.count("\n")


def test_source_errors(place):
    (place / "wrong.py").write_text(KERNELS.replace("tl.load(x + at", "tl.laod(x + at"))
    text = bad(place, 1, "wrong.py", *ADD[1:])
    assert (
        text.startswith("wrong.py:")
        and "error:" in text
        and "tl.laod(x" in text
        and "^" in text
        and "\033[" not in text
    )
    (place / "wrong.py").write_text("import triton\n@triton.jit\ndef f(x:\n")
    assert bad(place, 1, "wrong.py").startswith("wrong.py:3")
    (place / "empty.py").write_text("")
    assert bad(place, 1, "empty.py")
    assert "add" in bad(place, 1, "kernels.py", "-k", "addd")
    assert bad(place, 1, "kernels.py")  # which of them?
    (place / "wrong.ttir").write_text("module {\n  tt.func public @f() {\n    %0 = tt.nothing\n  }\n}\n")
    assert bad(place, 1, "wrong.ttir").startswith("wrong.ttir:3")


def test_usage_errors(place):
    assert "which file?" in bad(place, 2)
    assert "unknown option --emti; did you mean `--emit`?" in bad(place, 2, "kernels.py", "--emti", "ttir")
    assert "a value is missing after --emit" in bad(place, 2, "kernels.py", "--emit")
    assert "no value goes with --help" in bad(place, 2, "--help=yes")
    assert "one file at a time" in bad(place, 2, "kernels.py", "other.py")


def test_system_errors(place):
    assert "cannot read" in bad(place, 3, "nothing.py")
    assert bad(place, 3, ".")


def test_help_and_version(place):
    text = good(place, "--help")
    for word in ("usage: tritonc", "--signature", "--emit", "--num-warps", "exit status"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 120
    assert good(place, "--version") == "tritonc 0.2.0\n"
    text = good(place, "--print-pipeline")
    assert "inline" in text and "ttir llir asm" in text


def test_explain(place):
    text = good(place, "--explain", "load")
    assert text.startswith("tl.load(pointer, mask=None, ")
    assert all(title in text for title in ("\nParameters\n", "\nReturns\n", "\nExample\n"))
    assert text.startswith(good(place, "--explain", "tl.load")) and "tensor_descriptor.load(" in text
    lines = good(place, "--explain", "all").splitlines()
    assert lines[0] == "tl.program_id(axis)" and "libdevice.acos(x)" in lines
    for name in (line.partition("(")[0] for line in lines if re.match(r"[a-z]\w*\.[\w.]*\w(\(.*\))?$", line)):
        assert good(place, "--explain", name).startswith(name)
    assert good(place, "--explain", "float16").startswith("tl.float16\n\nIEEE half precision")
    assert "did you mean `load`?" in bad(place, 1, "--explain", "laod")


def test_colour_on_terminals_only(place, monkeypatch):
    """Under a pseudo-terminal the message is coloured, unless NO_COLOR is set."""
    (place / "wrong.py").write_text("import triton\n@triton.jit\ndef f(x:\n")

    def on_terminal(**env):
        main, side = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", **env}
        process = subprocess.Popen(["tritonc", "wrong.py"], cwd=place, stderr=side, env=environment)
        os.close(side)
        text = b""
        try:
            while piece := os.read(main, 4096):
                text += piece
        except OSError:
            pass  # the terminal's end
        os.close(main)
        assert process.wait() == 1
        return text

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert b"\033[" in on_terminal()
    assert b"\033[" not in on_terminal(NO_COLOR="1")
    assert b"\033[" not in on_terminal(TERM="dumb")


ADD_MEMORY = ["--simulate", "-a", "x=100", "-a", "y=ones:100", "-a", "z=uninit:100"]


def test_simulate(place):
    """A run on the simulated GPU: of a source, of Triton IR and of Triton GPU IR; and what is refused."""
    more = [*ADD_MEMORY, "--grid", "2", "-a", "n=100", "--print", "z[98:]"]
    first = good(place, *ADD, *more)
    assert first.splitlines()[-1].startswith("z[98:] = ") and "instructions of warps, 0 of them divergent" in first
    for stage in ("ttir", "ttgir"):
        (place / f"add.{stage}").write_text(good(place, *ADD, "-t", "cuda:80", "-e", stage))
        (place / "add").write_text((place / f"add.{stage}").read_text())  # known by its first words
        for name in (f"add.{stage}", "add"):
            assert good(place, name, "-t", "cuda:80", *more).splitlines()[-1] == first.splitlines()[-1]
    out = tritonc(place, *ADD, *ADD_MEMORY, "--grid", "2", "-a", "n=101")
    assert out.returncode == 1 and out.stderr == "" and out.stdout.count("error: out-of-bounds") == 3
    assert "which has 400 bytes" in out.stdout and "kernels.py:" in out.stdout
    for args, message in (
        (["-a", "n=x"], "--arg n=x: a number is expected"),
        (["-a", "n=1", "-a", "x=1e3"], "--arg x=1e3: a number of elements is expected"),
        (["-a", "n=1", "-a", "x=ramdom:3"], "one of random, zeros, ones, iota, uninit"),
        (["-a", "n=1", "-a", "BLOCK=3"], "no run-time parameter of that name"),
        (["-a", "n"], "it is written NAME=VALUE"),
        (["-a", "n=1", "--grid", "1,0"], "--grid 1,0: one to three numbers"),
        (["-a", "n=1", "--grid", "1,1,1,1"], "--grid 1,1,1,1: one to three numbers"),
        (["-a", "n=1", "--print", "z[1"], "it is written NAME, NAME[8]"),
        (["-a", "n=1", "--print", "n"], "not a pointer"),
        (["-a", "n=1", "-t", "cpu"], "target `cpu` cannot be simulated"),
        (["-a", "n=1", "-e", "ptx"], "one of them at a time"),
        ([], "parameter `n` has no value"),
    ):
        out = tritonc(place, *ADD, *ADD_MEMORY, *args)
        assert out.returncode == 1 and message in out.stderr, out
    assert "go with --simulate" in bad(place, 2, *ADD, "--grid", "4")


def test_full_output(place):
    """A full disk is an error."""
    with open("/dev/full", "w") as full:
        out = subprocess.run(
            ["tritonc", *ADD, "--emit", "ttir"], cwd=place, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert out.returncode == 3 and "cannot write" in out.stderr


def test_machine_code_knows_its_source_lines(place):
    """What a line computes has machine code that says so, and no code names a line that computes nothing."""
    lines = [None, *KERNELS.splitlines()]
    add, double = (
        next(i for i, line in enumerate(lines) if str(line).startswith(f"def {f}")) for f in ("add", "double")
    )
    heads, body = {add, double}, {add + 1, add + 2, double + 1}
    ptx = good(place, *ADD, "--emit", "ptx", "--target", "cuda:90")
    assert {int(n) for n in re.findall(r"\.loc\s+1 (\d+)", ptx)} - heads <= body
    assert shutil.which("ptxas") and shutil.which("llvm-dwarfdump-19"), "ptxas and llvm-dwarfdump-19 are needed on PATH"
    good(place, *ADD, "--emit", "cubin", "--target", "cuda:90", "-o", "add.cubin")
    table = subprocess.check_output(["llvm-dwarfdump-19", "--debug-line", str(place / "add.cubin")], text=True)
    found = {int(n) for n in re.findall(r"^0x[0-9a-f]{16}\s+(\d+)", table, re.M)}
    assert add + 2 in found and found <= body | heads
    assert '"kernels.py"' in table


def test_a_dump_of_a_pass_that_does_not_exist(place):
    """TRITONC_DUMP is checked: a misspelled name would print nothing."""
    out = tritonc(place, *ADD, "--emit", "ttir", env={"TRITONC_DUMP": "fold,split_pointer"})
    assert out.returncode != 0 and "no pass `split_pointer`; did you mean `split-pointers`?" in out.stderr
    out = tritonc(place, *ADD, "--emit", "ttgir", "--target", "cuda:90", env={"TRITONC_DUMP": "gpu-assign"})
    assert out.returncode == 0 and out.stderr.count("// ---- after gpu-assign") == 1


def test_inline_asm_of_many_operands_and_results(place):
    n = 64
    results, types = ", ".join(f"%r{i}" for i in range(n)), ", ".join(["tensor<128xi32>"] * n)
    (place / "asm.mlir").write_text(
        "tt.func public @many(%x: !tt.ptr<i32>) {\n"
        "  %i = tt.make_range {end = 128 : i32, start = 0 : i32} : tensor<128xi32>\n"
        "  %xs = tt.splat %x : !tt.ptr<i32> -> tensor<128x!tt.ptr<i32>>\n"
        "  %p = tt.addptr %xs, %i : tensor<128x!tt.ptr<i32>>, tensor<128xi32>\n"
        f'  {results} = tt.elementwise_inline_asm "first $0 last ${n - 1} operands ${n} ${2 * n - 1};" '
        f'{{constraints = "{",".join(["=r"] * n + ["r"] * n)}", packed_element = 1 : i32, pure = true}} '
        f"{', '.join(['%i'] * n)} : {types} -> {types}\n"
        f"  tt.store %p, %r{n - 1} : tensor<128x!tt.ptr<i32>>\n"
        "  tt.return\n}\n"
    )
    ptx = good(place, "asm.mlir", "--target", "cuda:90", "--emit", "ptx")
    assert re.search(r"first %r\d+ last %r\d+ operands (%r\d+) \1;", ptx)


def test_an_override_for_no_stage(place):
    """Whatever stage is asked for, a file that the target cannot take is an error."""
    (place / "mine.llir").write_text("")
    for stage in ("ttir", "ptx"):
        message = bad(place, 1, *ADD, "--emit", stage, "--target", "cuda:90", "--ir-override", "mine.llir")
        assert "target `cuda` takes no edited stage from `mine.llir`" in message


def test_gpu_ir_names_its_target(place):
    (place / "add.ttgir").write_text(good(place, *ADD, "--emit", "ttgir", "--target", "cuda:80"))
    assert ".target sm_80" in good(place, "add.ttgir")
    assert ".target sm_90" in good(place, "add.ttgir", "--target", "cuda:90")
    (place / "add.ttir").write_text(good(place, *ADD, "--emit", "ttir"))
    assert ".target sm_" not in good(place, "add.ttir")  # Triton IR names none: this machine's processor


def test_a_warning_is_on_standard_error(place):
    (place / "w.py").write_text(
        "import triton\nimport triton.language as tl\n\n\n@triton.jit\ndef k(x):\n"
        "    at = tl.arange(0, 16)\n    tl.store(x + at, tl.where((at > 1) or (at < -1), 1.0, 0.0))\n"
    )
    out = tritonc(place, "w.py", "-s", "*fp32", "--emit", "ttir")
    assert out.returncode == 0 and "tt.func" in out.stdout
    assert out.stderr.startswith("w.py:8:31: warning: `or` on tensors is deprecated; both sides are always evaluated\n")
    assert out.stderr.endswith("hint: use `|`, with parentheses around each side\n")


# ---- the man page and the completions of shells ----------------------------------------------------------------------

MANUAL = {
    "man": "man/man1/tritonc.1",
    "bash": "bash-completion/completions/tritonc",
    "zsh": "zsh/site-functions/_tritonc",
    "fish": "fish/vendor_completions.d/tritonc.fish",
}


def options_of(place):
    """Every option that --help has."""
    return set(re.findall(r"^  (?:-\w, |    )(--[\w-]+)", good(place, "--help"), re.M))


@pytest.mark.parametrize("kind", MANUAL)
def test_the_build_writes_the_manual(place, kind):
    text = good(place, "--manual", kind)
    share = os.path.join(os.path.dirname(shutil.which("tritonc")), "..", "share")
    with open(os.path.join(share, MANUAL[kind])) as file:
        assert file.read() == text
    plain = text.replace("\\-", "-")
    names = options_of(place)
    assert len(names) > 25 and not [name for name in names if name.removeprefix("--") not in plain]


def test_the_man_page(place):
    text = good(place, "--manual", "man")
    assert re.findall(r"^\.SH (.*)", text, re.M)[:4] == ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"]
    assert all(line[:3] in (".TH", ".SH", ".TP", ".PP", ".nf", ".fi", ".RS", ".RE", ".B ", ".I ", ".RI", '.\\"')
               for line in text.splitlines() if line[:1] in ".'")  # fmt: skip
    page = place / "tritonc.1"
    page.write_text(text)
    formatters = (["groff", "-man", "-Tascii", "-ww", str(page)], ["mandoc", "-T", "lint", "-W", "warning", str(page)])
    for command in formatters:
        if shutil.which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0 and not done.stderr, done
            assert command[0] == "mandoc" or "--kernel" in re.sub(".\x08", "", done.stdout)


def complete(place, *words):
    """What bash offers for the last of these words."""
    (place / "completion").write_text(good(place, "--manual", "bash"))
    script = (
        'source ./completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tritonc; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-uc", script, "bash", *words], cwd=place, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and done.stderr == "", done
    return done.stdout.split()


def test_completion_in_bash(place):
    (place / "notes.txt").write_text("")
    assert complete(place, "tritonc", "--num-w") == ["--num-warps"]
    assert complete(place, "tritonc", "--emit", "p") == ["ptx"] == complete(place, "tritonc", "--emit", "=", "p")
    assert complete(place, "tritonc", "-t", "cuda:9") == ["cuda:90"]
    assert complete(place, "tritonc", "--passes", "lic") == ["licm"]
    assert complete(place, "tritonc", "") == ["kernels.py"]
    assert set(complete(place, "tritonc", "--output", "")) == {"kernels.py", "notes.txt", "completion"}
    assert complete(place, "tritonc", "--kernel", "a") == []


def test_completion_in_other_shells(place):
    """They read the script where they are installed, and its quotes are balanced everywhere."""
    for shell, check in (("zsh", ["-n"]), ("fish", ["--no-execute"])):
        text = good(place, "--manual", shell)
        script = place / f"script.{shell}"
        script.write_text(text)
        assert text.replace("'\\''", "").replace("\\'", "").count("'") % 2 == 0
        if shutil.which(shell):
            done = subprocess.run([shell, *check, str(script)], capture_output=True, text=True, timeout=60)
            assert done.returncode == 0 and done.stderr == "", done


def test_an_unknown_kind_of_manual(place):
    assert "--manual tcsh: it is one of man, bash, zsh, fish" in bad(place, 1, "--manual", "tcsh")

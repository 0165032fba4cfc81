"""examples/deploy: programs in C++, Rust and Go around compiled kernels, and a language model beside PyTorch."""

import os
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "deploy"
TRITONC = Path(shutil.which("tritonc"))
BUILD = TRITONC.resolve().parents[1]
RUNTIME = BUILD / "libtritonc_rt.a"
SAID = "100 rows, 0 wrong\n"
STRICT = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command, cwd, stdin=None, **env):
    done = subprocess.run(
        [str(c) for c in command], cwd=cwd, input=stdin, capture_output=True, env={**os.environ, **env}, timeout=500
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    return done.stdout


def found(name, *places):
    """A toolchain that is not everywhere."""
    return shutil.which(name) or next((p for p in map(os.path.expanduser, places) if os.path.exists(p)), None)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", prefix, cwd=ROOT)
    return prefix


def test_cplusplus_with_cmake(installed, tmp_path):
    shutil.copytree(EXAMPLES, tmp_path / "deploy")
    source, build = tmp_path / "deploy" / "cpp", tmp_path / "build"
    run("cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={installed}", cwd=tmp_path)
    run("cmake", "--build", build, cwd=tmp_path)
    assert run(build / "rows", cwd=tmp_path).decode() == SAID
    assert "no work to do" in run("ninja", "-C", build, cwd=tmp_path).decode()
    listed = tmp_path / "deploy" / "kernels.py"
    listed.write_text(listed.read_text() + "\n")
    assert "--emit c" in run("ninja", "-C", build, "-v", cwd=tmp_path).decode()


def test_pkg_config(installed, tmp_path):
    shutil.copytree(EXAMPLES, tmp_path / "deploy")
    run(TRITONC, "kernels.toml", "-t", "cpu:x86-64-v2", "--emit", "c", "-o", "kernels", cwd=tmp_path / "deploy")
    pc = next(installed.rglob("tritonc_rt.pc"))
    variables = {"pcfiledir": str(pc.parent)}
    for line in pc.read_text().splitlines():
        if "=" in line:
            name, value = line.split("=", 1)
            for known, text in variables.items():
                value = value.replace("${" + known + "}", text)
            variables[name] = value
    flags = next(line[5:] for line in pc.read_text().splitlines() if line.startswith("Libs:"))
    for known, text in variables.items():
        flags = flags.replace("${" + known + "}", text)
    run("cc", "-c", "kernels.c", cwd=tmp_path / "deploy")
    run("c++", "-I.", "cpp/main.cc", "kernels.o", *flags.split(), "-o", "rows", cwd=tmp_path / "deploy")
    assert run("./rows", cwd=tmp_path / "deploy").decode() == SAID


RUSTC, GO = found("rustc", "~/.cargo/bin/rustc"), found("go", "/usr/local/go/bin/go")
for toolchain, path in (("rustc", RUSTC), ("go", GO)):
    if not path:
        warnings.warn(
            f"{toolchain} is not installed: the example of an artefact in its language is not built", stacklevel=1
        )


if RUSTC:

    def test_rust(tmp_path):
        run(TRITONC, EXAMPLES / "kernels.toml", "--emit", "obj", "-o", tmp_path / "kernels", cwd=tmp_path)
        run("ar", "rcs", "libkernels.a", "kernels.o", cwd=tmp_path)
        run(
            RUSTC, "-O", EXAMPLES / "rust" / "main.rs", "-L", ".", "-L", RUNTIME.parent, "-l", "static=kernels",
            "-l", "static=tritonc_rt", cwd=tmp_path,
        )  # fmt: skip
        assert run("./main", cwd=tmp_path).decode() == SAID


if GO:

    def test_go(tmp_path):
        shutil.copy(EXAMPLES / "go" / "main.go", tmp_path)
        (tmp_path / "go.mod").write_text("module rows\n\ngo 1.18\n")
        run(TRITONC, EXAMPLES / "kernels.toml", "--emit", "c", "-o", tmp_path / "kernels", cwd=tmp_path)
        run(
            GO, "build", "-o", "rows", cwd=tmp_path, CGO_LDFLAGS=f"{RUNTIME} -lm -lpthread", GOFLAGS="-mod=mod",
            GOCACHE=str(tmp_path / "cache"), HOME=str(tmp_path),
        )  # fmt: skip
        assert run("./rows", cwd=tmp_path).decode() == SAID


WORDS, LONGEST, WIDTH, HEADS, LAYERS, HIDDEN = 256, 64, 128, 4, 3, 512


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(WORDS, WIDTH)
        self.places = torch.nn.Embedding(LONGEST, WIDTH)
        self.layers = torch.nn.ModuleList(
            torch.nn.TransformerEncoderLayer(
                WIDTH, HEADS, HIDDEN, dropout=0, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(LAYERS)
        )
        self.norm = torch.nn.LayerNorm(WIDTH)
        self.head = torch.nn.Linear(WIDTH, WORDS)

    def forward(self, tokens):
        n = len(tokens)
        x = (self.words(tokens) + self.places(torch.arange(n)))[None]
        mask = torch.nn.Transformer.generate_square_subsequent_mask(n, dtype=x.dtype)
        for layer in self.layers:
            x = layer(x, src_mask=mask, is_causal=True)
        return self.head(self.norm(x))[0]

    def in_order(self):
        yield from (self.words.weight, self.places.weight)
        for layer in self.layers:
            yield from (
                layer.norm1.weight,
                layer.norm1.bias,
                layer.self_attn.in_proj_weight,
                layer.self_attn.in_proj_bias,
            )
            yield from (layer.self_attn.out_proj.weight, layer.self_attn.out_proj.bias)
            yield from (layer.norm2.weight, layer.norm2.bias, layer.linear1.weight, layer.linear1.bias)
            yield from (layer.linear2.weight, layer.linear2.bias)
        yield from (self.norm.weight, self.norm.bias, self.head.weight, self.head.bias)


def write_weights(model, path):
    sizes = np.array([WORDS, LONGEST, WIDTH, HEADS, LAYERS, HIDDEN], np.int32)
    weights = [p.detach().numpy().astype(np.float32).tobytes() for p in model.in_order()]
    path.write_bytes(sizes.tobytes() + b"".join(weights))


def make_model():
    torch.manual_seed(1)
    model = Model().train()  # no fast path
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn_like(p))
    return model


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.mark.parametrize("length", [1, 37, LONGEST])
def test_language_model(model, tmp_path, length):
    run(TRITONC, EXAMPLES / "lm" / "lm_kernels.toml", "--emit", "c", "-o", tmp_path / "lm_kernels", cwd=tmp_path)
    run(
        "cc",
        *STRICT,
        "-I.",
        EXAMPLES / "lm" / "lm.c",
        "lm_kernels.c",
        RUNTIME,
        "-lm",
        "-lpthread",
        "-o",
        "lm",
        cwd=tmp_path,
    )
    write_weights(model, tmp_path / "weights")
    tokens = torch.randint(0, WORDS, (length,), generator=torch.Generator().manual_seed(length))
    out = run("./lm", "weights", cwd=tmp_path, stdin=tokens.numpy().astype(np.int32).tobytes())
    logits = torch.from_numpy(np.frombuffer(out, np.float32).copy()).reshape(length, WORDS)
    with torch.no_grad():
        expected = model.double()(tokens)
        model.float()
    assert torch.allclose(logits.double(), expected, atol=2e-5, rtol=1e-4), (logits - expected).abs().max()

"""The wheels as a user meets them: installed by pip in fresh environments, beside another `triton` and in its place.

`./dev test wheel` builds them and says where they are (TRITONC_WHEELS). PyTorch's builds for CUDA, which pin a release
of triton, are stand-ins with the metadata of the real ones, since those take gigabytes; so is the other triton. The
PyTorch of the tests is the real one.
"""

import base64
import hashlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

WHEELS = Path(os.environ["TRITONC_WHEELS"])
ROOT = Path(__file__).resolve().parents[2]
SERVED = {"3.6.0": "triton==3.6.0", "3.7.1": "triton==3.7.1", "3.9.0": "triton~=3.9.0"}

# Needs no package: a buffer is an argument as an array is.
KERNEL = """
import array, os, sys, triton, triton.language as tl

@triton.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, mask=i < n) + tl.load(y + i, mask=i < n), mask=i < n)

if __name__ == "__main__":
    x, y = array.array("f", range(1000)), array.array("f", range(1000))
    out = array.array("f", bytes(4000))
    add[(4,)](x, y, out, 1000, BLOCK=256)
    assert list(out) == [2.0 * i for i in range(1000)], out
    print(triton.__version__)
"""


def run(*command, **env):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300,
                          env={**os.environ, **{k: str(v) for k, v in env.items()}})  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def fails(*command, **env):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300,
                          env={**os.environ, **{k: str(v) for k, v in env.items()}})  # fmt: skip
    assert done.returncode != 0, done.stdout
    return done.stderr


def wheel(name, compatible="3.6.0"):
    found = [w for w in WHEELS.glob(f"{name}-*.whl") if f"-{compatible}+" in w.name or f"triton{compatible}-" in w.name]
    if name == "tritonc" and compatible == "3.6.0":
        found = [w for w in WHEELS.glob("tritonc-*.whl") if "+" not in w.name]
    assert len(found) == 1, (name, compatible, found)
    return found[0]


def made(folder, name, version, requires=(), files=()):
    """A small wheel."""
    info = f"{name}-{version}.dist-info"
    entries = {f"{name}/{path}": text for path, text in dict(files).items()}
    entries[f"{info}/METADATA"] = "\n".join(
        ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {r}" for r in requires)]
    )
    entries[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    entries[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*entries, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in entries.items():
            archive.writestr(entry, text)
    return path


class Environment:
    """A virtual environment without pip of its own, which the tests' pip fills: quick to make."""

    def __init__(self, folder):
        run(sys.executable, "-m", "venv", "--without-pip", folder)
        self.python = folder / "bin" / "python"

    def pip(self, *arguments):
        return run(sys.executable, "-m", "pip", "--python", self.python, *arguments)

    def install(self, *wheels):
        self.pip("install", "-q", "--no-index", "--no-deps", "--no-compile", *wheels)

    def run(self, *arguments, **env):
        return run(self.python, *arguments, **env)


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path / "venv")


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script" / "kernel_script.py"
    path.parent.mkdir()
    path.write_text(KERNEL)
    return path


@pytest.fixture
def others(tmp_path):
    """A framework that pins triton 3.7.1, and that triton."""
    theirs = made(tmp_path, "triton", "3.7.1", files={"__init__.py": "__version__ = '3.7.1'\n", "other.py": ""})
    return made(tmp_path, "torch", "2.13.0", ["triton==3.7.1"], {"__init__.py": ""}), theirs


# ---- what is in a wheel ----------------------------------------------------------------------------------------------


def test_pip_install_from_source_installs_the_package(tmp_path):
    """What scikit-build-core sets makes the build install a wheel's files, and no other ones."""
    told = run("cmake", "-G", "Ninja", "-S", ROOT, "-B", tmp_path, "-DSKBUILD:STRING=2", "-DTRITONC_TESTS=OFF",
               f"-DPython3_EXECUTABLE={sys.executable}")  # fmt: skip
    rules = (tmp_path / "cmake_install.cmake").read_text()
    assert "/triton/_C" in rules and "python/triton/" in rules and "pkgconfig" not in rules, told


@pytest.mark.parametrize("name", ["triton", "tritonc"])
def test_a_wheel_runs_where_its_name_says(name):
    shown = run(sys.executable, "-m", "auditwheel", "show", wheel(name))
    flat = " ".join(shown.split())
    tag = re.search(r'consistent with the following platform tag: "manylinux_2_(\d+)_\w+"', flat)
    assert tag and int(tag[1]) <= 28, shown
    assert "-cp310-abi3-manylinux_2_28_" in wheel(name).name


@pytest.mark.parametrize("name", ["triton", "tritonc"])
def test_a_wheel_carries_the_licence_of_all_that_is_in_it(name):
    with zipfile.ZipFile(wheel(name)) as archive:
        licenses = {Path(n).name: archive.read(n).decode() for n in archive.namelist() if "/licenses/" in n}
        said = archive.read(
            next(n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        ).decode()
    assert sorted(re.findall(r"^License-File: (.*)$", said, re.M)) == sorted(licenses)
    for file, words in {"LICENSE": "MIT License", "LLVM.txt": "LLVM Exceptions", "zlib.txt": "Jean-loup Gailly",
                        "libstdc++-and-libgcc.txt": "GCC RUNTIME LIBRARY EXCEPTION", "zstd.txt": "BSD",
                        "zig.txt": "MIT"}.items():  # fmt: skip
        assert words.lower() in licenses[file].lower(), file


def test_the_record_is_right():
    with zipfile.ZipFile(wheel("tritonc")) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        record = archive.read(next(n for n in names if n.startswith("tritonc-") and n.endswith("/RECORD"))).decode()
        rows = [line.rsplit(",", 2) for line in record.splitlines()]
        assert sorted(path for path, _, _ in rows) == sorted(names)
        for path, digest, size in rows:
            if digest:
                data = archive.read(path)
                hashed = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                assert (digest, size) == (f"sha256={hashed}", str(len(data)))


# ---- without the CPU backend -----------------------------------------------------------------------------------------


def without_cpu(name):
    found = list((WHEELS / "nocpu").glob(f"{name}-*.whl"))
    assert len(found) == 1, found
    return found[0]


def test_the_version_names_a_missing_back_end():
    tools = str(ROOT / "python" / "tools")
    ask = "import sys, version; print(version.version(), version.version(name='tritonc'))"
    say = {"PYTHONPATH": tools, "TRITONC_CPU": "OFF"}
    ours = wheel("tritonc").name.split("-")[1]
    assert run(sys.executable, "-c", ask, **say, TRITONC_COMPATIBLE="") == f"3.6.0+c{ours}.nocpu {ours}+nocpu"
    assert run(sys.executable, "-c", ask, **say, TRITONC_COMPATIBLE="3.9.0").startswith(f"3.9.0+c{ours}.nocpu ")
    assert "3.6.0, 3.7.1, 3.9.0" in fails(sys.executable, "-c", ask, PYTHONPATH=tools, TRITONC_COMPATIBLE="3.8.0")


def test_a_wheel_without_the_cpu_back_end():
    """Its name says so, it is small, and it carries no licence of what is not in it."""
    ours = wheel("tritonc").name.split("-")[1]
    names = {"triton": f"triton-3.7.1+c{ours}.nocpu-", "tritonc": f"tritonc-{ours}+nocpu.triton3.7.1-"}
    for name, start in names.items():
        path = without_cpu(name)
        assert path.name.startswith(start) and path.stat().st_size < 8 << 20, path
        with zipfile.ZipFile(path) as archive:
            files = archive.namelist()
            said = archive.read(next(n for n in files if re.fullmatch(rf"{name}-[^/]+/METADATA", n))).decode()
        assert not [n for n in files if "tritonc_cpu" in n]
        assert sorted(Path(n).name for n in files if "/licenses/" in n) == ["LICENSE", "zig.txt"]
        assert "License-Expression: MIT\n" in said
        shown = " ".join(run(sys.executable, "-m", "auditwheel", "show", path).split())
        assert int(re.search(r'following platform tag: "manylinux_2_(\d+)_', shown)[1]) <= 28


def test_what_runs_without_the_cpu_back_end(environment, script, others, tmp_path):
    """It meets PyTorch's pin, compiles for GPUs, runs on the simulated one, and says what is missing for the CPU."""
    environment.install(without_cpu("triton"), others[0])
    assert "No broken requirements" in environment.pip("check")
    version = environment.run("-c", "import triton; print(triton.__version__)")
    assert re.fullmatch(r"3\.7\.1\+c[\d.]+\.nocpu", version)
    assert environment.run(script, TRITONC_SIMULATE="cuda:80") == version
    command = environment.python.parent / "tritonc"
    signature = ["-k", "add", "-s", "*fp32,*fp32,*fp32,i32,256"]
    assert ".visible .entry add" in run(command, script, *signature, "--target", "cuda:90", "--emit", "ptx")
    empty = tmp_path / "empty"
    for said in (
        fails(environment.python, script, TRITON_DEFAULT_BACKEND="", TRITON_CACHE_DIR=empty),
        fails(command, script, *signature, "--emit", "asm"),
    ):
        assert "this build has no CPU backend" in said and "TRITONC_SIMULATE=1" in said, said
    environment.pip("uninstall", "-q", "-y", "triton")
    environment.install(without_cpu("tritonc"))
    assert environment.run("-m", "tritonc", script, TRITONC_SIMULATE="1") == version


# ---- in the place of another triton ----------------------------------------------------------------------------------


def metadata_of_pytorch(release):
    """What that release's wheel for CUDA asks for, as the package index tells: nothing large is fetched."""
    told = run(sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--no-deps",
               "--report", "-", "--target", "nowhere", "--only-binary", ":all:", "--python-version", "3.11",
               "--platform", "manylinux_2_28_x86_64", f"torch==={release}",
               PIP_FIND_LINKS="")  # fmt: skip
    return json.loads(told[told.index("{") :])["install"][0]["metadata"]["requires_dist"]


def stand_in(requirement):
    """The version of a stand-in that fulfils a requirement."""
    exact = [s.version for s in requirement.specifier if s.operator in ("==", ">=", "~=")]
    return exact[0] if exact else "1"


@pytest.mark.parametrize("compatible,release", [*zip(SERVED, ("2.11.0", "2.13.0", "2.15.0"), strict=True)])
def test_pytorch_for_cuda_is_served(compatible, release, tmp_path, script, monkeypatch):
    """PyTorch's own requirements, ours and theirs installed in both orders by pip's resolver; the files are empty."""
    (tmp_path / "none.txt").touch()
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "none.txt"))  # a machine's own limit on PyTorch is not ours
    asked = metadata_of_pytorch(release)
    folder = tmp_path / "index"
    folder.mkdir()
    made(folder, "torch", release, asked, {"__init__.py": ""})
    environment = {"extra": "", "platform_system": "Linux", "python_version": "3.11"}
    for requirement in map(Requirement, asked):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            if requirement.name == "triton":
                assert str(requirement.specifier) == SERVED[compatible].removeprefix("triton")
            made(folder, requirement.name.replace("-", "_"), stand_in(requirement))
    offline = ["install", "-q", "--no-index", "--no-compile", "--find-links", folder]
    for ours_first in (True, False):
        place = Environment(tmp_path / f"venv-{ours_first}")
        for what in [[wheel("triton", compatible)], [f"torch=={release}"]][:: 1 if ours_first else -1]:
            place.pip(*offline, *what)
        assert "No broken requirements" in place.pip("check")
        version = place.run("-c", "import importlib.metadata as m; print(m.version('triton'))")
        assert re.fullmatch(re.escape(compatible) + r"\+c[\d.]+", version)
        assert place.run(script) == version


def test_pytorch_itself(environment, script):
    """The PyTorch of the tests, installed by pip after both of ours, then before. That for CPUs pins no triton."""
    pytorch = f"torch==={importlib.metadata.version('torch')}"
    pins = [r for r in importlib.metadata.requires("torch") if r.startswith("triton")]
    compatible = next((c for c in SERVED if any(SERVED[c] in pin for pin in pins)), "3.7.1")
    use = (
        "import torch, triton; from torch._inductor.codegen import triton; print(triton.triton_version_uses_attrs_dict)"
    )
    ours = wheel("triton", compatible), wheel("tritonc")
    environment.install(*ours)
    environment.pip("install", "-q", "--no-compile", pytorch)
    assert "No broken requirements" in environment.pip("check")
    assert environment.run(script).startswith(f"{compatible}+c")
    environment.pip("uninstall", "-q", "-y", "triton", "tritonc")
    environment.install(*ours)
    assert "No broken requirements" in environment.pip("check")
    environment.run("-c", use)
    assert environment.run(script).startswith(f"{compatible}+c")


def test_artefacts(environment, script, tmp_path):
    """Kernels compiled by the installed command, a program with the run-time library of the wheel."""
    environment.install(wheel("triton"))
    command = environment.python.parent / "tritonc"
    request = [script, "-k", "add", "-s", "*fp32,*fp32,*fp32,i32,256", "--grid", "1"]
    run(command, *request, "--emit", "so", "-o", tmp_path / "shared")
    run(command, *request, "--emit", "c", "-o", tmp_path / "out")
    parts = environment.run("-c", "import triton; print(triton.__path__[0])") + "/_C"
    (tmp_path / "main.c").write_text(
        '#include "out.h"\n#include <tritonc_rt.h>\n'
        "int main(void) { float x[4] = {1, 2, 3, 4}; return add(x, x, x, 4) || x[3] != 8 || out_message()[0]; }\n"
    )
    program = tmp_path / "program"
    run("cc", "-I", f"{parts}/include", tmp_path / "main.c", tmp_path / "out.c", f"{parts}/libtritonc_rt.a", "-lm",
        "-lpthread", "-o", program)  # fmt: skip
    run(program)


def test_a_folder_is_a_place_too(tmp_path, script):
    """pip install --target: the package in it runs."""
    target = tmp_path / "target"
    run(sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-compile", "--target", target, wheel("triton"))
    assert run(sys.executable, script, PYTHONPATH=target).startswith("3.6.0+c")
    assert "ret" in run(
        target / "bin" / "tritonc", script, "-k", "add", "-s", "*fp32,*fp32,*fp32,i32,256", "--emit", "asm"
    )


def interpreters():
    """Every Python at hand that a wheel is for, by version."""
    found = {sys.version_info[:2]: sys.executable}
    places = [*Path("~/.pyenv/versions").expanduser().glob("3.*/bin"), *map(Path, os.environ["PATH"].split(":"))]
    for place in places:
        for minor in range(10, 16):
            python = place / f"python3.{minor}"
            if (3, minor) not in found and python.exists():
                if subprocess.run([python, "-c", ""], capture_output=True).returncode == 0:
                    found[3, minor] = str(python)
    return dict(sorted(found.items()))


@pytest.mark.parametrize(
    "version,python", interpreters().items(), ids=lambda x: "" if isinstance(x, str) else f"3.{x[1]}"
)
def test_one_wheel_for_every_python(version, python, tmp_path, script):
    with zipfile.ZipFile(wheel("triton")) as archive:
        archive.extractall(tmp_path / "site")
    assert run(python, "-S", script, PYTHONPATH=tmp_path / "site").startswith("3.6.0+c")


# ---- beside another triton -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ours_first", [False, True])
def test_beside_another_triton(ours_first, others, script, environment):
    ours = wheel("tritonc")
    for one in [ours, *others] if ours_first else [*others, ours]:
        environment.install(one)
    assert "No broken requirements" in environment.pip("check")
    where = Path(environment.run("-c", "import triton; print(triton.__file__)")).parent
    assert sorted(p.name for p in where.iterdir() if p.name != "__pycache__") == ["__init__.py", "other.py"]
    assert environment.run("-c", "import tritonc, triton; print(triton.__version__)") == "3.7.1"
    assert environment.run("-m", "tritonc", script).startswith("3.6.0+c")
    environment.pip("uninstall", "-q", "-y", "tritonc")
    assert environment.run("-c", "import triton, triton.other; print(triton.__version__)") == "3.7.1"
    assert not (where.parent / "tritonc").exists() or not any((where.parent / "tritonc").rglob("*.so"))


ACTIVE = """
import tritonc
assert not tritonc.is_active()
tritonc.activate(); tritonc.activate()
import importlib.metadata, triton
assert tritonc.is_active() and "_packages" in triton.__file__
assert importlib.metadata.version("triton") == triton.__version__
print(tritonc.__version__, triton.__version__)
"""
TOO_LATE = """
import triton, tritonc
assert not tritonc.is_active()
try:
    tritonc.activate()
except ImportError as error:
    print(error)
import sys
assert sys.modules["triton"] is triton and triton.__version__ == "3.7.1" and not any("_packages" in p for p in sys.path)
"""
HOOKED = """
import importlib.util, sys, tritonc
class Hook:
    def find_spec(self, name, path=None, target=None):
        if name == "triton":
            return importlib.util.spec_from_file_location(name, "/elsewhere/triton/__init__.py")
sys.meta_path.insert(0, Hook())
before = list(sys.path)
try:
    tritonc.activate()
except ImportError as error:
    print(error)
assert sys.path == before
"""
CHILDREN = """
import multiprocessing
def version(_):
    import triton
    return triton.__version__
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(*set(pool.map(version, range(2))))
"""


def test_activate(others, environment, tmp_path):
    environment.install(*others, wheel("tritonc"))
    ours = wheel("tritonc").name.split("-")[1]
    assert environment.run("-c", ACTIVE) == f"{ours} 3.6.0+c{ours}"
    said = environment.run("-c", TOO_LATE)
    assert "another triton is imported already, from" in said and "python -m tritonc" in said
    assert "would give /elsewhere/triton/__init__.py" in environment.run("-c", HOOKED)
    children = tmp_path / "children.py"
    children.write_text(CHILDREN)
    assert environment.run("-m", "tritonc", children) == f"3.6.0+c{ours}"


def test_a_program_is_run_as_python_runs_it(environment, tmp_path):
    environment.install(wheel("tritonc"))
    folder = tmp_path / "a b"
    folder.mkdir()
    (folder / "helper.py").write_text("import triton\n")
    program = folder / "program.py"
    program.write_text(
        "import sys, helper, triton\nprint(__name__, sys.argv[1:], helper.triton is triton)\nsys.exit(3)\n"
    )
    command = [environment.python, "-m", "tritonc"]
    done = subprocess.run([*command, program, "-x", "1"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "__main__ ['-x', '1'] True\n"), done.stderr
    (folder / "module.py").write_text("import sys, triton\nprint(__name__, sys.argv[1:])\n")
    assert run(*command, "-m", "module", "y", PYTHONPATH=folder) == "__main__ ['y']"
    assert run(*command, "-c", "import sys, triton; print(sys.argv, triton.__name__)", "a") == "['-c', 'a'] triton"
    assert "usage: python -m tritonc" in fails(*command)
    assert "there is no option `--frob`" in fails(*command, "--frob")
    assert "there is no such file" in fails(*command, tmp_path / "none.py")


def test_pytorch_takes_it(environment):
    """PyTorch itself (the tests' own, for the CPU) finds tritonc once it is active, and not before."""
    environment.install(wheel("tritonc"))
    site = subprocess.run([sys.executable, "-c", "import torch; print(torch.__path__[0])"], capture_output=True,
                          text=True, check=True).stdout.strip()  # fmt: skip
    link = next(Path(environment.python).parents[1].glob("lib/python*/site-packages")) / "torch.pth"
    link.write_text(str(Path(site).parent) + "\n")
    ask = "import torch.utils._triton as t; print(t.has_triton_package())"
    assert environment.run("-c", ask) == "False"
    assert environment.run("-c", "import tritonc; tritonc.activate()\n" + ask) == "True"
    assert "No broken requirements" in environment.pip("check")


def test_the_same_tree_gives_the_same_bytes(tmp_path):
    run(sys.executable, ROOT / "python/tools/wheel.py", "--name", "tritonc", "--out", tmp_path)
    again = next(tmp_path.glob("*.whl"))
    assert again.read_bytes() == (WHEELS / again.name).read_bytes()

"""Every code block of the README and the manuals: Python runs, C compiles, commands run, IR is read.

What a block takes for granted (a variable, a file) stands before it in a block that only this test sees, see blocks.py.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest
from blocks import PAGES, ROOT, blocks, every

RELEASE = ROOT / "build" / "release"
# Commands that install something: their names are all that is checked.
INSTALLS = {"pip", "cmake", "sudo", "apt-get", "git"}


def pages_with(*languages):
    chosen = [page for page in PAGES if any(block.language in languages for block in blocks(page))]
    return pytest.mark.parametrize("page", chosen, ids=lambda page: page.stem)


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """What ./dev install gives, and an environment in which programs find it."""
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", RELEASE, "--prefix", prefix], check=True, capture_output=True)
    pkgconfig = next(prefix.rglob("tritonc.pc")).parent
    (prefix / "bin" / "python3").symlink_to(sys.executable)
    return {
        **os.environ,
        "PATH": f"{prefix / 'bin'}:{os.environ['PATH']}",
        "PKG_CONFIG_PATH": str(pkgconfig),
        "LD_LIBRARY_PATH": str(pkgconfig.parent),
        "PYTHONPATH": str(RELEASE / "python"),
        "TRITON_DEFAULT_BACKEND": "cpu",
        "TRITONC_TEST_SMALL": "1",
    }


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def run(command, folder, env, place):
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{place}\n{done.stdout[-4000:]}{done.stderr[-8000:]}"
    return done.stdout


@pages_with("python")
def test_python(page, folder, installed):
    """A page's blocks are one program, each on the lines that it has in the page."""
    lines = []
    for block in blocks(page):
        if block.language == "python":
            lines += [""] * (block.line - 1 - len(lines)) + block.text.splitlines()
    program = folder / f"page_{page.stem}.py"
    program.write_text("\n".join(lines) + "\n")
    run([sys.executable, program], folder, installed, page.name)


def commands(text):
    """The commands of a block, continued lines joined, without remarks and blank lines."""
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def program_of(command):
    words = command.split()
    return next(word for word in words if not re.match(r"\w+=", word))


@pages_with("sh")
def test_commands(page, folder, installed):
    dev_commands = set(re.findall(r"^  ([a-z|]+)\)", (ROOT / "dev").read_text(), re.M)) | {"help"}
    ran = 0
    for block in blocks(page):
        if block.language != "sh":
            continue
        if block.hidden or "<<" in block.text:  # a file that is written there is no command a line
            run(["bash", "-e", "-c", block.text], folder, installed, block.place)
            ran += not block.hidden
            continue
        for command in commands(block.text):
            ran += 1
            for part in command.split(" && "):
                program = program_of(part)
                if program == "./dev":
                    assert part.split()[1] in dev_commands, f"{block.place}: {part}"
                elif program not in INSTALLS and "build/python" not in part:
                    run(["bash", "-c", part], folder, installed, f"{block.place}: {part}")
    assert ran


@pages_with("c")
def test_c(page, folder):
    """Declarations compile as they are, statements in a function; a hidden block before one stands before it."""
    compiler = shutil.which("cc")
    before = ""
    for block in blocks(page):
        if block.language != "c":
            continue
        if block.hidden:
            before += block.text
            continue
        includes = "".join(re.findall(r"^#include.*\n", block.text, re.M))
        rest = re.sub(r"^#include.*\n", "\n", block.text, flags=re.M)
        marker = f'#line {block.line} "{page.name}"\n'
        top = "#include <tritonc.h>\n#include <stdio.h>\n#include <string.h>\n" + includes + before
        attempts = [top + marker + rest, f"{top}void example(void);\nvoid example(void) {{\n{marker}{rest}}}\n"]
        source = folder / "block.c"
        errors = []
        for text in attempts:
            source.write_text(text)
            folders = [f"-I{ROOT / 'include'}", f"-I{ROOT / 'src'}"]
            options = ["-std=gnu17", "-Wall", "-Wno-unused", "-Werror", "-fsyntax-only"]
            command = [compiler, *options, *folders, source]
            done = subprocess.run(command, capture_output=True, text=True)
            errors.append(done.stderr)
            if done.returncode == 0:
                break
        else:
            pytest.fail(f"{block.place} compiles neither as declarations nor as statements:\n" + "\n".join(errors))


@pages_with("mlir")
def test_ir(page, folder, installed):
    """Whole modules are read and verified."""
    for block in blocks(page):
        if block.language == "mlir":
            file = folder / ("block.ttgir" if "#ttg." in block.text or "#blocked" in block.text else "block.ttir")
            file.write_text(block.text)
            target = ["--target", "cuda:90"] if file.suffix == ".ttgir" else []
            stage = file.suffix[1:]
            run(["tritonc", file, "--emit", stage, "-o", "-", *target], folder, installed, block.place)


def test_every_block_says_its_language():
    """What is a command or a program must not hide in a block that nothing runs."""
    code = re.compile(
        r"(tritonc|cc|gcc|python3?|\./dev|TRITON\w*=\S+|import|@triton|#include|ttc_\w+|module|tt\.func)\b"
    )
    for block in every("", "text"):
        assert not code.match(block.text), f"{block.place}: which language is this?"
    for page in PAGES:
        in_block = False
        previous = ""
        for number, line in enumerate(page.read_text().splitlines(), 1):
            in_block ^= line.startswith("```")
            indented = line.startswith("    ") and not previous.strip() and not in_block
            assert not indented, f"{page.name}:{number}: a block by indentation has no language; use a fence"
            previous = line

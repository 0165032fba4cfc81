"""Is the house as docs/design.md says: do includes only fall, and are the circles among files those that are meant?

Includes: a file of a folder includes files of its own folder and of folders above it in the list of section 4; and it
calls no others, by whatever declaration.
So it is among the subfolders and files of cpu/, gpu/ and lang/, by the symbols in their objects.
Circles: files whose code calls each other in a circle, by the symbols in the objects of build/release. Some problems
are mutually recursive, and their files with them; KEPT says which and why. Any other circle is a mistake, and so is an
entry that is no circle any more.
The Python package: no circle at all among its modules, imports within functions included, and none among its
subpackages and other modules; APART says which modules count by themselves there.
Names: what a file of a folder defines for other files begins with the folder's prefix; what a header calls a type, no
file of another folder calls another type.
Tests: none is skipped, nor expected to fail: what cannot be tested is said, not dropped.
Files that comments and manuals name: they exist.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

KEPT = {
    "the parser is a recursive descent: statements hold statements": """
        src/syntax/parse_compound.c src/syntax/parse_match.c src/syntax/parse_stmt.c""",
    "the same for expressions, in targets and f-strings, too; the search for an open bracket skips strings": """
        src/syntax/fstring.c src/syntax/literal.c src/syntax/parse_atom.c src/syntax/parse_expr.c
        src/syntax/parse_params.c src/syntax/parse_target.c src/syntax/parser.c""",
    "an op with syntax of its own has regions, and these have ops": """
        src/ir/print.c src/ir/print_custom.c""",
    "the same, read": """
        src/ir/read.c src/ir/read_custom.c""",
    "an instruction is simplified into others, which are simplified": """
        src/ll/build.c src/ll/rules_cast.c src/ll/rules_compare.c src/ll/rules_float.c
        src/ll/rules_int.c src/ll/rules_shape.c""",
}

# Modules of the Python package that know less than the rest of their subpackage: programs import them by these names,
# but what they hold belongs further down.
APART = {
    "triton.runtime.errors": "exceptions",
    "triton.compiler.errors": "exceptions",
    "triton.runtime.cache": "files under a key; knows the settings alone",
    "triton.runtime.build": "calls the C compiler; knows the cache and the settings",
    "triton.tools.tensor_descriptor": "a class that launches take",
}

# By folder: its prefix; then those of its own types (Val, Layout, Ptx, Lexer) and tables (builtins, fold rules), and of
# what is called by name from outside. base/ names things by what they are: arenas, maps, buffers.
PREFIXES = {
    "src/syntax": "syn_ lex_ parse_",
    "src/ir": "ir_ watch_ remark_",
    "src/index": "index_",
    "src/lang": "lang_ val_ lt_",
    "src/lang/python": "py_ lang_",
    "src/lang/tl": "sem_ lt_ builtin_ lang_",
    "src/opt": "opt_ fold_",
    "src/target": "target_",
    "src/ll": "ll_",
    "src/simt": "simt_",
    "src/gpu/layout": "gpu_ layout_",
    "src/gpu/passes": "gpu_",
    "src/gpu/lower": "lower_ gpu_",
    "src/nvidia": "nvidia_ ptx_",
    "src/cpu": "cpu_ ttc_rt_ tritonc_target",
    "src/cpu/emit": "emit_ cpu_",
    "src/cpu/rt": "rt_ ttc_rt_ __extendhfsf2 __truncsfhf2 __truncdfhf2",
    "src/explore": "explore_",
    "src/run": "run_ ttc_",
    "src/aot": "aot_",
    "src/api": "ttc_",
    "src/cli": "cli_ main",
    "python/ext": "ext_ PyInit_",
}


def folders():
    """The folders of section 4, lowest first."""
    text = (ROOT / "docs" / "design.md").read_text()
    return re.findall(r"^src/(\w+)/", text[text.index("## 4.") :], re.M)


def rising_includes():
    order = {name: i for i, name in enumerate(folders())}
    wrong = []
    for file in sorted((ROOT / "src").rglob("*.[ch]")):
        folder = file.relative_to(ROOT / "src").parts[0]
        if folder not in order:
            wrong.append(f"src/{folder}/ is not in the list of docs/design.md")
            continue
        for other in re.findall(r'^#include "(\w+)/', file.read_text(), re.M):
            if order.get(other, 0) > order[folder]:
                wrong.append(f"{file.relative_to(ROOT)} includes a file of {other}/, which stands below {folder}/")
    return wrong


def rising_calls(graph):
    """Calls of a folder by one above it, by the linker's symbols: a declaration is no way around an include."""
    order = {name: i for i, name in enumerate(folders())}
    wrong = []
    for a in sorted(a for a in graph if a.startswith("src/")):
        for b in sorted(graph[a]):
            below = order[b.split("/")[1]] if b.startswith("src/") else len(order)
            if below > order[a.split("/")[1]]:
                wrong.append(f"{a} takes symbols of {b}, whose folder stands below its own")
    return wrong


def circles_of_rooms(graph):
    """Subfolders of a folder, and its other files, that call each other in a circle: they fall, too."""
    wrong = []
    for folder in ("src/cpu", "src/gpu", "src/lang"):
        rooms = defaultdict(set)
        for a in graph:
            for b in graph[a]:
                if a.startswith(f"{folder}/") and b.startswith(f"{folder}/"):
                    x, y = a.split("/")[2], b.split("/")[2]
                    rooms[x] |= {y} - {x}
        wrong += [f"in {folder}/ these call each other in a circle: {', '.join(sorted(c))}" for c in circles(rooms)]
    return wrong


def objects():
    """The object of every file of src/ and python/ext/ in build/release, by the file's path."""
    found = {}
    for path in (ROOT / "build" / "release" / "CMakeFiles").glob("*.dir/**/*.o"):
        source = re.search(r"\.dir/(.*)\.o$", str(path))[1]
        if source.startswith(("src/", "python/ext/")) and (ROOT / source).exists():
            found.setdefault(source, path)
    return found


def symbols():
    """The file that defines each external name, and which names each file takes from elsewhere."""
    defined, wanted = {}, defaultdict(set)
    for source, path in objects().items():
        out = subprocess.run(["nm", "-P", path], capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            name, kind = line.split()[:2]
            if kind == "U":
                wanted[source].add(name)
            elif kind in "TDRBC":
                defined[name] = source
    return defined, wanted


def calls(defined, wanted):
    """Which files each file takes symbols from."""
    return {s: {defined[n] for n in names if n in defined} - {s} for s, names in wanted.items()}


def python_imports():
    """Which modules each module of the Python package imports, wherever in it the import stands."""
    files = {}
    for file in (ROOT / "python" / "triton").rglob("*.py"):
        parts = file.relative_to(ROOT / "python").with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    graph = {}
    for module, file in files.items():
        package = module.split(".")[: None if file.name == "__init__.py" else -1]
        tree = ast.parse(file.read_text())
        typing = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test)]
        passed = {id(n) for branch in typing for n in ast.walk(branch)}
        graph[module] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                graph[module] |= {alias.name for alias in node.names}
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
                graph[module] |= {a.value for a in node.args if isinstance(a, ast.Constant)}
            if not isinstance(node, ast.ImportFrom) or id(node) in passed:
                continue
            base = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join(base + (node.module.split(".") if node.module else []))
            for alias in node.names:
                graph[module] |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in files else base}
        graph[module] = (graph[module] & files.keys()) - {module}
    return graph


def circles_of_subpackages(imports):
    """Subpackages of the Python package, and its other modules, that import each other in a circle."""
    room = {m: m if m in APART else ".".join(m.split(".")[:2]) for m in imports}
    rooms, wrong = defaultdict(set), []
    for a in imports:
        rooms[room[a]] |= {room[b] for b in imports[a]} - {room[a]}
    for circle in circles(rooms):
        wrong.append("subpackages import each other in a circle:")
        inside = [(a, b) for a in sorted(imports) for b in sorted(imports[a]) if room[a] != room[b]]
        wrong += [f"    {a} -> {b}" for a, b in inside if {room[a], room[b]} <= circle]
    return wrong


def misnamed(defined):
    wrong = []
    for name, file in sorted(defined.items()):
        folder = file.rpartition("/")[0]
        if folder != "src/base" and not name.startswith(tuple(PREFIXES.get(folder, "").split()) or ("?",)):
            wrong.append(f"{file}: {name} begins with none of the folder's prefixes: {PREFIXES.get(folder, '(none)')}")
    return wrong


def ambiguous_types():
    """Types of a header whose name is another type's in another folder. (A completed `struct` is the one declared.)"""
    found = defaultdict(set)
    for file in sorted([*(ROOT / "src").rglob("*.[ch]"), *(ROOT / "python" / "ext").glob("*.[ch]")]):
        for name in re.findall(
            r"^\} ([A-Z]\w*);|^typedef (?:struct|enum|union) \w+ ([A-Z]\w*);", file.read_text(), re.M
        ):
            found["".join(name)].add(file.relative_to(ROOT))
    wrong = []
    for name, files in sorted(found.items()):
        if len({f.parent for f in files}) > 1 and any(f.suffix == ".h" for f in files):
            wrong.append(f"{name} is a type of each of {', '.join(map(str, sorted(files)))}")
    return wrong


def skips():
    """Where a test may be skipped."""
    word = re.compile(
        r"\b(importorskip|skipif|skipUnless|skipIf|xfail|SkipTest|(?:pytest|self|mark)\.skip|skip\(\))(?![\w])"
    )
    wrong = []
    for file in sorted(p for kind in ("py", "c", "h", "mjs") for p in (ROOT / "tests").rglob(f"*.{kind}")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if word.search(line) and file != Path(__file__).resolve():
                wrong.append(f"{file.relative_to(ROOT)}:{number} may skip a test: {line.strip()}")
    return wrong


def missing_files():
    """Files that comments of the C sources name, or manuals by their path, and that are not there."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    files = {f for f in listed.stdout.split() if (ROOT / f).exists()}
    ends = {f[i:] for f in files for i, c in enumerate("/" + f) if c == "/"}
    wrong = []
    for file in sorted(files):
        if file.startswith(("src/", "include/", "python/ext/", "tests/c/")) and file.endswith((".c", ".h", ".def")):
            comments = "\n".join(re.findall(r"/\*.*?\*/", (ROOT / file).read_text(), re.S))
            named = re.findall(r"(?<![\w./*$-])((?:\w+/)*[a-z_]\w*\.(?:c|h|def|mlir))\b", comments)
        elif file.endswith(".md"):
            named = re.findall(
                r"(?<![\w/])((?:src|tests|bench|include|examples)/[\w/.]*\.\w+)", (ROOT / file).read_text()
            )
        else:
            continue
        wrong += [f"{file}: there is no {n}" for n in sorted(set(named) - ends) if "NAME" not in n]
    return wrong


def circles(graph):
    """Strongly connected components of more than one file (Tarjan, 1972)."""
    index, low, stack, found = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in graph.get(v, ()):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            at = stack.index(v)
            component = frozenset(stack[at:])
            del stack[at:]
            if len(component) > 1:
                found.append(component)

    sys.setrecursionlimit(10_000)
    for v in list(graph):
        if v not in index:
            visit(v)
    return found


def main():
    defined, wanted = symbols()
    graph = calls(defined, wanted)
    wrong = (
        rising_includes()
        + rising_calls(graph)
        + circles_of_rooms(graph)
        + misnamed(defined)
        + ambiguous_types()
        + missing_files()
        + skips()
    )
    if len(graph) < 100:
        sys.exit("there are no objects in build/release: ./dev build")
    kept = {frozenset(files.split()): why for why, files in KEPT.items()}
    found = circles(graph)
    for circle in found:
        if circle in kept:
            continue
        wrong.append("files call each other in a circle:")
        wrong += [f"    {a} -> {b}" for a in sorted(circle) for b in sorted(graph[a] & circle)]
    imports = python_imports()
    for circle in circles(imports):
        wrong.append("modules import each other in a circle:")
        wrong += [f"    {a} -> {b}" for a in sorted(circle) for b in sorted(imports[a] & circle)]
    wrong += circles_of_subpackages(imports)
    wrong += [f"tests/structure.py: no circle any more: {why}" for files, why in kept.items() if files not in found]
    print("\n".join(wrong) or f"{len(graph)} files, {len(found)} circles, all of them meant")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

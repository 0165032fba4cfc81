"""Text checked against patterns in comments, as LLVM's FileCheck does: `CHECK:` and its relatives.

The directives are `CHECK`, `-NEXT` (the line after), `-SAME` (the same line), `-NOT` (not before the next match),
`-DAG` (in any order), `-LABEL` (splits the text into parts that are checked apart), `-EMPTY` and `-COUNT-n`. A pattern
is plain text with `{{a regular expression}}`, `[[NAME:a regular expression]]`, which keeps what it matched, and
`[[NAME]]`, which is that again; runs of blanks match each other.
"""

from __future__ import annotations

import functools
import inspect
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MatchError", "filecheck_test", "run_filecheck", "run_filecheck_test", "run_parser"]

_DIRECTIVE = re.compile(r"(?<![\w-])CHECK(-NEXT|-SAME|-NOT|-DAG|-LABEL|-EMPTY|-COUNT-\d+)?:[ \t]?(.*)")
_PIECE = re.compile(r"\{\{(.*?)\}\}|\[\[([$#]?\w+)(?::(.*?))?\]\](?!\])")


class MatchError(ValueError):
    """The text is not as the patterns say.

    Parameters
    ----------
    message : str
        Which pattern, and where its search began.
    module_str : str
        The text.
    """

    def __init__(self, message: str, module_str: str) -> None:
        super().__init__(message)
        self.module_str = module_str

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.module_str}"


class _Check:
    """A directive: what it demands, and its pattern."""

    def __init__(self, line: int, kind: str, pattern: str) -> None:
        self.line, self.kind, self.pattern = line, kind, pattern.rstrip()

    def compile(self, names: dict[str, str]) -> re.Pattern:
        """The pattern with what the names stand for by now."""
        out, at, own = [], 0, set()
        for m in _PIECE.finditer(self.pattern):
            out.append(_plain(self.pattern[at : m.start()]))
            at = m.end()
            expression, name, definition = m.groups()
            if expression is not None:
                out.append(f"(?:{expression})")
            elif definition is not None:
                name = name.lstrip("$#")
                own.add(name)
                out.append(f"(?P<{name}>{definition})")
            else:
                name = name.lstrip("$#")
                if name not in own and name not in names:
                    raise ValueError(f"line {self.line}: [[{name}]] is not defined: `{self.pattern}`")
                out.append(f"(?P={name})" if name in own else re.escape(names[name]))
        out.append(_plain(self.pattern[at:]))
        return re.compile("".join(out), re.MULTILINE)


def _plain(text: str) -> str:
    return r"[ \t]+".join(re.escape(part) for part in re.split(r"[ \t]+", text))


class _Matcher:
    """Where in the text the checks have come to."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.names = text, 0, {}

    def fail(self, check: _Check, what: str) -> None:
        line = self.text.count("\n", 0, self.at) + 1
        message = f"line {check.line}: CHECK{check.kind}: {check.pattern}\n{what}, from line {line} of the text on:"
        raise MatchError(message, self.text)

    def find(self, check: _Check, end: int, start: int | None = None) -> re.Match:
        m = check.compile(self.names).search(self.text, self.at if start is None else start, end)
        if m is None:
            self.fail(check, "not found")
        self.names.update(m.groupdict())
        return m

    def refuse(self, checks: list[_Check], begin: int, end: int) -> None:
        for check in checks:
            m = check.compile(self.names).search(self.text, begin, end)
            if m is not None:
                self.fail(check, f"found in line {self.text.count(chr(10), 0, m.start()) + 1}")

    def run(self, checks: list[_Check], end: int) -> None:
        """Match the checks of a part of the text, in order."""
        refused: list[_Check] = []
        i = 0
        while i < len(checks):
            check = checks[i]
            if check.kind == "-NOT":
                refused.append(check)
                i += 1
                continue
            begin = self.at
            if check.kind == "-DAG":
                first, last = end, self.at
                taken: list[tuple[int, int]] = []
                while i < len(checks) and checks[i].kind == "-DAG":
                    m = self.find(checks[i], end, begin)
                    while any(m.start() < b and a < m.end() for a, b in taken):
                        m = self.find(checks[i], end, m.end())
                    taken.append(m.span())
                    first, last = min(first, m.start()), max(last, m.end())
                    i += 1
                self.refuse(refused, begin, first)
                refused, self.at = [], last
                continue
            for _ in range(int(check.kind[7:]) if check.kind.startswith("-COUNT-") else 1):
                m = self.find(check, end)
                between = self.text.count("\n", self.at, m.start())
                if check.kind in ("-NEXT", "-EMPTY") and between != 1:
                    self.fail(check, f"found {between} lines on, not in the next line")
                if check.kind == "-SAME" and between:
                    self.fail(check, f"found {between} lines on, not in the same line")
                self.refuse(refused, self.at, m.start())
                refused, self.at = [], m.end()
            i += 1
        self.refuse(refused, self.at, end)


def _checks(template: str) -> list[_Check]:
    found = []
    for number, line in enumerate(template.splitlines(), 1):
        m = _DIRECTIVE.search(line)
        if m:
            kind = m[1] or ""
            found.append(_Check(number, kind, "{{^$}}" if kind == "-EMPTY" else m[2]))
    return found


def run_filecheck(name: str, module_str: str, check_template: str) -> None:
    """Check a text against the directives in a template; ValueError where it is not as they say."""
    checks = _checks(check_template)
    if not checks:
        raise ValueError(f"{name}: there is no CHECK in the template")
    matcher = _Matcher(module_str)
    # Labels are found first: each begins a part, whose checks match inside it.
    labels = [i for i, check in enumerate(checks) if check.kind == "-LABEL"]
    spans = []
    at = 0
    for i in labels:
        m = matcher.find(checks[i], len(module_str), at)
        spans.append(m.span())
        at = m.end()
    bounds = [-1, *labels, len(checks)]
    for part in range(len(bounds) - 1):
        if part:
            matcher.at = spans[part - 1][1]
        end = spans[part][0] if part < len(spans) else len(module_str)
        matcher.run(checks[bounds[part] + 1 : bounds[part + 1]], end)


def run_parser(kernel_fn: object, args: tuple = (), kwargs: dict | None = None, target: object = None) -> object:
    """A kernel in Triton IR, for arguments of a launch: a module of `triton._C.libtriton.ir`."""
    from .backends.compiler import GPUTarget
    from .compiler import ASTSource, make_backend
    from .runtime.jit import create_function_from_signature

    target = target or GPUTarget("cuda", 100, 32)
    kwargs = {"sanitize_overflow": False, **(kwargs or {})}
    backend = make_backend(target)
    binder = create_function_from_signature(kernel_fn.signature, kernel_fn.params, backend)
    bound, specialization, options = binder(*args, **kwargs)
    signature, constants, attrs = {}, {}, {}
    for i, (name, (kind, letters)) in enumerate(zip(bound, specialization, strict=True)):
        signature[name] = kind
        if kind == "constexpr":
            constants[(i,)] = bound[name]
        elif isinstance(letters, str) and letters:
            attrs[(i,)] = backend.parse_attr(letters)
    source = ASTSource(kernel_fn, signature, constants, attrs)
    return source.make_ir(target, backend.parse_options(options))


def run_filecheck_test(kernel_fn: object) -> None:
    """Check a kernel's Triton IR against the directives in its own source."""
    from .runtime.jit import JITFunction

    if not isinstance(kernel_fn, JITFunction):
        raise TypeError(f"a kernel is needed, a function with @triton.jit, not {kernel_fn!r}")
    module = run_parser(kernel_fn)
    run_filecheck("placeholder", str(module), inspect.getsource(kernel_fn.fn))


def filecheck_test(fn: object) -> Callable[[], None]:
    """A test of a kernel by the directives in its source."""

    @functools.wraps(fn)
    def test_fn() -> None:
        run_filecheck_test(fn)

    return test_fn

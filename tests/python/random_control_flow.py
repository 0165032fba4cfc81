"""Random programs of nothing but control flow, run by Python itself and compiled: both must write the same memory.

A program is a function of a pointer and two integers, with helpers that return from anywhere: nested `if`, `for` over
every kind of range, `while`, `break`, `continue`, `return`, conditional expressions, on integers kept small by masks.
"""

import ast
import random


class OutOfFuel(Exception):
    """The program runs too long to be worth comparing."""


class Program:
    """The source of one program, made from a seed."""

    def __init__(self, seed, name):
        self.random = random.Random(seed)
        self.name = name
        self.lines = []
        self.indent = 1
        self.counter = 0
        self.helpers = []
        for i in range(self.random.randint(0, 2)):
            self.helper(f"{name}_helper{i}")
        self.kernel()

    def emit(self, text):
        self.lines.append("    " * self.indent + text)

    def head(self, text, names, budget, stores):
        self.lines += ["@triton.jit", text]
        self.names, self.budget, self.stores = names, budget, stores

    def helper(self, name):
        self.head(f"def {name}(p, q):", ["a", "b"], 12, False)
        self.emit("a = p + 1")
        self.emit("b = q & 15")
        self.block(["a", "b", "p", "q"], False, 0)
        self.emit(f"return {self.expression(['a', 'b'])}")
        self.lines += ["", ""]
        self.helpers.append(name)

    def kernel(self):
        self.head(f"def {self.name}(X, n, m):", ["a", "b", "c"], 30, True)
        for line in ("a = n", "b = 3", "c = m + 1"):
            self.emit(line)
        for _ in range(3):
            self.block(["a", "b", "c", "n", "m"], False, 0)
        for i, name in enumerate(self.names):
            self.emit(f"tl.store(X + {60 + i}, {name})")
        self.lines += ["", ""]

    def expression(self, names, depth=0):
        kind = self.random.random()
        if depth > 2 or kind < 0.3:
            return self.random.choice(names)
        if kind < 0.5:
            return str(self.random.randint(-9, 20))
        left, right = self.expression(names, depth + 1), self.expression(names, depth + 1)
        if kind < 0.85:
            return f"({left} {self.random.choice(['+', '-', '*', '&', '|', '^'])} {right})"
        if kind < 0.9:
            return f"min({left}, {right})"
        if kind < 0.95:
            return f"({left} if {self.condition(names, depth + 1)} else {right})"
        if self.helpers and kind < 0.99:
            return f"{self.random.choice(self.helpers)}({left}, {right})"
        return f"tl.load(X + ({left} & 63))" if self.stores else left

    def condition(self, names, depth=0):
        kind = self.random.random()
        left, right = self.expression(names, 2), self.expression(names, 2)
        if kind < 0.75 or depth > 1:
            return f"{left} {self.random.choice(['<', '<=', '>', '>=', '==', '!='])} {right}"
        if kind < 0.85:
            word = self.random.choice(["and", "or"])
            return f"({self.condition(names, depth + 1)}) {word} ({self.condition(names, depth + 1)})"
        if kind < 0.9:
            return f"{self.random.randint(0, 3)} < {self.random.randint(0, 3)}"
        return f"{left} < {right} <= {self.expression(names, 2)}"

    def block(self, names, in_loop, depth):
        for _ in range(self.random.randint(1, 4)):
            self.statement(names, in_loop, depth)

    def nested(self, names, in_loop, depth):
        self.indent += 1
        self.block(names, in_loop, depth + 1)
        self.indent -= 1

    def exit(self, names):
        return "return" if self.stores else f"return {self.expression(names)}"

    def statement(self, names, in_loop, depth):
        self.budget -= 1
        kind = self.random.random()
        if self.budget < 0:
            self.emit("pass")
        elif kind < 0.3 or depth > 3:
            self.assignment(names)
        elif kind < 0.42 and self.stores:
            self.emit(f"tl.store(X + ({self.expression(names)} & 63), {self.expression(names)} & 65535)")
        elif kind < 0.62:
            self.emit(f"if {self.condition(names)}:")
            self.nested(names, in_loop, depth)
            if self.random.random() < 0.3:
                self.emit(f"elif {self.condition(names)}:")
                self.nested(names, in_loop, depth)
            if self.random.random() < 0.5:
                self.emit("else:")
                self.nested(names, in_loop, depth)
        elif kind < 0.74:
            self.for_loop(names, depth)
        elif kind < 0.82:
            self.while_loop(names, depth)
        elif in_loop and kind < 0.92:
            self.guarded(self.random.choice(["break", "continue"]), names)
        else:
            self.guarded(self.exit(names), names)

    def assignment(self, names):
        name, other = self.random.sample(self.names, 2)
        kind = self.random.random()
        if kind < 0.1:
            self.emit(f"{name}, {other} = {self.expression(names)} & 1023, {self.expression(names)} & 1023")
        elif kind < 0.5:
            self.emit(f"{name} = ({self.expression(names)}) & 1023")
        else:
            self.emit(f"{name} {self.random.choice(['+=', '-=', '^='])} {self.expression(names)}")
            self.emit(f"{name} = {name} & 4095")

    def guarded(self, statement, names):
        if self.random.random() < 0.85:
            self.emit(f"if {self.condition(names)}:")
            self.emit("    " + statement)
        else:
            self.emit(statement)

    def for_loop(self, names, depth):
        self.counter += 1
        variable = f"i{self.counter}"
        bound = self.expression(names, 2)
        over = self.random.choice(
            [
                f"range({bound} & 7)",
                f"range({self.random.randint(0, 5)}, {bound} & 15, {self.random.randint(1, 3)})",
                f"range({bound} & 7, {self.random.randint(-3, 3)}, {self.random.randint(-2, -1)})",
                f"tl.static_range({self.random.randint(0, 4)})",
                "(1, 4, 2)",
            ]
        )
        self.emit(f"for {variable} in {over}:")
        self.nested([*names, variable], True, depth)

    def while_loop(self, names, depth):
        self.counter += 1
        variable = f"w{self.counter}"
        self.emit(f"{variable} = {self.expression(names, 2)} & 7")
        kind = self.random.random()
        if kind < 0.2:
            self.emit("while True:")
        elif kind < 0.5:
            self.emit(f"while {variable} > 0 and {self.condition(names)}:")
        else:
            self.emit(f"while {variable} > 0:")
        self.emit(f"    {variable} -= 1")
        if kind < 0.2:
            self.emit(f"    if {variable} < 0:")
            self.emit(f"        {self.random.choice(['break', self.exit(names)])}")
        self.nested([*names, variable], True, depth)


class _CountIterations(ast.NodeTransformer):
    def visit_loop(self, node):
        self.generic_visit(node)
        node.body.insert(0, ast.parse("burn()").body[0])
        return node

    visit_For = visit_While = visit_loop


def run_in_python(source, name, memory, n, m):
    """Run a program's source under Python itself; `memory` is a list that it reads and writes."""
    fuel = 20000

    def burn():
        nonlocal fuel
        fuel -= 1
        if fuel < 0:
            raise OutOfFuel

    class Language:
        constexpr = int
        static_range = range

        @staticmethod
        def load(at):
            return memory[at]

        @staticmethod
        def store(at, value):
            memory[at] = (value + 2**31) % 2**32 - 2**31

    class Triton:
        @staticmethod
        def jit(function):
            return function

    tree = ast.fix_missing_locations(_CountIterations().visit(ast.parse(source)))
    scope = {"triton": Triton, "tl": Language, "burn": burn}
    exec(compile(tree, "<program>", "exec"), scope)
    scope[name](0, n, m)

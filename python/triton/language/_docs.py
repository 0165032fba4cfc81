"""What the manual says of the language's names, read from the library when it is asked for."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import NamedTuple


class Doc(NamedTuple):
    """What the manual says of one name of the language.

    name : "tl.load", "tensor_descriptor.store", "libdevice.acos"
    group : the manual's heading: "Memory"
    parameters : as Python writes them: "pointer, mask=None"; None of a name that is not called
    text : all that the manual says
    """

    name: str
    group: str
    parameters: str | None
    text: str

    def signature(self) -> inspect.Signature:
        """The parameters with their defaults, as `inspect.signature` gives them."""
        tl = sys.modules[__package__]
        scope = {"tl": tl, "float32": tl.float32}
        exec("def f({}): ...".format(self.parameters.replace("\n", "\\n")), scope)
        return inspect.signature(scope["f"])


@functools.cache
def entries() -> list[Doc]:
    """The whole manual, in its order."""
    from .._C import libtriton as _C

    found: list[Doc] = []
    while True:
        try:
            found.append(Doc(*_C.doc_at(len(found))))
        except IndexError:
            return found


@functools.cache
def docs() -> dict[str, Doc]:
    """All functions by name, in the manual's order."""
    return {doc.name: doc for doc in entries() if doc.parameters is not None}


def find(name: str) -> Doc | None:
    """By the name that the compiler knows it by: "tl.math.exp" is "tl.exp"."""
    module, _, last = name.rpartition(".")
    return docs().get(name) or docs().get(f"libdevice.{last}" if "libdevice" in module else f"tl.{last}")

"""Classes whose objects kernels make: `@triton.aggregate`, and named tuples."""

from __future__ import annotations

from .._callable import JITCallable
from .core import ConstexprFunction, _hash_of_text, base_value, constexpr

#: `triton.JITFunction`, which methods become.
_function_class: type[JITCallable] | None = None


def methods_become(function_class: type[JITCallable]) -> None:
    """Tell this module of the class of functions, which is built on it."""
    global _function_class
    _function_class = function_class


def _own_annotations(cls: type) -> dict:
    found = cls.__dict__.get("__annotations__")
    if found is None and "__annotate_func__" in cls.__dict__:  # Python 3.14
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return dict(found or {})


def _fields_of(cls: type) -> tuple[dict, dict]:
    """Annotations and defaults of all fields, inherited ones first."""
    fields: dict = {}
    defaults: dict = {}
    for base in reversed(cls.__mro__[1:]):
        if base in (object, base_value):
            continue
        if "__aggregate_fields__" not in base.__dict__:
            raise TypeError(f"Aggregates can only inherit from other aggregates, and {base.__name__} is none")
        fields |= base.__aggregate_annotations__
        defaults |= base.__aggregate_defaults__
    own = _own_annotations(cls)
    fields |= own
    defaults |= {name: cls.__dict__[name] for name in own if name in cls.__dict__}
    return fields, defaults


def _assign_fields(self: object, cls: type, args: tuple, kwargs: dict) -> None:
    """The constructor of a class that has none of its own."""
    names = cls.__aggregate_fields__
    if len(args) > len(names):
        raise TypeError(
            f"{cls.__name__}.__init__() takes {len(names) + 1} positional arguments but {len(args) + 1} were given"
        )
    values = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name in values:
            raise TypeError(f"{cls.__name__}.__init__() got multiple values for argument '{name}'")
        if name not in names:
            raise TypeError(f"{cls.__name__}.__init__() got an unexpected keyword argument '{name}'")
        values[name] = value
    for name in names:
        if name not in values and name not in cls.__aggregate_defaults__:
            raise TypeError(f"{cls.__name__}.__init__() missing required argument: '{name}'")
        value = values.get(name, cls.__aggregate_defaults__.get(name))
        plain = isinstance(value, (bool, int, float, str)) or value is None
        setattr(self, name, constexpr(value) if plain else value)


def _new(cls: type, *args: object, **kwargs: object) -> object:
    self = object.__new__(cls)
    object.__setattr__(self, "_aggregate_is_complete", False)
    if cls.__aggregate_init__ is None:
        _assign_fields(self, cls, args, kwargs)
    else:
        cls.__aggregate_init__(self, *args, **kwargs)
    for name in cls.__aggregate_fields__:
        if not hasattr(self, name):
            raise AttributeError(f"constructor for {cls.__name__} did not initialize attribute '{name}'")
    object.__setattr__(self, "_aggregate_is_complete", True)
    return self


def _object_of(cls: type, values: list) -> object:
    """An aggregate's object with these values of its fields."""
    made = object.__new__(cls)
    for name, value in zip(cls.__aggregate_fields__, values, strict=True):
        object.__setattr__(made, name, value)
    object.__setattr__(made, "_aggregate_is_complete", True)
    return made


def _set(self: object, name: str, value: object) -> None:
    cls = type(self)
    if name not in cls.__aggregate_fields__:
        raise AttributeError(f"{cls.__name__} has no attribute '{name}'")
    if self._aggregate_is_complete:
        raise AttributeError(
            f"cannot assign to field '{name}' on immutable aggregate {cls.__name__}; "
            f"use aggregate_replace() to construct a modified copy"
        )
    object.__setattr__(self, name, value)


def _nothing(self: object, *args: object, **kwargs: object) -> None:
    """What Python calls after `__new__`, which has done it all."""


def aggregate(cls: type) -> type:
    """Make a class one whose objects kernels can make, pass on and return.

    Its annotations are the fields. Methods, static methods and properties may be marked `@triton.jit` or not; without
    an `__init__` of its own the class takes values of the fields, in order or by name.
    """
    fields, defaults = _fields_of(cls)
    taken = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__", "__init__")}
    for name in defaults:
        taken.pop(name, None)
    bases = tuple(base for base in cls.__bases__ if base is not object) or (base_value,)
    init = cls.__dict__.get("__init__")
    taken |= {
        "__triton_aggregate__": True,
        "__aggregate_annotations__": fields,
        "__aggregate_fields__": tuple(fields),
        "__aggregate_defaults__": defaults,
        "__aggregate_init__": init,
        "__new__": _new,
        "__init__": _nothing,
        "__setattr__": _set,
    }
    return type(cls.__name__, bases, taken)


class _ClassFacts:
    """What the compiler asks of a class; see python/classes.c of the front end."""

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.name = f"{cls.__module__}.{cls.__qualname__}"
        self.is_aggregate = is_aggregate = hasattr(cls, "__aggregate_fields__")
        self.fields = tuple(cls.__aggregate_fields__ if is_aggregate else cls._fields)
        known = cls.__aggregate_defaults__ if is_aggregate else cls._field_defaults
        self.defaults = tuple([known.get(name) for name in self.fields])
        self.has_default = tuple([name in known for name in self.fields])
        functions: list = []
        init = getattr(cls, "__aggregate_init__", None)
        self.init = self._kernel_function(init, functions) if init is not None else None
        for base in reversed(cls.__mro__):
            if base in (object, tuple, base_value):
                continue
            for name, member in base.__dict__.items():
                if name not in self.fields and not self._is_machinery(name):
                    self._add(name, member, functions)
        self.functions = tuple(functions)
        sources = [function.src for function in functions if hasattr(function, "src")]
        self.hash = _hash_of_text(f"{self.name} {self.fields} {self.defaults} {sources}")

    @staticmethod
    def _is_machinery(name: str) -> bool:
        own = [f"__{op}__" for op in "getitem call neg pos invert not lt le gt ge eq ne".split()]
        operators = "add sub mul truediv floordiv mod and or xor lshift rshift matmul pow".split()
        if name in own or any(name in (f"__{op}__", f"__r{op}__") for op in operators):
            return False
        return name.startswith("__") or name in ("_fields", "_field_defaults", "_make", "_replace", "_asdict")

    @staticmethod
    def _kernel_function(member: object, functions: list) -> object:
        if isinstance(member, ConstexprFunction):  # a constructor marked so
            member = member.fn
        function = member if isinstance(member, JITCallable) else _function_class(member)
        functions.append(function)
        return function

    def _add(self, name: str, member: object, functions: list) -> None:
        def is_function(x: object) -> bool:
            return isinstance(x, JITCallable) or (hasattr(x, "__code__") and not isinstance(x, ConstexprFunction))

        if isinstance(member, staticmethod) and is_function(member.__func__):
            setattr(self, f"s_{name}", self._kernel_function(member.__func__, functions))
        elif isinstance(member, property):
            setattr(self, f"p_{name}", self._kernel_function(member.fget, functions))
        elif isinstance(member, ConstexprFunction):
            setattr(self, f"c_{name}", member)
        elif is_function(member):
            setattr(self, f"m_{name}", self._kernel_function(member, functions))
        elif isinstance(member, staticmethod):
            setattr(self, f"a_{name}", member.__func__)
        elif not isinstance(member, classmethod):
            setattr(self, f"a_{name}", member)

    def make(self, values: list) -> object:
        """An object of the class, from values of its fields: of an aggregate without its constructor."""
        if not self.is_aggregate:
            return self.cls(*values)
        plain = (bool, int, float, str)
        return _object_of(self.cls, [constexpr(x) if isinstance(x, plain) else x for x in values])


_known: dict = {}


def class_facts(cls: type) -> _ClassFacts | None:
    """What kernels must know of a class; None where they cannot make objects of it."""
    facts = _known.get(cls)
    if facts is None:
        named = issubclass(cls, tuple) and isinstance(getattr(cls, "_fields", None), tuple)
        if not named and not hasattr(cls, "__aggregate_fields__"):
            return None
        facts = _known[cls] = _ClassFacts(cls)
    return facts


def aggregate_replace(instance: object, **changes: object) -> object:
    """A copy of an aggregate with other values in some of its fields."""
    cls = type(instance)
    if not hasattr(cls, "__aggregate_fields__"):
        raise TypeError(f"aggregate_replace() expects an aggregate instance, got {cls}")
    for name in changes:
        if name not in cls.__aggregate_fields__:
            raise TypeError(f"{cls.__name__} has no field '{name}'")
    return _object_of(cls, [changes.get(name, getattr(instance, name)) for name in cls.__aggregate_fields__])

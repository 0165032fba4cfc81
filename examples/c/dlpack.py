"""Arrays of any library, handed to the kernel of dlpack.c without a copy; this program does not import triton.

    cc -shared -fPIC dlpack.c $(pkg-config --cflags --libs tritonc) -o libaxpy.so && python3 dlpack.py ./libaxpy.so

An array's __dlpack__() gives a capsule around a DLManagedTensor ("dltensor") or, since DLPack 1.0, around a
DLManagedTensorVersioned ("dltensor_versioned"). The capsule is left as it is: it frees the description when it goes.
"""

import ctypes
import importlib
import sys

_python = ctypes.pythonapi
_python.PyCapsule_IsValid.argtypes = _python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
_python.PyCapsule_GetPointer.restype = ctypes.c_void_p


class Versioned(ctypes.Structure):
    """What stands before the tensor in a DLManagedTensorVersioned."""

    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("manager", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
    ]


READ_ONLY = 1


def described(array, written=False):
    """The capsule of an array, which is to live as long as the description, and the address of its DLTensor."""
    try:
        capsule = array.__dlpack__(max_version=(1, 0))
    except TypeError:  # from before DLPack 1.0
        capsule = array.__dlpack__()
    if not _python.PyCapsule_IsValid(capsule, b"dltensor_versioned"):
        return capsule, _python.PyCapsule_GetPointer(capsule, b"dltensor")
    address = _python.PyCapsule_GetPointer(capsule, b"dltensor_versioned")
    head = Versioned.from_address(address)
    if head.major != 1:
        raise TypeError(f"version {head.major} of DLPack is not known here")
    if written and head.flags & READ_ONLY:
        raise ValueError("the result's memory is read-only")
    return capsule, address + ctypes.sizeof(Versioned)


class Library:
    def __init__(self, path):
        self.c = ctypes.PyDLL(path)  # which keeps Python's lock: the library serves one thread at a time
        self.c.axpy.argtypes = [ctypes.c_float, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        self.c.axpy.restype = ctypes.c_char_p

    def axpy(self, a, x, y, out):
        """out = a * x + y, each an array of any library."""
        held = [described(x), described(y), described(out, written=True)]
        wrong = self.c.axpy(a, *(tensor for _, tensor in held))
        if wrong:
            raise ValueError(wrong.decode())


def main(path):
    library = Library(path)
    import numpy as np

    for name in ("numpy", "torch", "jax.numpy"):
        try:
            producer = importlib.import_module(name)
        except ImportError:
            continue
        x = producer.reshape(producer.arange(6000), (2000, 3)).T  # integers, read across their rows
        y = producer.ones((3, 2000), dtype=producer.float32)
        out = np.zeros((3, 2000), dtype=np.float32)  # JAX's arrays are not to be written
        library.axpy(0.5, x, y, out)
        right = np.array_equal(out, 0.5 * np.arange(6000).reshape(2000, 3).T + 1)
        print(f"{name}: {x.dtype} and {y.dtype}, {'right' if right else 'wrong'}")
        if not right:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

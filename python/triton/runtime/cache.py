"""Files beside compiled kernels: what other packages keep and look up under a key.

Compiled kernels themselves are written and read by the compiler, in C: `base32(hash)/NAME.cubin` and so on below
`knobs.cache.dir`, where a `FileCacheManager` of the kernel's hash finds them.
"""

from __future__ import annotations

import functools
import os
import uuid

from .. import knobs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class CacheManager:
    """Files under a key.

    Parameters
    ----------
    key : str
        Hexadecimal digits.
    override, dump : bool
        For the folder of edited stages, for the folder of dumps.
    """

    def __init__(self, key: str, override: bool = False, dump: bool = False) -> None:
        pass

    def get_file(self, filename: str) -> str | None:
        """The path of a file, or None."""
        raise NotImplementedError

    def put(self, data: object, filename: str, binary: bool = True) -> str:
        """Write a file; its path."""
        raise NotImplementedError

    def get_group(self, filename: str) -> dict[str, str] | None:
        """The files of a group by name, or None."""
        raise NotImplementedError

    def put_group(self, filename: str, group: dict[str, str]) -> str:
        """Note which files belong together."""
        raise NotImplementedError


def _base32(key: str) -> str:
    """Hexadecimal digits in base 32, as folders are called."""
    import base64

    return base64.b32encode(bytes.fromhex(key)).decode().rstrip("=")


class FileCacheManager(CacheManager):
    """Files in a folder for the key, below `knobs.cache.dir` (`dump_dir`, `override_dir`)."""

    def __init__(self, key: str, override: bool = False, dump: bool = False) -> None:
        self.key = key
        self.lock_path = None
        if dump or override:
            self.cache_dir = os.path.join(knobs.cache.dump_dir if dump else knobs.cache.override_dir, key)
        else:
            if not knobs.cache.dir:
                raise RuntimeError("Could not create or locate cache dir")
            self.cache_dir = os.path.join(knobs.cache.dir, _base32(key))
        if not override:
            self.lock_path = os.path.join(self.cache_dir, "lock")
            os.makedirs(self.cache_dir, exist_ok=True)

    def _make_path(self, filename: str) -> str:
        return os.path.join(self.cache_dir, filename)

    def has_file(self, filename: str) -> bool:
        """Whether there is a file of that name."""
        return os.path.exists(self._make_path(filename))

    def get_file(self, filename: str) -> str | None:
        return self._make_path(filename) if self.has_file(filename) else None

    def get_group(self, filename: str) -> dict[str, str] | None:
        import json

        path = self._make_path(f"__grp__{filename}")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            names = json.load(file).get("child_paths")
        return names if names is None else {n: p for n, p in names.items() if os.path.exists(p)}

    def put_group(self, filename: str, group: dict[str, str]) -> str:
        import json

        return self.put(json.dumps({"child_paths": group}), f"__grp__{filename}", binary=False)

    def put(self, data: object, filename: str, binary: bool = True) -> str:
        binary = isinstance(data, (bytes, bytearray, memoryview))
        if not binary:
            data = str(data)
        path = self._make_path(filename)
        # In a folder with a unique name, then moved: readers see all of it or nothing.
        pending_dir = os.path.join(self.cache_dir, f"tmp.pid_{os.getpid()}_{uuid.uuid4()}")
        os.makedirs(pending_dir, exist_ok=True)
        pending = os.path.join(pending_dir, filename)
        with open(pending, "wb" if binary else "w") as file:
            file.write(data)
        os.replace(pending, path)
        os.removedirs(pending_dir)
        return path


class RemoteCacheBackend:
    """Where a `RemoteCacheManager` keeps bytes."""

    def __init__(self, key: str) -> None:
        pass

    def get(self, filenames: list[str]) -> dict[str, bytes]:
        """The files of these names that there are."""
        raise NotImplementedError

    def put(self, filename: str, data: bytes) -> None:
        """Keep a file."""
        raise NotImplementedError


class RedisRemoteCacheBackend(RemoteCacheBackend):
    """Bytes in a Redis server."""

    def __init__(self, key: str) -> None:
        import redis

        self._key = key
        self._key_fmt = knobs.cache.redis.key_format
        self._redis = redis.Redis(host=knobs.cache.redis.host, port=knobs.cache.redis.port)

    def _get_key(self, filename: str) -> str:
        return self._key_fmt.format(key=self._key, filename=filename)

    def get(self, filenames: list[str]) -> dict[str, bytes]:
        values = self._redis.mget([self._get_key(name) for name in filenames])
        return {name: value for name, value in zip(filenames, values, strict=True) if value is not None}

    def put(self, filename: str, data: bytes) -> None:
        self._redis.set(self._get_key(filename), data)


class RemoteCacheManager(CacheManager):
    """Files that several machines share, each copied into this one's folder when it is first needed."""

    def __init__(self, key: str, override: bool = False, dump: bool = False) -> None:
        backend = knobs.cache.remote_manager_class
        if not backend:
            raise RuntimeError(
                "Unable to load 'knobs.cache.remote_manager_class': TRITON_REMOTE_CACHE_BACKEND names it"
            )
        self._backend = backend(key)
        self._override = override
        self._dump = dump
        self._file_cache_manager = FileCacheManager(key, override=override, dump=dump)

    @property
    def _is_local(self) -> bool:
        return self._override or self._dump

    def _materialize(self, filename: str, data: bytes) -> str:
        return self._file_cache_manager.put(data, filename, binary=True)

    def get_file(self, filename: str) -> str | None:
        if self._is_local:
            return self._file_cache_manager.get_file(filename)
        found = self._backend.get([filename])
        return self._materialize(filename, found[filename]) if filename in found else None

    def put(self, data: object, filename: str, binary: bool = True) -> str:
        if self._is_local:
            return self._file_cache_manager.put(data, filename, binary=binary)
        if not isinstance(data, bytes):
            data = str(data).encode("utf-8")
        self._backend.put(filename, data)
        return self._materialize(filename, data)

    def get_group(self, filename: str) -> dict[str, str] | None:
        import json

        if self._is_local:
            return self._file_cache_manager.get_group(filename)
        listed = self.get_file(f"__grp__{filename}")
        if listed is None:
            return None
        with open(listed, encoding="utf-8") as file:
            names = json.load(file).get("child_paths")
        found = self._backend.get(list(names)) if names else {}
        return {name: self._materialize(name, data) for name, data in found.items()}

    def put_group(self, filename: str, group: dict[str, str] | Iterable[str]) -> str:
        import json

        if self._is_local:
            return self._file_cache_manager.put_group(filename, group)
        return self.put(json.dumps({"child_paths": sorted(group)}), f"__grp__{filename}")


class _Store:
    """The kernels of one compile in a cache manager of the user's: what the compiler asks for a file.

    Parameters
    ----------
    manager_class : type
        A `CacheManager`.
    kernel : str
        The name of the function, or the path of the IR, that is compiled.
    """

    def __init__(self, manager_class: type, kernel: str) -> None:
        self._manager_class = manager_class
        self._managers: dict[str, tuple[CacheManager, dict[str, str]]] = {}
        self._group = _group_name(kernel)

    def _of(self, hash: str) -> tuple[CacheManager, dict[str, str]]:
        if hash not in self._managers:
            manager = self._manager_class(hash)
            self._managers[hash] = manager, dict(manager.get_group(self._group) or {})
        return self._managers[hash]

    def get(self, hash: str, file: str) -> bytes | None:
        """A file's bytes, or None."""
        path = self._of(hash)[1].get(file)
        if path is None:
            return None
        try:
            with open(path, "rb") as opened:
                return opened.read()
        except OSError:
            return None

    def put(self, hash: str, file: str, data: str | bytes) -> None:
        """Keep a file; with the last one, HASH.kernel, note which files belong together."""
        manager, files = self._of(hash)
        files[file] = manager.put(data, file, binary=isinstance(data, bytes))
        if file == f"{hash}.kernel":
            manager.put_group(self._group, files)


def _group_name(kernel: str) -> str:
    return f"{kernel.rpartition('/')[2].partition('.')[0][:150]}.json"


def _store(kernel: str) -> _Store | None:
    """Where the compiler keeps what it makes of a kernel; None: in its own folder."""
    manager_class = knobs.cache.manager_class
    return manager_class and _Store(manager_class, kernel)


def get_cache_manager(key: str) -> CacheManager:
    """The files under a key."""
    return (knobs.cache.manager_class or FileCacheManager)(key)


def get_override_manager(key: str) -> CacheManager:
    """The edited stages under a key."""
    return (knobs.cache.manager_class or FileCacheManager)(key, override=True)


def get_dump_manager(key: str) -> CacheManager:
    """The dumps under a key."""
    return (knobs.cache.manager_class or FileCacheManager)(key, dump=True)


def make_so_cache_key(version_hash: str, signature: dict, constants: dict, ids: dict, **kwargs: object) -> str:
    """The key of a launcher that was built for a signature."""
    import hashlib

    kinds = {name: "ptr" if str(kind).startswith("*") else kind for name, kind in signature.items()}
    text = f"{version_hash}-{''.join(map(str, kinds.values()))}-{constants}-{ids}"
    text += "".join(f"-{value}" for value in kwargs.values())
    return _base32(hashlib.sha256(text.encode()).hexdigest())


@functools.lru_cache
def triton_key() -> str:
    """What identifies this build of the compiler: its version, and its files' sizes and times."""
    import hashlib

    from .._C import libtriton as _C

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    facts = []
    for folder, folders, names in os.walk(package):
        folders[:] = sorted(f for f in folders if f != "__pycache__")
        for name in sorted(names):
            if name.endswith((".py", ".so")):
                status = os.stat(os.path.join(folder, name))
                facts.append((os.path.relpath(folder, package), name, status.st_size, status.st_mtime_ns))
    return f"{_C.version}-{hashlib.sha256(repr(facts).encode()).hexdigest()}"


def get_cache_key(src: object, backend: object, backend_options: object, env_vars: dict) -> str:
    """The text that a compile of `src` is remembered by."""
    options = backend_options.hash() if hasattr(backend_options, "hash") else str(backend_options)
    return f"{triton_key()}-{src.hash()}-{backend.hash()}-{options}-{sorted((env_vars or {}).items())}"

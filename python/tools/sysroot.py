"""Debian's packages for another machine, unpacked into a folder: what a cross-compiled CPU backend links.

    python3 python/tools/sysroot.py aarch64 build/sysroot/aarch64

apt fetches and checks them, with a state of its own, so that nothing of this system changes and no root is needed.
They come from the release that this system's apt uses. The folder also gets that machine's C library, its Python
and what the tests in C link: to run the result under qemu-user.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DEBIAN = {"aarch64": "arm64", "x86_64": "amd64"}
LINKED = ["llvm-19-dev", "libstdc++-12-dev", "libgcc-12-dev", "gcc-12-base", "zlib1g-dev", "libzstd-dev"]
TESTED = ["libcmocka-dev", "libcmocka0"]
RUN = ["libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libexpat1", "python3.11-minimal", "libpython3.11-minimal",
       "libpython3.11-stdlib", "libffi8", "libssl3", "libbz2-1.0", "liblzma5"]  # fmt: skip
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def run(*command: object, **kw: object) -> str:
    done = subprocess.run([str(c) for c in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    if done.returncode:
        sys.exit(f"{' '.join(str(c) for c in command)}\n{done.stdout}")
    return done.stdout


def release() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    if said.get("ID") != "debian":
        sys.exit(f"packages for another machine are taken from Debian, and this is {said.get('PRETTY_NAME')}")
    return said["VERSION_CODENAME"]


def mirror() -> str:
    """The archive that this system's own packages come from."""
    shown = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {release()}")
    found = [line for line in shown.splitlines() if "debian" in line]
    if not found:
        sys.exit(f"apt knows no archive of Debian {release()}: `apt-get update` first")
    return found[0]


def make(machine: str, folder: Path) -> Path:
    """The folder; unpacked once, and again when the list of packages has changed."""
    packages = LINKED + TESTED + RUN
    stamp, want = folder / ".packages", " ".join(packages)
    if stamp.exists() and stamp.read_text() == want:
        return folder
    if not shutil.which("apt-get"):
        sys.exit("packages for another machine are fetched by apt-get, and there is none: --sysroot DIR names a folder "
                 "that has them")  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        apt = Path(temporary)
        for part in ("state/lists/partial", "cache/archives/partial", "parts", "debs"):
            (apt / part).mkdir(parents=True)
        (apt / "status").touch()
        (apt / "sources.list").write_text(f"deb [signed-by={KEYS}] {mirror()} {release()} main\n")
        (apt / "apt.conf").write_text(
            f'APT::Architecture "{DEBIAN[machine]}"; APT::Architectures {{ "{DEBIAN[machine]}"; }};\n'
            f'Dir::State "{apt}/state"; Dir::State::status "{apt}/status"; Dir::Cache "{apt}/cache";\n'
            f'Dir::Etc::sourcelist "{apt}/sources.list"; Dir::Etc::sourceparts "{apt}/parts";\n'
            'APT::Sandbox::User "root";\n'
        )
        env = {**os.environ, "APT_CONFIG": str(apt / "apt.conf")}
        run("apt-get", "update", "-q", env=env)
        run("apt-get", "download", "-q", *packages, env=env, cwd=apt / "debs")
        for package in sorted((apt / "debs").glob("*.deb")):
            run("dpkg-deb", "-x", package, folder)
    stamp.write_text(want)
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in DEBIAN:
        sys.exit(f"usage: sysroot.py {'|'.join(DEBIAN)} FOLDER")
    print(make(sys.argv[1], Path(sys.argv[2]).resolve()))

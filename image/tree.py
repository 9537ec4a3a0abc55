# ruff: noqa: INP001, T201 - a program that is copied into the build, no module of the project
"""Makes the files that the image adds to its base: run-time dependencies, the operator, and the bytecode of both.

Runs where the image is built, with the standard library and pip only, and never runs what it installs: an image for
another architecture needs no emulation.
"""

import argparse
import py_compile
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

SERVICES: Final = frozenset(
    (
        *("ivs", "ivschat"),  # what we manage
        *("s3", "logs", "firehose", "kms"),  # where recordings and messages go, and the keys of such places
        "cloudwatch",  # whether messages arrive
        *("sts", "sso", "sso-oidc", "signin"),  # where botocore gets credentials from
    )
)
"""Services whose models stay in the image: all of botocore's are 30 MB. A test knows who else may ask for one."""

PLATFORMS: Final[Mapping[str, str]] = {"amd64": "x86_64", "arm64": "aarch64"}
"""Architectures in the words of images and of wheels."""

# Debian 13 has glibc 2.41; pip takes a list literally, it does not count down from the newest.
_MANYLINUX: Final = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")

_NEVER_READ: Final = frozenset({"models", "api"})
"""Folders of the Kubernetes client with 1,600 modules that are loaded one by one, when used: a start needs two."""

_SCRIPT: Final = """\
#!{prefix}/bin/python3 -sP
import sys

from ivs_operator.__main__ import main

sys.exit(main())
"""


def install(lock: Path, folder: Path, *, architecture: str, python: str, pip_options: Iterable[str] = ()) -> None:
    """Put the wheels that the lock names into `folder`, hashes checked; fails when one has no wheel."""
    machine = PLATFORMS[architecture]
    wanted = [f"--platform={libc}_{machine}" for libc in _MANYLINUX]
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-cache-dir", "--no-compile"]
    command += ["--quiet", "--root-user-action=ignore", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--implementation=cp", f"--python-version={python}", *wanted, *pip_options]
    subprocess.run([*command, f"--target={folder}", f"--requirement={lock}"], check=True)  # noqa: S603 - pip
    shutil.rmtree(folder / "bin", ignore_errors=True)  # console scripts, with a #! of this machine


def prune(folder: Path, services: Iterable[str] = SERVICES) -> int:
    """Remove the service models that the operator has no use for; returns how many files went."""
    kept = set(services)
    gone = 0
    for data in (folder / "botocore" / "data", folder / "boto3" / "data"):
        lacking = kept - {path.name for path in data.iterdir()} if data.parent.name == "botocore" else set()
        if lacking:
            raise SystemExit(f"botocore has no model of {', '.join(sorted(lacking))}: correct SERVICES in {__file__}")
        for service in [path for path in data.iterdir() if path.is_dir() and path.name not in kept]:
            gone += sum(1 for path in service.rglob("*") if path.is_file())
            shutil.rmtree(service)
    return gone


def launcher(prefix: Path, inside: Path, *, python: str) -> None:
    """Make `prefix` a virtual environment with the command; `inside` is its path in the image."""
    (prefix / "bin").mkdir(parents=True, exist_ok=True)
    (prefix / "pyvenv.cfg").write_text(f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}\n")
    for name in ("python3", "python"):
        (prefix / "bin" / name).unlink(missing_ok=True)
        (prefix / "bin" / name).symlink_to(f"/usr/bin/python{python}")
    script = prefix / "bin" / "ivs-operator"
    script.write_text(_SCRIPT.format(prefix=inside))
    script.chmod(0o755)


def compile_tree(source: Path, target: Path, inside: Path) -> int:
    """Write the bytecode of every module below `source` beside its place below `target`; returns how many.

    Hash-based and never checked: the root is read-only, so that what is stale could not be replaced, and the sources
    are those of this very image. `inside` is what tracebacks name.
    """
    written = 0
    for module in _modules(source):
        place = module.relative_to(source)
        cache = target / place.parent / "__pycache__" / f"{place.stem}.{sys.implementation.cache_tag}.pyc"
        cache.parent.mkdir(parents=True, exist_ok=True)
        compiled = py_compile.compile(
            str(module),
            cfile=str(cache),
            dfile=str(inside / place),
            quiet=2,  # a template with placeholders is no module, and nobody imports it
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        written += compiled is not None
    return written


def _modules(source: Path) -> Iterator[Path]:
    for module in sorted(source.rglob("*.py")):
        parts = module.relative_to(source).parts
        if parts[0] == "kubernetes" and _NEVER_READ & set(parts) and module.name != "__init__.py":
            continue
        yield module


def make_readable(root: Path) -> None:
    """Readable by every uid, writable by none but root: some clusters choose the uid."""
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    step = steps.add_parser("install", help="dependencies into PREFIX")
    step.add_argument("prefix", type=Path)
    step.add_argument("--lock", type=Path, required=True)
    step.add_argument("--architecture", choices=sorted(PLATFORMS), required=True)
    step.add_argument("--ca", type=Path, help="certificate authorities for pip, when the file exists")
    step = steps.add_parser("finish", help="launcher and bytecode, for PREFIX and the standard library below BASE")
    step.add_argument("prefix", type=Path)
    step.add_argument("--root", type=Path, required=True, help="what is laid over the base; PREFIX is below it")
    step.add_argument("--base", type=Path, required=True, help="copy of the base's standard library")
    given = parser.parse_args()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    site = given.prefix / "lib" / f"python{python}" / "site-packages"
    if given.step == "install":
        options = [f"--cert={given.ca}"] if given.ca and given.ca.exists() else []
        install(given.lock, site, architecture=given.architecture, python=python, pip_options=options)
        print(f"{prune(site)} service models removed")
        return
    library = Path(f"/usr/lib/python{python}")
    if not (given.base / "os.py").exists():
        raise SystemExit(f"{given.base} is no standard library: the base image must have Python {python} in {library}")
    inside = Path("/") / given.prefix.relative_to(given.root)
    launcher(given.prefix, inside, python=python)
    ours = compile_tree(site, site, Path("/") / site.relative_to(given.root))
    theirs = compile_tree(given.base, given.root / library.relative_to("/"), library)
    make_readable(given.root)
    print(f"bytecode of {ours} modules, and of {theirs} of the standard library")


if __name__ == "__main__":
    _main()

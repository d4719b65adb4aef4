#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""check-floors.py: prints each #include that the table of Documentation/design.rst ("Which folder may include which") does not allow."""

import re
import subprocess
from pathlib import Path

PAGE = Path("Documentation/design.rst")
# Where compilers look for a header of ours, after the file's own folder.
ROOTS = ["include", "module", "userspace", "userspace/lib", "kunit", "."]


def table():
    """{folder: the folders whose headers it may include}"""
    section = re.split(r"\n-{3,}\n", PAGE.read_text().split("\nWhich folder may include which\n", 1)[1])[0]
    rows = re.findall(r"^``(\S+)`` +(.*)$", section, re.M)
    may = {folder: {folder, *re.findall(r"``(\S+?)``", others)} for folder, others in rows}
    for folder, others in may.items():
        for other in others - set(may):
            print(f"{PAGE}: {folder} may include {other}, which is no folder of the table")
        if not Path(folder).is_dir():
            print(f"{PAGE}: {folder} is no folder")
    return may


def home(path, folders):
    """The folder of the table that has the file, or None."""
    inside = [folder for folder in folders if path.startswith(folder + "/")]
    return max(inside, key=len, default=None)


def target(file, name):
    """The file of the project that is included, or None."""
    for root in [file.parent, *ROOTS]:
        if (Path(root) / name).is_file():
            return (Path(root) / name).resolve().relative_to(Path.cwd()).as_posix()
    return None


def main():
    may = table()
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *may],
                            capture_output=True, check=True, text=True).stdout.split()
    for file in map(Path, listed):
        if file.suffix not in (".c", ".cpp", ".h", ".hpp", ".S", ".def") or not file.is_file():
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            include = re.match(r'#\s*include\s+["<]([^">]+)[">]', line)
            included = include and target(file, include[1])
            theirs = included and home(included, may)
            if theirs and theirs not in may[home(file.as_posix(), may)]:
                print(f"{file}:{number}: {home(file.as_posix(), may)} may not include {included}")


main()

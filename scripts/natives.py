#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The suites, kunit/exhaust and kunit/interleave as native programs with flags of one's own (mutants.py, coverage.py), and a run of some
of their tests. kunit/host.mk has the programs that are tests."""

import os
import pathlib
import resource
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
LANES = os.cpu_count() or 1
PROGRAMS = ["suites", "exhaust", "interleave"]
HOME = ["kunit/host.cpp", "kunit/suites.cpp"]
IN_KERNEL = {"engine", "kvm", "kvm_cost", "kvm_tlbis"}


def sources(program):
    """(files, the flags that they need)"""
    folder = TOP / "kunit" / program
    files = sorted(str(p.relative_to(TOP)) for p in folder.glob("*.cpp") if p.stem not in IN_KERNEL)
    if program == "suites":
        return [*HOME, "kunit/support/lab.cpp", *files], ["-O0"]
    needed = {"exhaust": ("steps.hpp", []), "interleave": ("hooks.hpp", ["kunit/exhaust/meaning.cpp"])}
    hooks, more = needed[program]
    return [*HOME, *files, *more], ["-O2", f'-DSUITES_DEF="{program}/{program}.def"', "-include", f"kunit/{program}/{hooks}"]


def compile_programs(pool, folder, flags, stamp):
    """folder/PROGRAM/program, unless it was made with that stamp already."""
    for program in PROGRAMS:
        made = folder / program / "stamp"
        if made.exists() and made.read_text() == stamp:
            continue
        files, needed = sources(program)
        made.parent.mkdir(parents=True, exist_ok=True)
        objects = [folder / program / (os.path.basename(f) + ".o") for f in files]
        command = ["clang++-19", "-std=c++20", "-w", "-I.", *flags, "-Iinclude", "-Imodule", "-Ikunit", *needed]

        def build(source, target):
            return subprocess.run([*command, "-c", source, "-o", target], cwd=TOP, capture_output=True, text=True)

        for done in pool.map(build, files, objects):
            if done.returncode:
                sys.exit(f"{program} does not compile:\n{done.stderr[:3000]}")
        subprocess.run([*command, *objects, "-lgtest", "-o", folder / program / "program"], check=True)
        made.write_text(stamp)


def tests(folder):
    """program/suite.name of each."""
    for program in PROGRAMS:
        listed = subprocess.run([folder / program / "program", "--gtest_list_tests"], capture_output=True, text=True,
                                check=True).stdout
        for line in listed.splitlines():
            if line.startswith(" "):
                yield f"{program}/{suite}{line.strip()}"
            else:
                suite = line.strip()


def run(folder, names, seconds, **environment):
    """(status, what was said, CPU seconds) of some tests of one program, up to the first that fails."""
    # It is CPU time that is limited, which no load of the machine changes; and memory, which a fault may eat.
    def limits():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    program = names[0].split("/")[0]
    chosen = ":".join(n.split("/")[1] for n in names)
    with subprocess.Popen([folder / program / "program", f"--gtest_filter={chosen}", "--gtest_fail_fast"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=limits,
                          env={**os.environ, **environment}) as child:
        said = child.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, said, usage.ru_utime + usage.ru_stime

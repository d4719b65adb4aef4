#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of module/ the end-to-end tests go through.

usage: coverage_module.py [--uncovered] [TEST...]

stage2.ko is compiled so that each piece of code without a branch in it says that it was come by; a machine boots it, and
runs the tests of userspace/tests/e2e, or those that are named. A line is covered where any piece of it was. Counted are
lines of module/ for which there is code: C and C++, no assembly. Prints a table, and with
--uncovered the lines that were not come by.
"""

import collections
import re
import shutil
import subprocess
import sys

from natives import TOP

TREE = TOP / "build/coverage/module"
KERNEL = "6.12"
TOOL = "aarch64-linux-gnu-"
HALF = 1 << 17  # instructions before the function that counts
TRACE = "__sanitizer_cov_trace_pc"
# One for each engine.
MACHINES = {"coverage-vhe": [], "coverage-nvhe": ["--cpu", "cortex-a53", "--el2", "nvhe"]}


def build():
    """stage2.ko that says what it comes by"""
    for folder in ("include", "module", "scripts"):
        shutil.rmtree(TREE / folder, ignore_errors=True)
        shutil.copytree(TOP / folder, TREE / folder, ignore=shutil.ignore_patterns("*.o", "__pycache__"))
    for file in ("Kbuild", "VERSION"):
        shutil.copy(TOP / file, TREE)
    kernel = TREE / "module/kernel"
    shutil.copy(TOP / "kunit/support/coverage_module.c", kernel / "coverage.c")
    (kernel / "coverage.h").write_text(f"void {TRACE}(void);\nvoid stage2_coverage_start(void);\nvoid stage2_coverage_stop(void);\n")
    main = (kernel / "main.c").read_text()
    main = main.replace('#include "kernel.h"\n', '#include "kernel.h"\n#include "coverage.h"\n')
    main = main.replace("\tkernel_runners_start();\n", "\tkernel_runners_start();\n\tstage2_coverage_start();\n")
    main = main.replace("\tkernel_runners_stop();\n}\n\nmodule_init",
                        "\tkernel_runners_stop();\n\tstage2_coverage_stop();\n}\n\nmodule_init")
    if main.count("stage2_coverage_") != 2:
        sys.exit("coverage_module.py: main.c is not as it was when this was written")
    (kernel / "main.c").write_text(main)
    with (TREE / "Kbuild").open("a") as kbuild:
        kbuild.write("\nccflags-y += -fsanitize-coverage=trace-pc\n"
                     "CFLAGS_REMOVE_module/kernel/coverage.o := -fsanitize-coverage=trace-pc\n"
                     "cxx_flags := $(filter-out -g0,$(cxx_flags)) -g1\n")
    done = subprocess.run([TREE / "scripts/build-module.sh", KERNEL], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"coverage_module.py: {done.stderr[-3000:]}")
    return done.stdout.split()[-1]


def pieces(ko):
    """(address of each instruction -> the piece it belongs to, piece -> its place in what is printed)"""
    said = subprocess.run([f"{TOOL}objdump", "-dr", "-j", ".text", ko], capture_output=True, text=True, check=True).stdout
    start = next(int(m[1], 16) for m in re.finditer(r"^([0-9a-f]+) <(.*)>:$", said, re.M) if m[2] == TRACE)
    belongs, places = {}, {}
    address, before, piece = None, [], None  # of this function: instructions before its first piece
    for line in said.splitlines():
        if re.match(r"[0-9a-f]+ <.*>:$", line):
            before, piece = [], None
        elif re.search(rf"R_AARCH64_CALL26\s+{TRACE}|\bbl\s+[0-9a-f]+ <{TRACE}>", line):
            # Behind the call is where it returns to, and what it is about.
            if "R_AARCH64" not in line:
                address = int(line.split(":")[0], 16)
            piece = address
            places[piece] = (address + 4 - start) // 4 + HALF
            belongs.update(dict.fromkeys(before, piece))
            before = []
        elif code := re.match(r"\s+([0-9a-f]+):\t[0-9a-f]{8} ", line):
            address = int(code[1], 16)
            if piece is None:
                before.append(address)
            else:
                belongs[address] = piece
    return belongs, places


def lines_of(ko, addresses):
    """address -> (file, line), innermost of what is inlined"""
    said = subprocess.run([f"{TOOL}addr2line", "-e", ko, "-j", ".text"], input="\n".join(map(hex, addresses)),
                          capture_output=True, text=True, check=True).stdout
    for address, place in zip(addresses, said.splitlines()):
        file, _, line = place.split(" ")[0].rpartition(":")
        if "/coverage/module/build/modules/" in file or "/module/" in file:
            name = re.sub(r".*/module/(?=(?:files|words|guest|engine|kernel)/)", "", file)
            if line.isdigit() and int(line) and "/include/" not in name and not name.startswith("/"):
                yield address, name, int(line)


def run(ko, label, machine, tests):
    """What a machine comes by, as places in what is printed."""
    done = subprocess.run([TOP / "scripts/check-e2e.sh", "--kernel", KERNEL, "--ko", ko, "--label", label, *machine,
                           *(["--tests", " ".join(tests)] if tests else [])], capture_output=True, text=True, errors="replace")
    print(f"{label}:", (done.stdout.strip() or done.stderr).splitlines()[-1], flush=True)
    seen = set()
    for log in (TOP / "build/e2e" / label).glob("*.log"):
        for word, bits in re.findall(r"stage2: covers ([0-9a-f]+) ([0-9a-f]+)", log.read_text(errors="replace")):
            seen.update(int(word, 16) * 64 + i for i in range(64) if int(bits, 16) >> i & 1)
    return seen


def main(arguments):
    tests = [a for a in arguments if not a.startswith("-")]
    ko = build()
    seen = set()
    for label, machine in MACHINES.items():
        seen |= run(ko, label, machine, tests)
    belongs, places = pieces(ko)
    covered, every = collections.defaultdict(set), collections.defaultdict(set)
    for address, file, line in lines_of(ko, list(belongs)):
        every[file].add(line)
        if places[belongs[address]] in seen:
            covered[file].add(line)
    hit, lines = 0, 0
    for file in sorted(every):
        hit, lines = hit + len(covered[file]), lines + len(every[file])
        print(f"{file:40}{len(covered[file]):6} of {len(every[file]):5}")
    print(f"{'all':40}{hit:6} of {lines:5}: {100 * hit / lines:.1f} % of lines")
    if "--uncovered" in arguments:
        for file in sorted(every):
            text = (TREE / "module" / file).read_text().splitlines()
            for line in sorted(every[file] - covered[file]):
                print(f"{file}:{line}: {text[line - 1].strip()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

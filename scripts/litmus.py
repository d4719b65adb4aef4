#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Asks herd7 what the Arm memory model says of the tests in Documentation/litmus.

usage: litmus.py

The outcome of a test must never be seen, and no break-before-make may be missing. Then each test is weakened, in one place at
a time, and its outcome must be seen: so every instruction that a test has is needed, and needed as it is. A DSB becomes a DMB
and goes, a broadcast TLBI is for its own CPU and goes, what has order loses it; lines "Weaker=" of a test name others. Two models
are asked: the one that herd7 takes by itself, and that of an edition of the Arm ARM. Their answers are kept in
Documentation/litmus_herd.inc.

Without herd7 (the variable HERD7, or in PATH) every test is skipped, but for one: that the table is of the tests as they are.
Prints KTAP.
"""

import collections
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

from table import write_rows

TOP = pathlib.Path(__file__).resolve().parent.parent
TESTS = TOP / "Documentation/litmus"
TABLE = TOP / "Documentation/litmus_herd.inc"
OUT = TOP / "build/litmus"
MODELS = {"herd7": [], "DDI 0487 M.c": ["-model", "aarch64/ArmARM-M.c/aarch64.cat"]}
# One reads "flag ... as" of the model.
NO_BREAK = {"Warning-BBM-expected", "requires-BBM"}
NEVER, SEEN, UNBROKEN = "never", "seen", "; break-before-make is missing"

PLAIN = set("CAS CBZ LDR LSR MOV NOP STR STSET SWP".split())
UNORDERED = {"LDAR": ["LDR"], "STLR": ["STR"], "CASA": ["CAS"], "CASL": ["CAS"], "CASAL": ["CASA", "CASL"]}

# What is weakened, in the test itself nothing: a line of a CPU, its instruction, and what that becomes.
Variant = collections.namedtuple("Variant", "test line instruction weaker text")


def weaker(instruction, cpus):
    """What the instruction is weakened to: one after the other."""
    name, *operands = instruction.split(maxsplit=1)
    if name == "DSB":
        return [f"DMB {operands[0]}", "NOP"]
    if name in ("DMB", "ISB"):
        return ["NOP"]
    if name == "TLBI":
        return [instruction.replace("IS,", ",")] * ("IS," in instruction and cpus > 1) + ["NOP"]
    if name in UNORDERED:
        return [f"{other} {operands[0]}" for other in UNORDERED[name]]
    if name in PLAIN or name.endswith(":"):
        return []
    sys.exit(f"litmus.py: it does not know whether {name} can be weakened")


def replaced(rows, row, column, instructions):
    """The program, with other instructions (separated by ;) in one place."""
    first, *more = (i.strip() for i in instructions.split(";"))
    new = [list(r) for r in rows]
    new[row][column] = first
    for n, instruction in enumerate(more, 1):
        new.insert(row + n, [instruction if c == column else "" for c in range(len(rows[0]))])
    return "".join(" | ".join(r) + " ;\n" for r in new)


def variants(path):
    """The test, and all that it is weakened to."""
    head, program, outcome = re.fullmatch(r"(.*^\}\n)(.*)(^exists.*)", path.read_text(), re.S | re.M).groups()
    rows = [[cell.strip() for cell in line.rstrip("; ").split("|")] for line in program.splitlines()]
    named = dict(w.split(" => ") for w in re.findall(r"^Weaker=(.*)", head, re.M))
    found = [Variant(path.stem, "", "", "", path.read_text())]
    for column in range(len(rows[0])):
        for row in range(1, len(rows)):
            cell = rows[row][column]
            more = named.pop(f"P{column} {cell}", None)
            for new in (weaker(cell, len(rows[0])) if cell else []) + ([more] if more else []):
                found.append(Variant(path.stem, f"P{column}, {row}", cell, new, head + replaced(rows, row, column, new) + outcome))
    for place in named:
        sys.exit(f"litmus.py: {path.name} has no {place}")
    if len(found) == 1:
        sys.exit(f"litmus.py: nothing of {path.name} can be weakened")
    return found


def judged(herd7, options, every):
    """What herd7 says of each, in their order."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    files = []
    for number, variant in enumerate(every):
        files.append(OUT / f"{number}.litmus")
        files[-1].write_text(re.sub(r"^AArch64 .*", f"AArch64 n{number}", variant.text, count=1))
    done = subprocess.run([herd7, *options, *files], capture_output=True, text=True)
    said = {}
    for name, answer in re.findall(r"^Test n(\d+) (.*?)^Hash=", done.stdout, re.S | re.M):
        flags = set(re.findall(r"^Flag (\S+)", answer, re.M))
        seen, with_it, without = re.search(r"^Observation \S+ (\w+) (\d+) (\d+)", answer, re.M).groups()
        if int(with_it) + int(without):  # else no execution at all is possible
            said[int(name)] = (NEVER if seen == "Never" else SEEN) + (UNBROKEN if flags & NO_BREAK else "")
    if len(said) != len(every):
        lost = next(n for n in range(len(every)) if n not in said)
        sys.exit(f"litmus.py: {herd7} has no answer to {OUT / f'{lost}.litmus'} ({every[lost].test}): {done.stderr[-2000:]}")
    return [said[n] for n in range(len(every))]


def main(arguments):
    if arguments:
        sys.exit(__doc__)
    every = [v for path in sorted(TESTS.glob("*.litmus")) for v in variants(path)]
    asked = "Of tests with the SHA-1 " + hashlib.sha1("".join(v.text for v in every).encode()).hexdigest()
    named = os.environ.get("HERD7")
    herd7 = shutil.which(named or "herd7")
    if named and not herd7:
        sys.exit(f"litmus.py: HERD7 is '{named}', and that is no program")
    count = collections.Counter()
    print("KTAP version 1")

    def conclude(verdict, name, *remarks):
        for remark in remarks:
            print(f"# {remark}")
        count[verdict] += 1
        print("not ok" if verdict == "failed" else "ok", count.total(), name + (" # SKIP no herd7" if verdict == "skipped" else ""))

    names = [" ".join([v.test, *([f"{v.line}: {v.instruction} => {v.weaker}"] if v.line else [])]) for v in every]
    if not herd7:
        for name in names:
            conclude("skipped", name)
    else:
        said = [judged(herd7, options, every) for options in MODELS.values()]
        for variant, name, *answers in zip(every, names, *said):
            right = all((answer.startswith(SEEN) if variant.line else answer == NEVER) for answer in answers)
            conclude("passed" if right else "failed", name,
                     *(() if right else (f"{model}: {answer}" for model, answer in zip(MODELS, answers))))
        if not count["failed"]:
            version = subprocess.run([herd7, "-version"], capture_output=True, text=True).stdout.split(",")[0].strip()
            write_rows(TABLE, f"What herd7 {version} says", "litmus", asked,
                       {"test": 14, "CPU, line": 8, "instruction": 18, "weaker": 28, **{f"by {m}": 16 for m in MODELS}},
                       [[v.test, v.line, v.instruction and f"``{v.instruction}``", v.weaker and f"``{v.weaker}``", *answers]
                        for v, *answers in zip(every, *said)])
    right = asked in TABLE.read_text()
    conclude("passed" if right else "failed", "the manual's table is of the tests as they are",
             *(() if right else ("a test has changed since herd7 was asked: run `make litmus`",)))
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return count["failed"] != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

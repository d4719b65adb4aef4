#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Asks herd7 what the Arm memory model says of the tests in Documentation/litmus.

usage: litmus.py

The outcome of a test must never be seen, and no break-before-make may be missing. Then each test is weakened, in one place at
a time, and its outcome must be seen: so every instruction that a test has is needed. Two models are asked: the one that herd7
takes by itself, and that of an edition of the Arm ARM. What they said is kept in Documentation/litmus_herd.inc.

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
NEVER, SEEN, UNBROKEN = "never", "seen", "break-before-make is missing"

BARRIER = re.compile(r"(DSB|DMB|ISB|TLBI)\b")
ORDERED = re.compile(r"(LDA|STL|CAS[AL])(R?\b.*)")

# What is weakened in `what`: nothing, in the test itself.
Variant = collections.namedtuple("Variant", "test what text")


def weaker(instruction):
    """The instruction without its order; none if it has none."""
    if BARRIER.match(instruction):
        return "NOP"
    ordered = ORDERED.match(instruction)
    return ordered and {"LDA": "LD", "STL": "ST"}.get(ordered[1], "CAS") + ordered[2]


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
    asked = dict(w.split(" => ") for w in re.findall(r"^Weaker=(.*)", head, re.M))
    yield Variant(path.stem, "", path.read_text())
    for column in range(len(rows[0])):
        for row in range(1, len(rows)):
            cell = rows[row][column]
            new = asked.pop(f"P{column} {cell}", None) or weaker(cell)
            if new:
                yield Variant(path.stem, f"P{column}: ``{cell}`` => ``{new}``", head + replaced(rows, row, column, new) + outcome)
    for place in asked:
        sys.exit(f"litmus.py: {path.name} has no {place}")


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
        seen = re.search(r"^Observation \S+ (\w+)", answer, re.M)[1] != "Never"
        said[int(name)] = UNBROKEN if flags & NO_BREAK else SEEN if seen else NEVER
    if len(said) != len(every):
        lost = next(n for n in range(len(every)) if n not in said)
        sys.exit(f"litmus.py: herd7 has no answer to {every[lost].test}, {every[lost].what or 'itself'}:\n{done.stderr[-2000:]}")
    return [said[n] for n in range(len(every))]


def main(arguments):
    if arguments:
        sys.exit(__doc__)
    every = [v for path in sorted(TESTS.glob("*.litmus")) for v in variants(path)]
    asked = "Of tests with the SHA-1 " + hashlib.sha1("".join(v.text for v in every).encode()).hexdigest()
    herd7 = os.environ.get("HERD7") or shutil.which("herd7")
    count = collections.Counter()
    print("KTAP version 1")

    def conclude(verdict, name, *remarks):
        for remark in remarks:
            print(f"# {remark}")
        count[verdict] += 1
        print("not ok" if verdict == "failed" else "ok", count.total(), name + (" # SKIP no herd7" if verdict == "skipped" else ""))

    if not herd7:
        for test, what, _ in every:
            conclude("skipped", f"{test} {what}".strip())
    else:
        said = {model: judged(herd7, options, every) for model, options in MODELS.items()}
        for number, (test, what, _) in enumerate(every):
            answers = {model: answer[number] for model, answer in said.items()}
            right = all((answer == NEVER) == (not what) for answer in answers.values())
            conclude("passed" if right else "failed", f"{test} {what}".strip(),
                     *(() if right else (f"{model}: {answer}" for model, answer in answers.items())))
        if not count["failed"]:
            version = subprocess.run([herd7, "-version"], capture_output=True, text=True).stdout.split(",")[0].strip()
            write_rows(TABLE, f"What herd7 {version} says, by its own model and by that of DDI 0487 M.c", "litmus",
                       asked, {"test": 20, "weakened": 50, "its outcome is": 20},
                       [[v.test, v.what, said["herd7"][n]] for n, v in enumerate(every)])
    right = asked in TABLE.read_text()
    conclude("passed" if right else "failed", "the manual's table is of the tests as they are",
             *(() if right else ("a test has changed since herd7 was asked: run `make litmus`",)))
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return count["failed"] != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Plants faults in the library, one at a time, and asks kunit/exhaust to find each.

usage: mutants.py [--list] [FILE...]

A fault is one line of a file that changes tables: a call that is dropped (an invalidation, a barrier, a store, a
free), or a condition that is turned round. FILE is one of include/vmsa: all that are known, without. What survives
has a reason in scripts/mutants.known, or is a test to write. Prints who killed what; build/mutants/results.json keeps
it, and nothing is done twice for the same sources.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

TOP = pathlib.Path(__file__).resolve().parent.parent
OUT = TOP / "build/mutants"
FILES = """annotate change edit edit_plan fold harvest live map occupancy remap remap_plan tlb unlink unmap""".split()
FLAGS = ["-std=c++20", "-O1", "-w", "-I.", "-Ikunit", '-DSUITES_DEF="exhaust/exhaust.def"',
         "-include", "kunit/exhaust/steps.hpp"]
# The quick ones first; what FEAT_BBM 2 and pairs say besides is left to `make check`.
TESTS = ["exhaust_hardware.*", "exhaust_notes.without_bbm", "exhaust_batches.triples_without_bbm",
         "exhaust_shapes.*"]
NO_PROGRESS = 600  # seconds; a fault may make a loop endless

CALL = re.compile(r"^\t+(batch_?\.\w+|sink_\.\w+|memory_\.\w+|store(_release)?|unlink|retire|will_fill|know|prune"
                  r"|break_leaf|replace_bits|fill\w*|set_contiguous\w*(<Format>)?|unfold\w*|commit\w*|hint|run)"
                  r"\(.*\);$")
CONDITION = re.compile(r"^(\t+(?:\} else )?if \()(.*)(\)(?: \[\[\w+\]\])?(?: \{)?)$")


def balanced(text):
    return text.count("(") == text.count(")")


def mutants_of(name):
    """(number of the line, its text, what the fault is, the line anew)"""
    path = TOP / f"include/vmsa/{name}.hpp"
    found = []
    for number, line in enumerate(path.read_text().splitlines()):
        if CALL.match(line) and balanced(line):
            found.append((number, line.strip(), "dropped", re.match(r"\t+", line).group() + ";"))
        condition = CONDITION.match(line)
        if condition and balanced(line) and "constant_evaluated" not in line and ";" not in line:
            head, what, tail = condition.groups()
            found.append((number, line.strip(), "turned round", f"{head}!({what}){tail}"))
    return [(name, *m) for m in found]


def digest(mutant):
    h = hashlib.sha1()
    for folder in ("include", "kunit/exhaust", "kunit/support"):
        for path in sorted((TOP / folder).rglob("*.?pp")):
            h.update(path.read_bytes())
    h.update(pathlib.Path(__file__).read_bytes())
    h.update(repr(mutant).encode())
    return h.hexdigest()


LOCAL = threading.local()
FREE = list(range(os.cpu_count() or 1))


def place():
    """A copy of the headers that is this thread's."""
    if not hasattr(LOCAL, "place"):
        LOCAL.place = OUT / f"place{FREE.pop()}"
        shutil.rmtree(LOCAL.place, ignore_errors=True)
        shutil.copytree(TOP / "include", LOCAL.place / "include")
    return LOCAL.place


def judge(mutant):
    """Who killed it: a test and its objection; or 'survived', or 'does not compile'."""
    name, number, _, _, line = mutant
    where = place()
    path = where / f"include/vmsa/{name}.hpp"
    original = (TOP / f"include/vmsa/{name}.hpp").read_text()
    lines = original.splitlines()
    lines[number] = line
    path.write_text("\n".join(lines) + "\n")
    try:
        build = subprocess.run(["clang++-19", *FLAGS, f"-I{where}/include", "-c", "kunit/exhaust/world.cpp",
                                "-o", where / "world.o"], cwd=TOP, capture_output=True)
        if build.returncode:
            return "does not compile"
        others = [o for o in (TOP / "build/host/exhaust.o").rglob("*.o") if o.name != "world.o"]
        subprocess.run(["clang++-19", where / "world.o", *others, "-lgtest", "-o", where / "exhaust"], cwd=TOP,
                       check=True)
        return run(where / "exhaust")
    finally:
        path.write_text(original)


def run(program):
    for tests in TESTS:
        try:
            done = subprocess.run([program, f"--gtest_filter={tests}", "--gtest_fail_fast"], text=True,
                                  capture_output=True, timeout=NO_PROGRESS)
        except subprocess.TimeoutExpired:
            return f"{tests}: it does not end"
        if done.returncode:
            test = re.search(r"\[  FAILED  \] (\S+)", done.stdout)
            rule = re.search(r"^expected (.*)", done.stdout, re.M)
            return f"{test.group(1) if test else tests}: {rule.group(1) if rule else 'the program died'}"
    return "survived"


def known():
    """file | fault | line | reason"""
    reasons = {}
    for line in (TOP / "scripts/mutants.known").read_text().splitlines():
        if line and not line.startswith("#"):
            name, fault, text, reason = line.split(" | ", 3)
            reasons[name, fault, text] = reason
    return reasons


def main(arguments):
    names = [a.removesuffix(".hpp") for a in arguments if not a.startswith("-")] or FILES
    for name in names:
        if name not in FILES:
            sys.exit(f"mutants.py: no fault is known for '{name}' (known: {' '.join(FILES)})")
    mutants = [m for name in names for m in mutants_of(name)]
    if "--list" in arguments:
        for name, number, text, fault, _ in mutants:
            print(f"{name}.hpp:{number + 1}: {fault}: {text}")
        print(len(mutants))
        return 0

    OUT.mkdir(parents=True, exist_ok=True)
    results = OUT / "results.json"
    done = json.loads(results.read_text()) if results.exists() else {}
    subprocess.run(["make", "--no-print-directory", "-s", "-f", "kunit/host.mk", "build/host/exhaust"], cwd=TOP,
                   check=True, stdout=subprocess.DEVNULL)
    reasons, seen = known(), set()
    counts = {"killed": 0, "survived": 0, "known": 0, "no fault": 0}
    keys = [digest(m) for m in mutants]
    with concurrent.futures.ThreadPoolExecutor(len(FREE)) as pool:
        running = [k if k in done else pool.submit(judge, m) for k, m in zip(keys, mutants)]
        for key, future, (name, number, text, fault, _) in zip(keys, running, mutants):
            if key not in done:
                done[key] = future.result()
                results.write_text(json.dumps(done))
            verdict = done[key]
            reason = reasons.get((name, fault, text))
            seen.add((name, fault, text))
            if verdict == "does not compile":
                counts["no fault"] += 1
            elif verdict != "survived":
                counts["killed"] += 1
            elif reason:
                counts["known"] += 1
                verdict = f"survived: {reason}"
            else:
                counts["survived"] += 1
            print(f"{name}.hpp:{number + 1}: {fault}: {text}\n    {verdict}", flush=True)
    for name, fault, text in reasons:
        if name in names and (name, fault, text) not in seen:
            print(f"scripts/mutants.known: {name}.hpp has no such line: {text}")
            counts["survived"] += 1
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    return counts["survived"] != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

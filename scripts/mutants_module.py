#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Plants faults in the module, one at a time, and asks the end-to-end tests to find each.

usage: mutants_module.py [--list] [PATTERN...]

The faults are those of scripts/mutants.module whose name or file has one of the PATTERNs in it, or all. They are compiled
once, all together, for Debian's 6.12; for each a word of stage2.ko is changed, and a machine boots that and runs the tests
that stand in its line. Who killed what is in build/mutants/module.json, and, when all were asked, in
Documentation/mutants_module.inc. What was found for the same sources is not done twice.
"""

import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys

from natives import LANES, TOP
from planting import Stale, named, plant
from table import SURVIVED, conclude

OUT = TOP / "build/mutants"
TREE = OUT / "module"
RESULTS = OUT / "module.json"
TABLE = TOP / "Documentation/mutants_module.inc"
KERNEL = "6.12"
SILENCE = 60  # seconds without a line of the console: it hangs
WORDS = struct.pack("<4I", 0x706C616E, 0x74656421, 0x6661756C, 0x743F3F3F)


def faults():
    return list(named("mutants.module", TOP / "module", ""))


def known():
    """name -> why no test finds it: the lines "#- name | why" of scripts/mutants.module"""
    lines = (TOP / "scripts/mutants.module").read_text().splitlines()
    return dict(line[3:].split(" | ", 1) for line in lines if line.startswith("#- "))


def build(every):
    """stage2.ko with all of them, asleep."""
    shutil.rmtree(TREE / "module", ignore_errors=True)
    for folder in ("include", "module", "scripts"):
        shutil.copytree(TOP / folder, TREE / folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.o", "__pycache__"))
    for file in ("Kbuild", "VERSION"):
        shutil.copy(TOP / file, TREE)
    plant(every, TREE, sorted({TOP / "module" / f.file for f in every}), lambda path: str(path.relative_to(TOP / "module")))
    shutil.copy(TOP / "kunit/support/planted_module.h", TREE / "module/kernel/planted.h")
    with (TREE / "Kbuild").open("a") as kbuild:
        kbuild.write("\nccflags-y += -include $(cxx-root)/module/kernel/planted.h\n")
    with (TREE / "module/kernel/main.c").open("a") as main:
        main.write("\nunsigned int stage2_planted[5] = STAGE2_PLANTED;\n")
    done = subprocess.run([TREE / "scripts/build-module.sh", KERNEL], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"mutants_module.py: the module does not build with all faults planted:\n{done.stderr[-3000:]}")
    return (TREE / f"build/modules/{KERNEL}/stage2.ko").read_bytes()


def awake(ko, number):
    """A copy in which fault `number` acts."""
    if ko.count(WORDS) != 1:
        sys.exit("mutants_module.py: stage2.ko does not say where its faults are chosen")
    at = ko.index(WORDS) + len(WORDS)
    return ko[:at] + struct.pack("<I", number) + ko[at + 4:]


def of_line(words):
    """(tests, words for the kernel's command line), each as one text"""
    return tuple(" ".join(w for w in words.split() if ("=" in w) == to_kernel) for to_kernel in (False, True))


def stamp(ko, words):
    """What an answer depends on: the module, the guests, these tests, and what tests stand on."""
    tests = {f"{name}.sh" for name in of_line(words)[0].split()}
    e2e = TOP / "userspace/tests/e2e"
    support = [p for p in e2e.iterdir() if p.is_file() and (p.suffix != ".sh" or p.stem == "lib" or p.stem.endswith("_lib"))]
    guests = [p for p in (TOP / "userspace/guests").rglob("*") if p.is_file()]
    read = sorted({*support, *guests, *(e2e / name for name in tests)})
    return hashlib.sha1(ko + b"".join(p.read_bytes() for p in read)).hexdigest()


def run(ko, number, words):
    tests, append = of_line(words)
    label = "-".join(["mutant", str(number), *(w.split("=")[0] for w in append.split())])
    file, out = OUT / f"{label}.ko", TOP / "build/e2e" / label
    file.write_bytes(awake(ko, number))
    shutil.rmtree(out, ignore_errors=True)
    with subprocess.Popen([TOP / "scripts/check-e2e.sh", "--kernel", KERNEL, "--ko", file, "--tests", tests, "--label", label,
                           "--timeout", str(SILENCE), "--append", append], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", start_new_session=True) as child:
        said = None
        while said is None:
            try:
                said, _ = child.communicate(timeout=2)
            except subprocess.TimeoutExpired:
                console = out / "console.log"
                so_far = console.read_text(errors="replace") if console.exists() else ""
                # One objection is enough, and what follows may take long.
                if re.search(r"^    not ok .*\n", so_far, re.M):
                    os.killpg(child.pid, signal.SIGTERM)
                    child.communicate()
                    said = so_far
    file.unlink()
    return child.returncode, said


def objection(said):
    """(the test, what it says) of the first that failed"""
    file, remarks = "", []
    for line in said.splitlines():
        subtest = re.match(r"\s*# Subtest: (\S+)", line)
        failed = re.match(r"\s*not ok \d+ (.*)", line)
        if subtest:
            file, remarks = subtest.group(1), []
        elif failed and not failed.group(1).startswith("mutant-") and failed.group(1) != file:
            if failed.group(1).startswith("all tests ran"):
                return f"{file}.sh", "the machine came to no end" if "status 124" in remarks[-1] else remarks[-1]
            if failed.group(1).startswith("the kernel complained"):
                return f"{file}.sh", re.sub(r"^\[ *[0-9.]+\] ", "", remarks[0])
            return f"{file}.sh: {failed.group(1)}", remarks[0] if remarks else ""
        elif re.match(r"\s*ok ", line):
            remarks = []
        elif re.match(r"\s*# ", line):
            remarks.append(line.strip()[2:])
    return f"{file}.sh" if file else "the machine", said.strip().splitlines()[-1] if said.strip() else "no word"


def main(arguments):
    if any(a.startswith("-") and a != "--list" for a in arguments):
        sys.exit(__doc__)
    every = faults()
    patterns = [a for a in arguments if not a.startswith("-")]
    chosen = [(n, f) for n, f in enumerate(every, 1) if not patterns or any(p in f.key() for p in patterns)]
    if "--list" in arguments:
        print("\n".join(f.key() for _, f in chosen), f"{len(chosen)} faults", sep="\n")
        return 0
    OUT.mkdir(parents=True, exist_ok=True)
    ko = build(every)
    old = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    asked = {}  # words for the kernel -> tests
    for _, fault in chosen:
        tests, append = of_line(fault.tests)
        asked.setdefault(append, set()).update(tests.split())
    machines = sorted(" ".join([*sorted(tests), append]) for append, tests in asked.items())
    without = [[stamp(ko, words), words] for words in machines]
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        if old.get("asleep") != without:
            for status, said in pool.map(lambda words: run(ko, 0, words), machines):
                if status:
                    sys.exit(f"mutants_module.py: without a fault a test fails:\n{said[-3000:]}")
            old["asleep"] = without
        stamps = {n: [stamp(ko, f.tests), f.tests] for n, f in chosen}
        running = {n: pool.submit(run, ko, n, f.tests) for n, f in chosen
                   if old.get(f.key(), {}).get("stamp") != stamps[n] or old[f.key()]["killer"] == SURVIVED}
        for number, fault in chosen:
            if number in running:
                status, said = running[number].result()
                killer, why = objection(said) if status else (SURVIVED, "")
                old[fault.key()] = {"stamp": stamps[number], "killer": killer, "objection": why}
                RESULTS.write_text(json.dumps(old, indent=1))
            verdict = old[fault.key()]
            print(f"{fault.file}: {fault.what}\n    {verdict['killer']}: {verdict['objection']}", flush=True)
    reasons = known()
    for _, fault in chosen:
        if old[fault.key()]["killer"] == SURVIVED:
            old[fault.key()]["objection"] = reasons.get(fault.what, "")
    found = [(f, old[f.key()]["killer"], old[f.key()]["objection"]) for _, f in chosen]
    return conclude(found, lambda fault: fault.what in reasons, len(chosen) == len(every), TABLE,
                    "Faults of the module, and which end-to-end test found each", "mutants-module", lambda fault: fault.file)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stale as why:
        sys.exit(f"mutants_module.py: {why}")

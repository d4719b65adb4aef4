#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Plants faults in the library, one at a time, and asks the native suites and kunit/exhaust to find each.

usage: mutants.py [--list | --check] [--quick] [--only-new] [FILE...]

The faults are those of planting.py: of FILE, one of include/vmsa, or all. They are compiled once, all together; each
acts when its number is chosen. A first run of each test says which faults it reaches; a fault is given to those tests,
the cheapest first. What survives has a reason in scripts/mutants.known, or is a test to write. Who killed what is in
build/mutants/results.json, and, after a run of all files, in Documentation/mutants.inc. A later run begins with the
test that killed it last; nothing is done twice for the same sources.

  --quick     no test of more than five seconds
  --only-new  no fault that Documentation/mutants.inc has already
  --check     do scripts/mutants.named, scripts/mutants.known and the manual's tables still fit the sources, all but few?
"""

import concurrent.futures
import hashlib
import json
import re
import sys
import time

from natives import LANES, TOP, compile_programs, run, tests
from planting import FILES, HEADERS, Stale, all_names, faults, generated, one_named, plant
from table import SURVIVED, conclude, read_table

OUT = TOP / "build/mutants"
RESULTS = OUT / "results.json"
TABLE = TOP / "Documentation/mutants.inc"
MODULE_TABLE = TOP / "Documentation/mutants_module.inc"
QUICK = 5  # seconds
ENOUGH = 20  # one line in so many may be out of date


def digest():
    h = hashlib.sha1()
    for path in sorted([*(OUT / "include").rglob("*.hpp"), *(TOP / "kunit").rglob("*.[chd]*")]):
        h.update(path.read_bytes())
    return h.hexdigest()


def first_look(pool, stamp):
    """test -> (CPU seconds, the numbers of the faults it reaches)"""
    kept = OUT / "reached.json"
    if kept.exists():
        look = json.loads(kept.read_text())
        if look["stamp"] == stamp:
            return look["tests"]

    def one(name):
        reached = OUT / f"{name.split('/')[1]}.reached"
        status, said, seconds = run(OUT, [name], 600, PLANTED="0", REACHED=str(reached))
        if status:
            sys.exit(f"mutants.py: {name} fails without a fault:\n{said[-2000:]}")
        numbers = [int(n) for n in reached.read_text().split()]
        reached.unlink()
        return name, [seconds, numbers]

    found = dict(pool.map(one, tests(OUT)))
    kept.write_text(json.dumps({"stamp": stamp, "tests": found}))
    return found


def objection(said):
    begun = re.findall(r"^\[ RUN      \] (\S+)", said, re.M)
    failed = re.search(r"^\[  FAILED  \] (\S+?)(?:,| \(|$)", said, re.M)
    why = re.search(r"^expected (.*)", said, re.M)
    if not failed:
        return begun[-1] if begun else "", "the program died"
    return failed.group(1), why.group(1) if why else "it failed"


def judge(number, look, previous, quick):
    """(killer, its objection)"""
    reaching = sorted((seconds, name) for name, (seconds, reached) in look.items() if number in reached)
    if not reaching:
        return SURVIVED, "no test comes there"
    groups = [[t] for t in reaching if t[1].split("/")[1] == previous]
    first = len(groups)
    for test in reaching:
        if quick and test[0] > QUICK:
            continue
        # Those that cost little run in one program.
        if len(groups) > first and groups[-1][0][1].split("/")[0] == test[1].split("/")[0] and \
                sum(seconds for seconds, _ in groups[-1]) + test[0] < 1:
            groups[-1].append(test)
        else:
            groups.append([test])
    for group in groups:
        limit = int(3 + 10 * sum(seconds for seconds, _ in group))
        status, said, _ = run(OUT, [name for _, name in group], limit, PLANTED=str(number))
        if status:
            killer, why = objection(said)
            return killer, "it does not end" if status in (-24, -9) else why
    return SURVIVED, ""


# ---- What is known, and what is told ----

def known():
    """file | fault | line | reason"""
    reasons = {}
    for line in (TOP / "scripts/mutants.known").read_text().splitlines():
        if line and not line.startswith("#"):
            key, reason = line.rsplit(" | ", 1)
            reasons[key] = reason
    return reasons


def has_test(killer):
    suite, _, name = killer.partition(".")
    if killer == SURVIVED:
        return True
    for text in (f"kunit/suites/{suite}.cpp", f"kunit/exhaust/{suite.removeprefix('exhaust_')}.cpp",
                 f"kunit/interleave/{suite.removeprefix('interleave_')}.cpp"):
        if (TOP / text).exists() and f"TEST({name})" in (TOP / text).read_text():
            return True
    return False


def stale():
    """(how many faults the files and tables name, what of that no longer fits the sources)"""
    complaints, named_lines = [], 0
    keys = set()
    for table, folder, ending in (("mutants.named", HEADERS, ".hpp"), ("mutants.module", TOP / "module", "")):
        for number, line in enumerate((TOP / "scripts" / table).read_text().splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            named_lines += 1
            try:
                keys.add(one_named(line, f"scripts/{table}:{number}", folder, ending).key())
            except Stale as why:
                complaints.append(str(why))
    keys |= {f.key() for name in FILES for f in generated(name)}
    complaints += [f"scripts/mutants.known: there is no such fault: {key}" for key in known() if key not in keys]
    rows = [*read_table(TABLE), *read_table(MODULE_TABLE)]
    for file, what, line, killer, _ in rows:
        if f"{file.removesuffix('.hpp')} | {what} | {line.strip('`')}" not in keys:
            complaints.append(f"Documentation/mutants.rst: there is no such fault: {file}: {what}: {line}")
        elif not killer.split(":")[0].endswith(".sh") and not has_test(killer):
            complaints.append(f"Documentation/mutants.rst: there is no test {killer}")
    return named_lines + len(rows), complaints


def main(arguments):
    options = {a for a in arguments if a.startswith("-")}
    if options - {"--list", "--check", "--quick", "--only-new"}:
        sys.exit(__doc__)
    if "--check" in options:
        lines, complaints = stale()
        # Lines come and go with every change of a header: of the tables, what is out of date as a whole is told.
        if len(complaints) * ENOUGH <= lines and not any(c.startswith("scripts/") for c in complaints):
            return 0
        print(f"{len(complaints)} of {lines} lines fit no source any more (make mutants writes the table anew):",
              *complaints, sep="\n")
        return 1
    names = [a.removesuffix(".hpp") for a in arguments if not a.startswith("-")] or all_names()
    for name in names:
        if name not in all_names():
            sys.exit(f"mutants.py: no fault is known for '{name}' (known: {' '.join(all_names())})")
    every = faults(all_names())
    if "--list" in options:
        chosen = [f for f in every if f.file in names]
        print("\n".join(f.key() for f in chosen), f"{len(chosen)} faults", sep="\n")
        return 0

    (OUT / "include/vmsa").mkdir(parents=True, exist_ok=True)
    plant(every, OUT / "include/vmsa", HEADERS.glob("*.hpp"), lambda path: path.stem)
    stamp = digest()
    reasons = known()
    old = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    in_table = {f"{f.removesuffix('.hpp')} | {w} | {t.strip('`')}": (k, o.strip("`")) for f, w, t, k, o in read_table(TABLE)}
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        start = time.monotonic()
        compile_programs(pool, OUT, [f"-I{OUT}/include", "-include", "kunit/support/planted.hpp"], stamp)
        look = first_look(pool, stamp)
        print(f"compiled, and every test run once, in {time.monotonic() - start:.0f} s", flush=True)
        verdicts, running = {}, {}
        for number, fault in enumerate(every, 1):
            key = fault.key()
            before = old.get(key, {})
            if fault.file not in names:
                continue
            if key in reasons:
                verdicts[key] = (SURVIVED, reasons[key])
            elif before.get("stamp") == stamp and (before["killer"] != SURVIVED or "--quick" in options):
                verdicts[key] = (before["killer"], before["objection"])
            elif "--only-new" in options and in_table.get(key, (SURVIVED,))[0] != SURVIVED:
                verdicts[key] = in_table[key]
            else:
                previous = before.get("killer") or in_table.get(key, ("",))[0]
                running[key] = pool.submit(judge, number, look, previous, "--quick" in options)
        for key, future in running.items():
            verdicts[key] = future.result()
            old[key] = {"stamp": stamp, "killer": verdicts[key][0], "objection": verdicts[key][1]}
            RESULTS.write_text(json.dumps(old, indent=1))
    found = [(f, *verdicts[f.key()]) for f in every if f.file in names]
    for fault, killer, why in found:
        print(f"{fault.key()}\n    {'SURVIVED' if killer == SURVIVED and fault.key() not in reasons else killer}: {why}")
    print(f"{sum(f.named for f, *_ in found)} of these faults are named; {time.monotonic() - start:.0f} s")
    return conclude(found, lambda fault: fault.key() in reasons, set(names) == set(all_names()), TABLE, "Faults of the library, and which test found each", "mutants",
                    lambda fault: f"{fault.file}.hpp")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stale as why:
        sys.exit(f"mutants.py: {why}")

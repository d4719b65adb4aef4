#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which lines and branches of include/vmsa the native suites, kunit/exhaust and kunit/interleave go through.

usage: coverage.py [--uncovered] [FILE...]

A template is many functions: a line, or a way of a branch, is covered where any of them went it. Prints a table, and
what is not covered and is not in scripts/coverage.known, and fails if there is any, or if less than 95 % of the
branches are covered. --uncovered lists all of it, as coverage.known has it. build/coverage/coverage.json keeps the
figures.
"""

import collections
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys

from natives import LANES, PROGRAMS, TOP, compile_programs, run, tests

OUT = TOP / "build/coverage"
HEADERS = TOP / "include/vmsa"
FLAGS = ["-fprofile-instr-generate", "-fcoverage-mapping"]
LEAST_BRANCHES = 95
# The compiler's own way: no program goes it.
COMPILER = "is_constant_evaluated"
# What of exhaust is quick: it is as good as the rest for what is gone through.
QUICK = ("exhaust_hardware.", "exhaust_notes.with_bbm2", "interleave_")


# Who only lists its tests has nothing to say.
os.environ["LLVM_PROFILE_FILE"] = os.devnull


def digest():
    h = hashlib.sha1()
    for path in sorted([*(TOP / "include").rglob("*.hpp"), *(TOP / "kunit").rglob("*.[chd]*"), *TOP.glob("scripts/*.py")]):
        h.update(path.read_bytes())
    return h.hexdigest()


def exported(pool, stamp):
    """What llvm-cov says of each header."""
    kept = OUT / "export.json"
    if kept.exists() and (OUT / "stamp").exists() and (OUT / "stamp").read_text() == stamp:
        return json.loads(kept.read_text())
    OUT.mkdir(parents=True, exist_ok=True)
    compile_programs(pool, OUT, FLAGS, stamp)
    groups = {}
    for name in tests(OUT):
        if name.startswith("suites/") or name.split("/")[1].startswith(QUICK):
            groups.setdefault(name.split(".")[0], []).append(name)

    def one(group):
        profile = OUT / f"{group.split('/')[1]}.profraw"
        return run(OUT, groups[group], 3000, LLVM_PROFILE_FILE=str(profile))[:2], profile

    profiles = []
    for (status, said), profile in pool.map(one, groups):
        if status:
            sys.exit(f"coverage.py: a test fails:\n{said[-3000:]}")
        profiles.append(profile)
    merged = OUT / "merged.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", *profiles, "-o", merged], check=True)
    first, *others = [OUT / program / "program" for program in PROGRAMS]
    export = subprocess.run(["llvm-cov-19", "export", "-instr-profile", merged, first, *(f"-object={o}" for o in others),
                             "-skip-functions", "-skip-expansions", "-sources", HEADERS], check=True, cwd=TOP,
                            stdout=subprocess.PIPE).stdout
    kept.write_bytes(export)
    (OUT / "stamp").write_text(stamp)
    for profile in profiles:
        profile.unlink()
    return json.loads(export)


def lines_of(segments):
    """line -> how many times it was gone through, as llvm-cov counts: the most of any code in it."""
    counts = {}
    current = None  # the segment that a line begins in
    by_line = collections.defaultdict(list)
    for segment in segments:
        by_line[segment[0]].append(segment)
    if not by_line:
        return counts
    for line in range(min(by_line), max(by_line) + 1):
        here = by_line.get(line, [])
        starts = [s for s in here if s[3] and s[4] and not s[5]]
        wrapped = current if current and current[3] else None
        if here and not here[0][3] and here[0][4]:  # skipped code
            wrapped = None
        numbers = [s[2] for s in starts] + ([wrapped[2]] if wrapped else [])
        if numbers:
            counts[line] = max(numbers)
        if here:
            current = here[-1]
    return counts


def branches_of(branches):
    """(line, column) -> [went the true way, went the false way], all functions together"""
    ways = {}
    for line, column, _, _, true, false, *_ in branches:
        both = ways.setdefault((line, column), [0, 0])
        both[0] += true
        both[1] += false
    return ways


def uncovered_of(name, text, lines, branches):
    """file | what | line of each line and each way that nothing went."""
    source = text.splitlines()

    def key(what, number):
        return f"{name} | {what} | {source[number - 1].strip()}"

    for line, count in sorted(lines.items()):
        if not count and source[line - 1].strip() not in ("}", "else {", "} else {"):
            yield key("line", line)
    for (line, _), (true, false) in sorted(branches.items()):
        if lines.get(line, 1) == 0 or COMPILER in source[line - 1]:
            continue
        if not true:
            yield key("never true", line)
        if not false:
            yield key("never false", line)


def known():
    """file | what | line -> reason"""
    reasons = {}
    for line in (TOP / "scripts/coverage.known").read_text().splitlines():
        if line and not line.startswith("#"):
            key, reason = line.rsplit(" | ", 1)
            reasons[key] = reason
    return reasons


def percent(part, whole):
    return 100 * part / whole if whole else 100


def main(arguments):
    names = [a.removesuffix(".hpp") for a in arguments if not a.startswith("-")]
    if set(a for a in arguments if a.startswith("-")) - {"--uncovered"}:
        sys.exit(__doc__)
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        data = exported(pool, digest())["data"][0]
    missing, totals = [], [0, 0, 0, 0]
    print(f"{'file':24}{'lines':>16}{'branches':>16}")
    for file in sorted(data["files"], key=lambda f: f["filename"]):
        path = TOP / file["filename"]
        text = path.read_text()
        if names and path.stem not in names:
            continue
        source = text.splitlines()
        lines = {n: c for n, c in lines_of(file["segments"]).items()}
        # A condition that went neither way in a line that ran is one that the compiler knows: no branch.
        branches = {k: v for k, v in branches_of(file["branches"]).items()
                    if COMPILER not in source[k[0] - 1] and (any(v) or not lines.get(k[0], 1))}
        numbers = [sum(c > 0 for c in lines.values()), len(lines),
                   sum((t > 0) + (f > 0) for t, f in branches.values()), 2 * len(branches)]
        totals = [a + b for a, b in zip(totals, numbers)]
        print(f"{path.stem:24}{numbers[0]:8} of {numbers[1]:4}{numbers[2]:8} of {numbers[3]:4}")
        missing += uncovered_of(path.stem, text, lines, branches)
    print(f"{'all':24}{totals[0]:8} of {totals[1]:4}{totals[2]:8} of {totals[3]:4}: {percent(*totals[:2]):.1f} % of lines, "
          f"{percent(*totals[2:]):.1f} % of branches")
    if "--uncovered" in arguments:
        print("\n".join(missing))
        return 0
    (OUT / "coverage.json").write_text(json.dumps({"lines": totals[:2], "branches": totals[2:]}))
    reasons = known()
    new = [m for m in dict.fromkeys(missing) if m not in reasons]
    gone = [k for k in reasons if k not in missing and (not names or k.split(" | ")[0] in names)]
    for what in new:
        print(f"not covered, and not in scripts/coverage.known: {what}")
    for what in gone:
        print(f"scripts/coverage.known has it, and it is covered, or gone: {what}")
    few = percent(*totals[2:]) < LEAST_BRANCHES
    print(f"{len(set(missing))} not covered, {len(reasons)} of them for a reason")
    return bool(new or gone or (few and not names))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

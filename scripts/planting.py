#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Faults of one line, and a copy of the library that has all of them, each asleep (for mutants.py).

Some are made from the sources, a line at a time: a call or an assignment that is dropped, a condition turned round, a
level that is one off, a loop that leaves out the last. The others are named, in scripts/mutants.named.

A fault is planted around what it replaces, as a choice at run time (kunit/support/planted.hpp):

    batch.created();      if (planted(7)) ; else batch.created();
    if (a && b) {         if (planted(8) != static_cast<bool>(a && b)) {
    level + 1             level + (planted(9) ? 0 : 1)
"""

import dataclasses
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parent.parent
HEADERS = TOP / "include/vmsa"
# What changes tables, and what invalidates.
FILES = """annotate change edit edit_plan fold harvest hardware_tlb live map occupancy remap remap_plan runs shared_mapping tlb unlink
           unmap""".split()

CALL = re.compile(r"^\t+((?:\w[\w.]*(?:->)?)+(?:<[\w:, ]+>)?\(.*\);)$")
NO_CALL = re.compile(r"^\t+(?:return|using|static_assert|for|if|while|else|throw)\b")
ASSIGNMENT = re.compile(r"^\t+(\w+_(?: =| \+=| \|=|\+\+|--)(?: [^;{}]*)?;)$")
CONDITION = re.compile(r"^\t+(?:\} else )?(?:if|while) \((.*)\)(?: \[\[\w+\]\])?(?: \{)?$")
DECLARATION = re.compile(r"(?:const|auto) ")
LEVEL = re.compile(r"\b(?:level|l) [-+] (1)\b")
LOOP = re.compile(r"\bfor \([^;]*; (?:.* && )?\w+ < ([^;&|]+);")
MARK = re.compile(r"\{\{((?:(?!\{\{).)*?) => ?(.*?)\}\}(?!\})")
GAP = r"(?:\s|//[^\n]*\n)*"


@dataclasses.dataclass(frozen=True)
class Fault:
    file: str
    what: str  # the kind, or the name
    line: str  # without its margin
    begin: int  # of what it replaces, in the file
    end: int
    before: str  # what is put around that; %d is the fault's number
    behind: str
    named: bool = False
    tests: str = ""

    def key(self):
        return f"{self.file} | {self.what} | {self.line}"


def balanced(text):
    return text.count("(") == text.count(")")


def of_line(name, line, start, begins):
    """The faults that the line, which begins at `start` of its file, makes by itself. Does it begin a statement?"""

    def fault(what, match, group, before, behind):
        return Fault(name, what, line.strip(), start + match.start(group), start + match.end(group), before, behind)

    if line.lstrip().startswith(("//", "static_assert")) or not balanced(line):
        return
    for kind in (CALL, ASSIGNMENT):
        match = kind.match(line)
        if match and begins and not NO_CALL.match(line):
            yield fault("dropped", match, 1, "if (planted(%d)) ; else ", "")
    match = CONDITION.match(line)
    if match and "constant_evaluated" not in line and ";" not in line and not DECLARATION.match(match.group(1)):
        yield fault("turned round", match, 1, "planted(%d) != static_cast<bool>(", ")")
    for match in LEVEL.finditer(line):
        yield fault("one level off", match, 1, "(planted(%d) ? 0 : ", ")")
    match = LOOP.search(line)
    if match:
        yield fault("the last left out", match, 1, "(", ") - planted(%d)")


def generated(name):
    text = (HEADERS / f"{name}.hpp").read_text()
    start = 0
    times = {}
    begins, concept = True, False
    for line in text.splitlines(keepends=True):
        code = line.split("//")[0].rstrip()
        concept = (concept or code.startswith("concept ")) and not code.startswith("};")
        for fault in of_line(name, line.rstrip("\n"), start, begins) if not concept else ():
            # The same line again is another fault.
            n = times[fault.key()] = times.get(fault.key(), 0) + 1
            yield fault if n == 1 else dataclasses.replace(fault, what=f"{fault.what} ({n})")
        start += len(line)
        if code:
            begins = code.endswith((";", "{", "}", ")", "else", "do"))


class Stale(Exception):
    pass


def spaced(text):
    """A pattern for the same tokens, however they are broken into lines."""
    return GAP.join(re.escape(t) if not t[0].isalnum() else rf"\b{t}\b" for t in re.findall(r"\w+|\S", text))


def one_named(line, where, folder, ending):
    """The fault of a line of scripts/mutants.named, or mutants.module."""
    try:
        name, what, text = line.split(" | ", 2)
        text, tests = text.rsplit(" | ", 1) if folder != HEADERS else (text, "")
    except ValueError:
        raise Stale(f"{where}: not 'file | name | text'") from None
    mark = MARK.search(text)
    if not mark:
        raise Stale(f"{where}: no {{{{old => new}}}}")
    old, new = mark.groups()
    source = (folder / f"{name}{ending}").read_text()
    pattern = GAP.join(f"({spaced(part)})" if part.strip() else "()"
                       for part in (text[:mark.start()], old, text[mark.end():]))
    found = list(re.finditer(pattern, source))
    if len(found) != 1:
        raise Stale(f"{where}: {name}{ending} has this line {len(found)} times")
    begin, end = found[0].span(2)
    if old.endswith((";", "}")):
        before, behind = f"{{ if (planted(%d)) {{ {new} }} else {{ ", " } }"
    else:
        before, behind = f"(planted(%d) ? ({new}) : (", "))"
    return Fault(name, what, f"{text[:mark.start()]}{old}{text[mark.end():]}".strip(), begin, end, before, behind, True,
                 tests)


def named(table="mutants.named", folder=HEADERS, ending=".hpp"):
    """file | name | text, in which {{old => new}} is the fault; in the module's the tests that are asked stand behind"""
    for number, line in enumerate((TOP / "scripts" / table).read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            yield one_named(line, f"scripts/{table}:{number}", folder, ending)


def faults(names):
    return [*(f for f in named() if f.file in names), *(f for name in FILES if name in names for f in generated(name))]


def all_names():
    return sorted({*FILES, *(f.file for f in named())})


def planted_text(text, of_file):
    """`of_file`: (number, fault)"""
    marks = []
    for number, fault in of_file:
        length = fault.end - fault.begin
        # Of what begins at one place the longest is outermost.
        marks.append(((fault.begin, 1, -length, number), fault.before.replace("%d", str(number))))
        marks.append(((fault.end, 0, length, -number), fault.behind.replace("%d", str(number))))
    for (at, *_), what in sorted(marks, reverse=True):
        text = text[:at] + what + text[at:]
    return text


def plant(all_faults, folder, files, name_of):
    """Writes `files` with all of them into `folder`. Their numbers begin with 1; name_of(file) is what a fault calls it."""
    for path in files:
        of_file = [(n, f) for n, f in enumerate(all_faults, 1) if f.file == name_of(path)]
        text = planted_text(path.read_text(), of_file)
        target = folder / path.name if path.parent == HEADERS else folder / path.relative_to(TOP)
        if not target.exists() or target.read_text() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)

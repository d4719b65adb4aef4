#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every command that a page has a reader type is typed by a test, or has a reason not to be.

    manual.py            says which commands are neither, and which names of commands in the text do not exist
    manual.py --list     every command, with what types it

A command is, in a literal block, a line behind the prompt `#` (of the machine, typed by userspace/tests/e2e/manual.sh, by
sessions.awk) or `$` (of this machine); or every line of a block that begins with a program's name. scripts/manual.known has those
that manual.sh does not type, and why.
"""
import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
E2E = TOP / "userspace/tests/e2e"
KNOWN = TOP / "scripts/manual.known"
# What a machine of the manual has, and this one need not have.
PROGRAMS = "s2ctl s2load vmsa-image kvm trace-cmd bpftrace bpftool herd7 sudo apt-get modprobe insmod qemu-system-aarch64".split()
LITERAL = re.compile(r"^(?!\.\. ).*::$|^\.\. code-block::")


def pages():
    return [TOP / "README.md", TOP / "CONTRIBUTING.md", TOP / "userspace/machine/README.txt", *sorted(TOP.glob("Documentation/*.rst"))]


def blocks(page):
    """The literal blocks of a page, each a list of lines without their margin; not those that inline.py keeps."""
    lines = page.read_text(encoding="utf-8").expandtabs().splitlines()
    quoted, fenced, block, out = False, False, None, []

    def end():
        nonlocal block
        if block:
            margin = min((len(l) - len(l.lstrip()) for l in block if l.strip()), default=0)
            out.append([l[margin:] for l in block if l.strip()])
        block = None

    for before, line in zip([""] + lines, lines):
        if line.startswith(".. from:"):
            quoted = True
        if line == ".. end":
            quoted = False
        if page.suffix == ".md" and line.startswith("```"):
            fenced = not fenced
            end()
            block = [] if fenced else None
        elif block is not None and (fenced or not line.strip() or line.startswith(" ")):
            block.append(line)
        elif page.suffix == ".md" and not before.strip() and line.startswith("    "):
            block = [line]
        else:
            end()
            if page.suffix == ".rst" and LITERAL.match(line.strip()) and not quoted:
                block = []
    end()
    return out


def is_program(line):
    word = line.split()[0]
    if "──" in line:  # a drawing
        return False
    return word in PROGRAMS or bool(re.fullmatch(r"[a-z][a-z0-9_+.-]*", word) and shutil.which(word)) or \
        word.startswith("scripts/") and (TOP / word).is_file()


def joined(lines):
    """Lines that go on below, as one."""
    command = ""
    for line in lines:
        command += line.strip() if command else line
        if command.endswith("\\"):
            command = command[:-1]
        elif command.endswith("|"):
            command += " "
        else:
            yield command
            command = ""


def typed_here(page):
    """Commands of this machine: behind $, or host# and board#, or of a block that has nothing else."""
    for block in blocks(page):
        prompts = [line.split(" ", 1)[1].strip() for line in block if re.match(r"(\$|host#|board#) ", line)]
        if prompts:
            yield from prompts
        elif block and is_program(block[0]):
            for line in joined(block):
                yield re.sub(r" {2,}# .*|^# .*", "", line).rstrip()


def typed_there(page):
    """Commands of the machine, as its test finds them."""
    said = subprocess.run(["awk", "-f", E2E / "sessions.awk", page], capture_output=True, text=True, check=True).stdout
    return [line[1:] for line in said.splitlines() if line.startswith("C")]


def known():
    for line in KNOWN.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            page, command, why = re.fullmatch(r"(\S+) \| (.+) \| ([^|]+)", line).groups()
            yield page, command, why


def one_line(path):
    return re.sub(r"\s*\\\n\s*", " ", (TOP / path).read_text(encoding="utf-8"))


def commands():
    """(page, command, who types it or why nobody does, or "")"""
    in_machine = set(re.findall(r"^\s*typed (\S+)$", (E2E / "manual.sh").read_text(encoding="utf-8"), re.M))
    boards = one_line("Documentation/boards.rst")
    reasons, used = list(known()), set()

    for page in pages():
        there = typed_there(page)
        for command in there + list(typed_here(page)):
            if not command:
                continue
            why = ""
            for reason in reasons:
                if reason[0] == page.name and (command == reason[1] or fnmatch.fnmatchcase(command, reason[1])):
                    why = reason[2]
                    used.add(reason)
            if command in there and page.name in in_machine and (not why or why.startswith("output")):
                why = "userspace/tests/e2e/manual.sh"
            if not why and page.name == "boards.rst" and command in boards:
                why = "docs.sh: what check-board.sh types is what this page says"
            yield page.name, command, why
    for page, command, why in reasons:
        if (page, command, why) not in used:
            yield page, command, f"!scripts/manual.known: no page has this command any more: {page} | {command}"
        for file in re.findall(r"^typed by (\S+)", why):
            if command not in one_line(file):
                yield page, command, f"!scripts/manual.known: {file} does not type it: {page} | {command}"


def named():
    """Names of commands in the running text: those of s2ctl, the targets of make, the scripts."""
    s2ctl = set(re.findall(r'^constexpr Command \w+ = \{\s*"([\w-]+)"', "\n".join(
        p.read_text() for p in (TOP / "userspace/s2ctl/commands").glob("*.cpp")), re.M))
    options = "\n".join(p.read_text() for p in TOP.glob("userspace/s2ctl/**/*.?pp"))
    targets = set()
    for line in (TOP / "Makefile").read_text(encoding="utf-8").splitlines():
        match = re.match(r"([a-z][\w -]*):(?!=)", line)
        targets |= set(match[1].split()) if match else set()
    for page in pages():
        for words in re.findall(r"``?((?:s2ctl|make|scripts/)[^`]+)``?", page.read_text(encoding="utf-8").replace("\n", " ")):
            program, *rest = words.split()
            first = next((w for w in rest if not w.startswith("-") and "=" not in w), "")
            if program == "s2ctl":
                if re.fullmatch("[a-z][a-z-]*", first) and first not in s2ctl | {"help"}:
                    yield f"{page.name}: s2ctl has no command '{first}': {words}"
                for option in re.findall(r" (--[a-z][a-z0-9-]*)", words):
                    if f'"{option}"' not in options and option not in ("--help", "--version"):
                        yield f"{page.name}: s2ctl has no option {option}: {words}"
            elif program == "make" and "-C" not in rest and re.fullmatch("[a-z][a-z0-9-]*", first) and first not in targets:
                yield f"{page.name}: the Makefile has no target '{first}': {words}"
            elif program.startswith("scripts/") and not list(TOP.glob(program.rstrip(",."))):
                yield f"{page.name}: there is no {program}"


def main():
    for page, command, why in commands():
        if sys.argv[1:] == ["--list"]:
            print(f"{page}: {command}\n    {why or 'NOBODY'}")
        elif why.startswith("!"):
            print(why[1:])
        elif not why:
            print(f"{page}: no test types it, and scripts/manual.known has no reason: {command}")
    for wrong in named():
        print(wrong)


if __name__ == "__main__":
    os.chdir(TOP)
    main()

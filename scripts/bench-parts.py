#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Where the instructions of an exit and of a demand fault go, by function: scripts/bench.sh --parts.

usage: bench-parts.py KERNEL INITRD [--renew]

Boots the machine of scripts/bench.sh. While its guest runs, QEMU logs each instruction that is executed, some 100,000
in a row. From one arrival at the module's vector to the next is the way out, the answer, and the way in again; ways on which
an interrupt came are left out. The kernel's list of symbols says whose a function is. What is inlined counts as where it
is. The tables are means. With --renew they are the manual's, Documentation/costs_parts.inc.
"""

import base64
import bisect
import collections
import gzip
import os
import re
import select
import socket
import subprocess
import sys
import time

from natives import TOP

PAGE = TOP / "Documentation/costs_parts.inc"
FOLDER = TOP / "build/bench"
LOOK = 150000  # instructions in a row
WAYS = 512  # of each kind: as many pages as one table has
FROM_AARCH64, INTERRUPT = 0x400, 0x480  # vectors of what comes from below
LEAST = 0.5  # instructions; what has less is not shown by itself


class Symbols:
    """The kernel's, by address."""

    def __init__(self, text):
        rows = []
        for line in text.splitlines():
            address, _, name, *module = line.split()
            if not name.startswith(("$", ".L")):
                rows.append((int(address, 16), name, module == ["[stage2]"]))
        rows.sort()
        names = subprocess.run(["c++filt", "-p"], input="\n".join(row[1] for row in rows), capture_output=True, text=True,
                               check=True).stdout.splitlines()
        self.addresses = [row[0] for row in rows]
        self.rows = [(name, "stage2" if row[2] else "kernel") for name, row in zip(names, rows)]
        self.known = {}

    def at(self, pc):
        """(function, whose)"""
        if pc not in self.known:
            place = ("the guest itself", "guest")
            if pc >> 48:
                place = self.rows[bisect.bisect_right(self.addresses, pc) - 1]
            self.known[pc] = place
        return self.known[pc]

    def address(self, name):
        return next(a for a, row in zip(self.addresses, self.rows) if row[0] == name)


class Machine:
    """It boots, and says its symbols; then it can be looked at."""

    def __init__(self, kernel, initrd):
        monitor, pipe = FOLDER / "monitor", FOLDER / "instructions"
        for path in (monitor, pipe):
            path.unlink(missing_ok=True)
        os.mkfifo(pipe)
        self.boot = subprocess.Popen(
            [TOP / "scripts/boot.sh", "--kernel", kernel, "--initrd", initrd, "--count", "--monitor", monitor, "--append",
             "STAGE2_PARTS=1", "--log", FOLDER / "console.parts.log"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, errors="replace")
        packed = ""
        for line in self.boot.stdout:
            if line.startswith("symbols: "):
                packed += line.split()[1]
            elif packed:
                break
        if not packed:
            sys.exit("bench-parts.py: the machine failed: see build/bench/console.parts.log")
        self.symbols = Symbols(gzip.decompress(base64.b64decode(packed)).decode())
        self.monitor = socket.socket(socket.AF_UNIX)
        self.monitor.connect(str(monitor))
        self.pipe = os.open(pipe, os.O_RDWR)  # so that it has both ends, always
        self.tell(f"logfile {pipe}")
        self.tell("singlestep on")

    def tell(self, command):
        self.monitor.sendall(command.encode() + b"\n")

    def look(self):
        """The addresses of instructions, one after the other. The machine waits for whoever reads them."""
        pcs, rest = [], b""
        self.tell("log exec,nochain")
        while len(pcs) < LOOK:
            *lines, rest = (rest + os.read(self.pipe, 1 << 16)).split(b"\n")
            pcs += (int(line.split(b"/")[1], 16) for line in lines if line.startswith(b"Trace"))
        self.tell("log none")
        while select.select([self.pipe], [], [], 1)[0]:
            os.read(self.pipe, 1 << 16)
        return pcs

    def quit(self):
        self.tell("quit")
        self.boot.stdout.read()


def ways(pcs, symbols):
    """(name, addresses) of each way from a vector to a vector"""
    vectors = symbols.address("stage2_vhe_vectors")
    marks = [i for i, pc in enumerate(pcs) if pc in (vectors + FROM_AARCH64, vectors + INTERRUPT)]
    for start, end in zip(marks, marks[1:]):
        way = pcs[start:end]
        functions = {symbols.at(pc)[0] for pc in way}
        # Of a run, and not from its end to the beginning of the next.
        if way[0] == vectors + INTERRUPT or functions & {"el1h_64_irq", "__schedule", "kernel_runner_begin"}:
            continue
        is_fault = any("answer_fault" in function for function in functions)
        yield "a demand fault" if is_fault else "an exit", way


def short(function):
    """Without the namespaces and arguments that everything has."""
    before = None
    while before != function:
        before, function = function, re.sub(r"<[^<>]*>", "", function)
    function = function.replace("(anonymous namespace)::", "")
    return re.sub(r"\b(stage2|el2|vmsa)::|\(.*", "", function)


def table(name, found, symbols):
    counts = collections.Counter(symbols.at(pc) for way in found for pc in way)
    whole = collections.Counter()
    lines = []
    for (function, whose), count in counts.most_common():
        whole[whose] += count
        if count / len(found) >= LEAST:
            lines.append(f"{short(function):<44} {whose:>7} {count / len(found):>8.1f}")
    rest = sum(c for c in counts.values() if c / len(found) < LEAST)
    if rest:
        lines.append(f"{'(a new table, and other things that are rare)':<44} {'':>7} {rest / len(found):>8.1f}")
    lines.append("")
    lines += [f"{'':<44} {whose:>7} {count / len(found):>8.1f}" for whose, count in whole.most_common()]
    return [f"{'instructions of ' + name:<44} {'whose':>7} {sum(counts.values()) / len(found):>8.1f}", *lines]


def main():
    kernel, initrd, *options = sys.argv[1:]
    if options not in ([], ["--renew"]):
        sys.exit(__doc__)
    machine = Machine(kernel, initrd)
    found = {"an exit": [], "a demand fault": []}
    while min(map(len, found.values())) < WAYS:
        for name, way in ways(machine.look(), machine.symbols):
            found[name].append(way)
        time.sleep(0.5)
    machine.quit()
    text = "\n\n".join("\n".join(table(name, of, machine.symbols)) for name, of in found.items())
    print(text)
    if options:
        text = re.sub(r"(?m)^(?=.)", "    ", text)
        PAGE.write_text(".. SPDX-License-Identifier: GPL-2.0-only\n.. Written by scripts/bench.sh --parts --renew.\n\n::\n\n"
                        f"{text}\n")


main()

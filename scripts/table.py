#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The manual's tables that a program writes: of faults and who found each (mutants.py, mutants_module.py), of litmus tests (litmus.py)."""

import csv

SURVIVED = "survived"


def row(file, fault, killer, why):
    return [file, fault.what, f"``{fault.line}``", killer, why and f"``{why}``"]


def write_rows(path, title, target, remark, columns, rows):
    """columns: heading -> width"""
    def text(fields):
        return ",".join('"' + f.replace('"', '""') + '"' for f in fields)

    with path.open("w") as table:
        table.write(f".. SPDX-License-Identifier: GPL-2.0-only\n.. Written by `make {target}`. {remark}".rstrip() +
                    f"\n\n.. csv-table:: {title}\n"
                    f"   :header: {text(columns)}\n   :widths: {' '.join(map(str, columns.values()))}\n\n")
        table.writelines(f"   {text(fields)}\n" for fields in rows)


def write_table(path, title, target, rows):
    write_rows(path, title, target, "", {"file": 10, "fault": 16, "line": 34, "killer": 20, "its objection": 20}, rows)


def conclude(found, is_excused, whole, path, title, target, file_of):
    """Of (fault, killer, objection): how many survived without a reason, which is what the program ends with. All that there are
    make the table anew, unless one survived."""
    excused = sum(killer == SURVIVED and is_excused(fault) for fault, killer, _ in found)
    survivors = sum(killer == SURVIVED for _, killer, _ in found) - excused
    if whole and not survivors:
        write_table(path, title, target, [row(file_of(fault), fault, killer, why) for fault, killer, why in found])
    print(f"{len(found)} faults: {len(found) - excused - survivors} killed, {excused} have a reason, {survivors} survived")
    return survivors != 0


def read_table(path):
    lines = path.read_text().splitlines() if path.exists() else []
    return list(csv.reader(line.strip() for line in lines if line.startswith('   "')))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Keeps the texts that pages quote from files the same as these files.

inline.py [--refresh] PAGE...

A page is whole wherever it is read, also where nobody builds it: what it quotes stands in it, between two comments,

    .. from: FILE [, from line N] [, from "TEXT"] [, to "TEXT"] [, before "TEXT"]
    .. code-block:: cpp

        the text
    .. end

Says where a page differs from its file; with --refresh, changes the page. FILE may be what a run has written to build/.
"""
import difflib
import re
import sys

MARK = re.compile(r'\.\. from: (?P<file>[^ ,]+)(?P<part>(, (from line \d+|(from|to|before) "[^"]+"))*)$')


def part_of(lines, words):
    """The lines of a file that the words of a mark choose."""
    first, last = 0, len(lines)
    for word, text in re.findall(r'(from line|from|to|before) "?([^",]+)"?', words):
        if word == "from line":
            first = int(text) - 1
            continue
        at = next((i for i in range(first, len(lines)) if text in lines[i]), None)
        if at is None:
            raise ValueError(f'has no line with "{text}"')
        if word == "from":
            first = at
        else:
            last = at + (word == "to")
    chosen = lines[first:last]
    while chosen and not chosen[0].strip():
        chosen.pop(0)
    while chosen and not chosen[-1].strip():
        chosen.pop()
    return chosen


def renewed(page, lines):
    """The page as its files have it."""
    out, at = [], 0
    while at < len(lines):
        out.append(lines[at])
        mark = MARK.match(lines[at])
        at += 1
        if not mark:
            if lines[at - 1].startswith(".. from:"):
                raise ValueError(f"{page}:{at}: not a mark: {lines[at - 1]}")
            continue
        if at == len(lines) or not lines[at].startswith(".. code-block::"):
            raise ValueError(f"{page}:{at + 1}: '.. code-block:: LANGUAGE' comes after a mark")
        try:
            with open(mark["file"], encoding="utf-8") as file:
                text = part_of(file.read().splitlines(), mark["part"])
        except (OSError, ValueError) as error:
            raise ValueError(f"{page}:{at}: {mark['file']}: {error}") from error
        out += [lines[at], ""] + [("    " + line.rstrip().expandtabs(8)) if line.strip() else "" for line in text] + [""]
        try:
            at = lines.index(".. end", at)
        except ValueError:
            raise ValueError(f"{page}:{at}: this mark has no '.. end'") from None
    return out


def main():
    refresh = sys.argv[1:2] == ["--refresh"]
    for page in sys.argv[1 + refresh:]:
        try:
            with open(page, encoding="utf-8") as file:
                before = file.read().splitlines()
            after = renewed(page, before)
        except ValueError as error:
            print(error)
            continue
        if after == before:
            continue
        if refresh:
            with open(page, "w", encoding="utf-8") as file:
                file.write("\n".join(after) + "\n")
            print(f"{page} is new")
        else:
            sys.stdout.writelines(line + "\n" for line in difflib.unified_diff(before, after, page, "make outputs", lineterm="", n=1))


main()

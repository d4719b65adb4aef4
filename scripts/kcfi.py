#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares the types of functions, as kCFI has them, on both ends of the calls between C and C++.

usage: kcfi.py MODULE

A function's type is a hash in the word before it; a call through a pointer loads that word and compares it
with the hash it expects. Every C++ function whose address MODULE holds is called by MODULE: its hash has to
be one that some call expects. (Virtual functions are not: kCFI leaves those calls alone.) Prints a line for
each that is not, and exits with 1 if there was one.
"""
import struct
import sys

from audit import SHF_ALLOC, SHT_RELA, STT_FUNC, Object

# movk wN, #low; movk wN, #high, lsl #16
MOVK_LOW, MOVK_HIGH, MOVK_MASK = 0x72800000, 0x72a00000, 0xffe00000
SHF_EXECINSTR = 0x4
# Relocations of branches and calls (R_AARCH64_TSTBR14 to CALL26): they hand out nothing.
BRANCHES = range(279, 284)
# Sections that list functions for others than callers.
LISTS = (".eh_frame", ".init.eh_frame", "__patchable_function_entries", "__mcount_loc")


def words(obj, section):
	return [word for word, in obj.rows(section, "<I")]


def expected_hashes(obj):
	"""What calls through pointers compare with."""
	for section in obj.sections:
		if not section.flags & SHF_EXECINSTR:
			continue
		code = words(obj, section)
		for low, high in zip(code, code[1:]):
			if (low & MOVK_MASK == MOVK_LOW and high & MOVK_MASK == MOVK_HIGH
			    and low & 31 == high & 31):
				yield (low >> 5 & 0xffff) | (high >> 5 & 0xffff) << 16


def handed_out(obj):
	"""C++ functions whose address is taken."""
	functions = {(symbol.section, symbol.value): symbol for symbol in obj.symbols
		     if symbol.type == STT_FUNC and symbol.name.startswith("_Z")}
	for table in obj.sections:
		if table.type != SHT_RELA:
			continue
		holder = obj.sections[table.info]
		if not holder.flags & SHF_ALLOC or holder.name in LISTS:
			continue
		for offset, info, addend in obj.rows(table, "<QQq"):
			symbol = obj.symbols[info >> 32]
			function = functions.get((symbol.section, symbol.value + addend))
			if (function and info & 0xffffffff not in BRANCHES
			    and not obj.place(table.info, offset).startswith("_ZTV")):
				yield function


def main():
	obj = Object(sys.argv[1])
	expected = set(expected_hashes(obj))
	functions = {function.name: function for function in handed_out(obj)}
	if not functions or not expected:
		sys.exit(f"{sys.argv[1]}: no C++ function is called through a pointer, or there is no kCFI in it")
	wrong = 0
	for name, function in sorted(functions.items()):
		section = obj.sections[function.section]
		word, = struct.unpack_from("<I", obj.data, section.offset + function.value - 4)
		if word not in expected:
			print(f"{name}: no call expects its type, {word:#010x}")
			wrong += 1
	print(f"{len(functions)} C++ functions are handed out, {wrong} of a type that nobody calls")
	sys.exit(wrong > 0)


if __name__ == "__main__":
	main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The freestanding audit: refuses an AArch64 object a kernel could not carry.

usage: audit.py [--objdump TOOL] [--frame-limit BYTES] [--unwind-tables] [--symvers FILE]... OBJECT...

Looks at sections, symbols and disassembly, prints one line for each breach,
`FILE: FUNCTION: reason`, and exits with 1 if there was one. A module (*.ko) has to find every
symbol it needs in the kernel: in --symvers, the kernel's list of exports. Any other object is
taken for C++, compiled on its own, whose stack frames have a limit. --unwind-tables is for a
kernel that reads them when it loads a module (CONFIG_UNWIND_TABLES).
"""
import argparse
import bisect
import os
import re
import struct
import subprocess
import sys

SHF_ALLOC = 0x2
SHT_SYMTAB, SHT_RELA = 2, 4
STT_OBJECT, STT_FUNC, STT_SECTION, STT_TLS = 1, 2, 3, 6

# What instrumentation, not the source, puts into .init_array; its kernels run those.
INSTRUMENTATION = re.compile(r"_sub_[ID]_\d+_\d+$|[at]san\.module_[cd]tor$|__llvm_gcov_")

# Undefined symbols that no kernel can resolve: pattern of the name, and what would be right.
FOREIGN = [(re.compile(pattern), reason) for pattern, reason in (
	(r"_Zn[wa]", "there is no heap; take memory from the caller"),
	(r"_Zd[la]", "there is no heap; make the destructor non-virtual, and protected in a base"),
	(r"__cxa_pure_virtual$", "a pure virtual function; give it a body, or use a template"),
	(r"__cxa_(atexit|guard_\w+)$|__dso_handle$", "a static with a destructor or a lock; make it "
		"constinit and trivially destructible"),
	(r"__cxa_|_Unwind_|__gxx_personality|_ZSt9terminate", "nothing can throw here; return an "
		"error value"),
	(r"__aarch64_(cas|swp|ld|have)", "an outline atomic of libgcc; compile with "
		"-mno-outline-atomics"),
	(r"__atomic_", "an atomic wider than 8 bytes, of libatomic; use 8 bytes or a lock"),
	(r"__(popcount|parity|clrsb|ffs|c[lt]z|bswap)[sdt]i2$", "a bit-counting helper of libgcc; "
		"count with shifts and masks"),
	(r"__(u?(div|mod|divmod)|mul|ashl|ashr|lshr|neg|u?cmp)[sdt]i\d$", "wide arithmetic of "
		"libgcc; stay within 64 bits"),
	(r"__(add|sub|mul|div|neg|eq|ne|[gl][te]|unord|fix\w*|float\w*|extend\w*|trunc\w*)[sdt]f\w+$",
		"floating point; use integers"),
	(r"(abort|exit|_exit|atexit|__assert_fail)$", "there is no process to end; return an error "
		"value"),
	(r"(v?f?printf|puts|putchar|fwrite|stdout|stderr|malloc|calloc|realloc|free)$",
		"the C library is not here; go through module/kernel/kernel.h"),
	(r"_ZNK?St|_ZSt|_ZT[IV]St|_ZTVN10__cxxabiv", "the C++ library is not here, only its "
		"headers; use what is wholly inline"),
)]

# Addresses can look like registers, "b d0 <f+0xd0>": they are taken out before looking for those.
TARGET = re.compile(r"\b(0x)?[0-9a-f]+ <[^>]*>")
FP_REGISTER = re.compile(
	r"(?<![\w#.])(?:[vqdshbz](?:[12]?\d|3[01])|p(?:\d|1[0-5]))(?=[,./\]}\s\[]|$)")
HEADER = re.compile(r"^[0-9a-f]+ <(.+)>:$", re.MULTILINE)
# What could be a register, in all of a function: more than really is.
PERHAPS_FP = re.compile(r"[^\w#.][vqdshbzp]\d")
# llvm-objdump shows the bytes of data, whatever it is asked for: they can look like registers, too.
INSTRUCTION = re.compile(r"\s*([0-9a-f]+):\s+(?:(?:[0-9a-f]{2} )+\s*)?(\S+)\s*(.*)")
DATA = re.compile(r"\.(?!inst$)")
BRANCH = re.compile(r"(?:b\.?\w*|bl|cbn?z|tbn?z)$")
BRANCH_TO = re.compile(r"(?:^|[ ,])(?:0x)?([0-9a-f]+) <")
NO_RETURN = {"b", "br", "braa", "brab", "ret", "retaa", "retab", "brk", "eret", "udf"}
PUSH = re.compile(r"\[sp, #-(\w+)\]!$")
POP = re.compile(r"\[sp\], #(\w+)$")
ADJUST = re.compile(r"sp, sp, (?:#(\w+)(?:, lsl #(\w+))?|([xw]\d+))$")
CONSTANT = re.compile(r"[xw](\d+), #(\w+)$")
STACK = re.compile(r"\bsp\b")
# In all of a function: what moves its stack pointer, by how much where that is plain.
DEEPER = re.compile(r"sp, (?:#-(\w+)\]!|(?<=\tsp, )(?:sp, #(\w+)$)?)", re.MULTILINE)


class Section:
	def __init__(self, name, header):
		(_, self.type, self.flags, _, self.offset, self.size,
		 self.link, self.info, _, self.entry_size) = header
		self.name = name


class Symbol:
	def __init__(self, name, info, section, value):
		self.name, self.type, self.section, self.value = name, info & 0xf, section, value


class Object:
	"""A relocatable ELF file: its sections, its symbols, and who refers to what."""

	def __init__(self, path):
		with open(path, "rb") as file:
			self.data = file.read()
		if self.data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", self.data, 18)[0] != 183:
			raise ValueError("not an AArch64 ELF object")
		start, = struct.unpack_from("<Q", self.data, 40)
		size, count, names = struct.unpack_from("<HHH", self.data, 58)
		headers = [struct.unpack_from("<IIQQQQIIQQ", self.data, start + i * size)
			   for i in range(count)]
		strings = headers[names][4]
		self.sections = [Section(self.string(strings + h[0]), h) for h in headers]
		self.symbols = []
		for section in self.sections:
			if section.type == SHT_SYMTAB:
				self.symbols = list(self.read_symbols(section))
		self.places = self.index_places()

	def string(self, offset):
		return self.data[offset:self.data.index(b"\0", offset)].decode()

	def rows(self, section, layout):
		return struct.iter_unpack(layout, self.data[section.offset:section.offset + section.size])

	def read_symbols(self, table):
		strings = self.sections[table.link].offset
		for name, info, _, section, value, _ in self.rows(table, "<IBBHQQ"):
			yield Symbol(self.string(strings + name), info, section, value)

	def index_places(self):
		"""For each section, the functions and objects in it by where they start."""
		places = {}
		for symbol in self.symbols:
			if symbol.type in (STT_OBJECT, STT_FUNC) and symbol.section:
				places.setdefault(symbol.section, []).append((symbol.value, symbol.name))
		return {section: sorted(names) for section, names in places.items()}

	def place(self, section, offset):
		"""The function or object at a place."""
		names = self.places.get(section, [])
		at = bisect.bisect_right(names, (offset, "\x7f")) - 1
		return names[at][1] if at >= 0 else self.sections[section].name

	def references(self):
		"""Every relocation of loaded code and data: section, offset, symbol, addend."""
		for table in self.sections:
			if table.type == SHT_RELA and self.sections[table.info].flags & SHF_ALLOC:
				for offset, info, addend in self.rows(table, "<QQq"):
					yield table.info, offset, self.symbols[info >> 32], addend

	def section_name(self, symbol):
		"""The section a symbol lives in; "" for undefined, absolute and common ones."""
		return self.sections[symbol.section].name if symbol.section < len(self.sections) else ""

	def target(self, symbol, addend):
		"""The name a reference means, also where it is by section and offset."""
		if symbol.type == STT_SECTION:
			return self.place(symbol.section, addend)
		return symbol.name


def sections_audit(obj, unwind_tables):
	"""Sections that promise what no kernel does."""
	for section in obj.sections:
		if not section.size:
			continue
		if section.name == ".eh_frame" and not unwind_tables:
			yield next(unwound(obj), section.name), (
				"unwind tables; compile with -fno-unwind-tables and "
				"-fno-asynchronous-unwind-tables")
		if section.name.startswith(".gcc_except_table"):
			yield next(unwound(obj, section.name), section.name), (
				"handles exceptions, and nothing can throw here; return an error value")
	for symbol in obj.symbols:
		if symbol.type == STT_TLS and symbol.name[0] not in "$.":
			yield symbol.name, "thread_local: the kernel has no TLS pointer; pass an argument"
		if symbol.name.startswith("_ZGV") and symbol.section:
			yield "_Z" + symbol.name[4:], ("a static constructed at run time, behind a guard "
						       "without a lock; make it constinit")


def unwound(obj, table=None):
	"""Functions that .eh_frame describes; with a table, those that have it for their handlers."""
	function = None
	for section, _, symbol, addend in obj.references():
		if obj.sections[section].name != ".eh_frame":
			continue
		name = obj.target(symbol, addend)
		if table is None and obj.section_name(symbol).startswith(".text"):
			yield name
		elif table is not None and obj.section_name(symbol) == table:
			yield function
		function = name


def constructors_audit(obj):
	"""Code to be run when the object is loaded: only kernels with CONFIG_CONSTRUCTORS do."""
	references = list(obj.references())
	for section, _, symbol, addend in references:
		name = obj.sections[section].name
		if not re.match(r"\.(init_array|ctors|fini_array|dtors)\b", name):
			continue
		function = obj.target(symbol, addend)
		if INSTRUMENTATION.match(function):
			continue
		built = [obj.target(s, a) for where, offset, s, a in references
			 if obj.sections[where].name.startswith(".text")
			 and obj.place(where, offset) == function
			 and obj.section_name(s).startswith((".bss", ".data", ".rodata"))]
		what = "constructor" if name[1] in "ic" else "destructor"
		yield (built or [function])[0], (f"a global {what} (in {name}), which a plain kernel never "
			"runs; make the object constinit and trivially destructible")


def symbols_audit(obj, exports, is_module):
	"""Symbols this object expects from elsewhere, and who needs them."""
	seen = set()
	for section, offset, symbol, _ in obj.references():
		if symbol.section or not symbol.name or obj.sections[section].name == ".eh_frame":
			continue
		user = obj.place(section, offset)
		if (user, symbol.name) in seen or symbol.name in exports:
			continue
		seen.add((user, symbol.name))
		reason = next((why for pattern, why in FOREIGN if pattern.match(symbol.name)), None)
		if reason is None and is_module and exports:
			reason = "not exported by the kernel; define it or go through module/kernel/kernel.h"
		elif reason is None and is_module and symbol.name.startswith("_Z"):
			reason = "no object of the module defines it"
		if reason:
			yield user, f"needs {symbol.name}: {reason}"


class Frame:
	"""How deep a function moves its stack pointer, followed along its instructions.

	Code after an unconditional jump has the depth of the forward branch that leads there, or,
	reached in another way (a jump table), the deepest so far.
	"""
	def __init__(self):
		self.depth = self.deepest = 0
		self.dynamic = self.jumped = False
		self.arrivals = {}
		self.constants = {}

	def step(self, address, name, operands):
		if self.jumped:
			self.depth = self.arrivals.get(address, self.deepest)
		self.jumped = name in NO_RETURN
		if BRANCH.match(name) and (found := BRANCH_TO.search(operands)):
			self.arrivals[int(found[1], 16)] = self.depth
		elif STACK.search(operands):
			self.move(name, operands)
		elif name == "mov" and (found := CONSTANT.match(operands)):
			self.constants[found[1]] = int(found[2], 0)
		else:
			self.constants.pop(operands.split(",")[0][1:], None)

	def move(self, name, operands):
		if found := PUSH.search(operands):
			self.depth += int(found[1], 0)
		elif found := POP.search(operands):
			self.depth -= int(found[1], 0)
		elif name in ("sub", "add") and (found := ADJUST.match(operands)):
			if found[1]:
				size = int(found[1], 0) << int(found[2] or "0", 0)
			else:
				size = self.constants.get(found[3][1:])
			if size is None:
				self.dynamic = True
			else:
				self.depth += size if name == "sub" else -size
		elif operands.startswith("sp,") and name in ("mov", "sub", "and") and "x29" not in operands:
			self.dynamic = True
		self.depth = max(self.depth, 0)
		self.deepest = max(self.deepest, self.depth)


def harmless(body, frame_limit):
	"""At a glance, as nearly every function is: nothing like an FP register, and all that moves its stack pointer is
	within the limit together."""
	if PERHAPS_FP.search(body):
		return False
	steps = DEEPER.findall(body) if frame_limit else []
	return all(map(any, steps)) and sum(int(a or b, 0) for a, b in steps) <= frame_limit


def code_audit(path, objdump, frame_limit):
	"""Instructions: no FP/SIMD/SVE register, and no large stack frame."""
	listing = subprocess.run([objdump, "-d", "--no-show-raw-insn", path], check=True,
				 stdout=subprocess.PIPE, text=True).stdout
	names = HEADER.split(listing)
	for function, body in zip(names[1::2], names[2::2]):
		if harmless(body, frame_limit):
			continue
		frame, vector = Frame(), None
		for found in map(INSTRUCTION.match, body.splitlines()):
			if not found or DATA.match(found[2]):
				continue
			address, name, operands = found.groups()
			operands = operands.partition("//")[0].rstrip()
			frame.step(int(address, 16), name, operands)
			if not vector and FP_REGISTER.search(bare := TARGET.sub("", operands)):
				vector = f"{name} {bare}"
		if vector:
			yield function, (f"touches an FP/SIMD register ({vector}), which belongs to user "
					 "space; compile with -mgeneral-regs-only, and use integers")
		if frame_limit and frame.dynamic:
			yield function, "a stack frame of no fixed size; use arrays of constant size"
		elif frame_limit and frame.deepest > frame_limit:
			yield function, (f"a stack frame of {frame.deepest} bytes, the limit is {frame_limit}; "
					 "let the caller pass the memory in")


def demangle(lines, objdump):
	"""Through the demangler that came with the disassembler; names stay as they are without it."""
	head, tail = os.path.split(objdump)
	tool = tail.replace("objdump", "cxxfilt" if tail.startswith("llvm") else "c++filt")
	try:
		return subprocess.run([os.path.join(head, tool)], input="\n".join(lines), check=True,
				      stdout=subprocess.PIPE, text=True).stdout.splitlines()
	except (OSError, subprocess.CalledProcessError):
		return lines


def audit(path, options, exports):
	obj = Object(path)
	is_module = path.endswith(".ko")
	yield from sections_audit(obj, options.unwind_tables)
	yield from constructors_audit(obj)
	yield from symbols_audit(obj, exports, is_module)
	yield from code_audit(path, options.objdump, 0 if is_module else options.frame_limit)


def main():
	parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	parser.add_argument("--objdump", default="aarch64-linux-gnu-objdump", metavar="TOOL")
	parser.add_argument("--frame-limit", type=int, default=512, metavar="BYTES")
	parser.add_argument("--unwind-tables", action="store_true")
	parser.add_argument("--symvers", action="append", default=[], metavar="FILE")
	parser.add_argument("objects", nargs="+", metavar="OBJECT")
	options = parser.parse_args()

	exports = set()
	for symvers in options.symvers:
		with open(symvers, encoding="ascii") as file:
			exports.update(line.split("\t")[1] for line in file)
	breaches = []
	for path in options.objects:
		try:
			breaches += [f"{path}: {function}: {reason}"
				     for function, reason in audit(path, options, exports)]
		except (ValueError, OSError) as error:
			sys.exit(f"{path}: cannot be audited: {error}")
	if breaches:
		print("\n".join(demangle(breaches, options.objdump)), file=sys.stderr)
		sys.exit(1)


if __name__ == "__main__":
	main()

// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a pure virtual function that can be called
// flags: -mgeneral-regs-only
// expect: vtable for Sink: needs __cxa_pure_virtual: a pure virtual function
struct Sink {
	Sink();
	virtual void flush() = 0;
};

Sink::Sink() = default;

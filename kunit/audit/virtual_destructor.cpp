// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a virtual destructor
// flags: -mgeneral-regs-only
// expect: Sink::~Sink(): needs operator delete(void\*, unsigned long): there is no heap; make the destructor non-virtual
struct Sink {
	virtual ~Sink();
};

Sink::~Sink() = default;

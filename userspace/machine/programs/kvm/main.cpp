// SPDX-License-Identifier: GPL-2.0-only
//
// kvm FILE.elf [ram=SIZE] [vcpus=N] [pages=on-demand|small|at-once] [x1=N ... x6=N]
//
// Runs one of the toy guests by KVM: the neighbour of stage2's own, and what their costs are compared
// with. Prints what the guest prints. Its exit status is the guest's (as far as 8 bits go); it is 1,
// too, when something is wrong, which stderr tells, and 3 when there is no KVM.
#include "machine.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace
{

struct Options {
	uint64_t ram = uint64_t{64} << 20;
	uint64_t vcpus = 1;
	kvm::Pages pages = kvm::Pages::on_demand;
	std::vector<uint64_t> arguments = std::vector<uint64_t>(6);
};

uint64_t number(const std::string &text)
{
	size_t used = 0;
	uint64_t value = 0;

	try {
		value = std::stoull(text, &used, 0);
	} catch (const std::exception &) {
		used = 0;
	}
	if (used && used < text.size()) {
		switch (text[used++]) {
		case 'K':
			value <<= 10;
			break;
		case 'M':
			value <<= 20;
			break;
		case 'G':
			value <<= 30;
			break;
		default:
			used = 0;
		}
	}
	if (!used || used != text.size())
		throw std::runtime_error("not a number: '" + text + "'");
	return value;
}

kvm::Pages pages(const std::string &text)
{
	if (text == "on-demand")
		return kvm::Pages::on_demand;
	if (text == "small")
		return kvm::Pages::small_on_demand;
	if (text == "at-once")
		return kvm::Pages::at_once;
	throw std::runtime_error("unknown pages: '" + text + "' (known: on-demand small at-once)");
}

Options options(int argc, char **argv)
{
	Options o;

	for (int i = 2; i < argc; i++) {
		const std::string word = argv[i];
		const size_t equals = word.find('=');
		const std::string key = word.substr(0, equals);
		const std::string value = equals == word.npos ? "" : word.substr(equals + 1);

		if (key == "ram")
			o.ram = number(value);
		else if (key == "vcpus")
			o.vcpus = number(value);
		else if (key == "pages")
			o.pages = pages(value);
		else if (key.size() == 2 && key[0] == 'x' && key[1] >= '1' && key[1] <= '6')
			o.arguments[static_cast<size_t>(key[1] - '1')] = number(value);
		else
			throw std::runtime_error("unknown word '" + word +
						 "' (known: ram vcpus pages x1..x6)");
	}
	return o;
}

} // namespace

int main(int argc, char **argv)
{
	if (argc < 2) {
		std::fprintf(stderr, "usage: kvm FILE.elf [WORD...]\n");
		return 2;
	}
	if (access("/dev/kvm", R_OK | W_OK)) {
		std::fprintf(stderr, "kvm: no /dev/kvm here\n");
		return 3;
	}
	try {
		const Options o = options(argc, argv);
		const elf::Image image{argv[1]};
		kvm::Machine machine{o.ram, o.pages};

		machine.load(image);
		for (uint64_t i = 0; i < o.vcpus; i++)
			machine.add_vcpu(image.entry(), o.arguments);
		return machine.run();
	} catch (const std::exception &e) {
		std::fprintf(stderr, "kvm: %s\n", e.what());
		return 1;
	}
}

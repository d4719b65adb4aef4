// SPDX-License-Identifier: GPL-2.0-only
//
// vmsa-image: page tables as a file, from a description and back.
//
//   vmsa-image make board.map -o board.tables      and board.tables.setup, which is for print
//   vmsa-image print board.tables
//   vmsa-image print board.tables stage=1 regime=el1and0 granule=4K bits=39 base=0x40000000
#include "make.hpp"
#include "print.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

using namespace vmsa_image;

namespace
{

std::string read(const std::string &name)
{
	std::ifstream in{name, std::ios::binary};
	std::string all{std::istreambuf_iterator<char>{in}, {}};

	if (!in)
		throw std::runtime_error{name + ": cannot be read"};
	return all;
}

void write(const std::string &name, const void *bytes, size_t size)
{
	std::ofstream out{name, std::ios::binary};

	out.write(static_cast<const char *>(bytes), static_cast<std::streamsize>(size));
	out.close();
	if (!out)
		throw std::runtime_error{name + ": cannot be written"};
}

// An image has no room for a header: its first byte is the root. It lies beside.
std::string setup_of(const std::string &image)
{
	return image + ".setup";
}

void make_file(const std::string &from, const std::string &to)
{
	const Made made = make(from, read(from));
	const std::string line = made.setup + "\n";

	write(to, made.descriptors.data(), made.descriptors.size() * sizeof(vmsa::Descriptor));
	write(setup_of(to), line.data(), line.size());
	std::cout << made.summary << '\n';
}

void print_file(const std::string &name, const std::vector<std::string> &words, Style style)
{
	const std::string bytes = read(name);
	std::vector<vmsa::Descriptor> image(bytes.size() / sizeof(vmsa::Descriptor));
	Line line{words.empty() ? setup_of(name) : "words", {}};

	if (bytes.size() != image.size() * sizeof(vmsa::Descriptor))
		throw std::runtime_error{name + ": the size is not a multiple of 8 bytes"};
	std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char *>(image.data()));
	if (words.empty()) {
		line.text = read(setup_of(name));
		line.text.erase(line.text.find_last_not_of(" \t\r\n") + 1);
	}
	for (const std::string &word : words)
		line.text += (line.text.empty() ? "" : " ") + word;
	std::cout << print(std::move(image), line, style);
}

// Documentation/vmsa-image.rst has it, too.
constexpr const char *grammar = R"(
A description has a line for the setup and a line for each mapping, of words key=value in any
order. What follows a # is a comment. A number is 4096, 0x1000 or 4K (K, M, G, T).

The setup:
  stage=1 regime=el1and0|el2and0|el2|el3 [range=lower|upper]
  stage=2 [fwb=off|on]
  granule=4K|16K|64K   bits=N (of input)   [output_bits=48]   base=ADDRESS (of the root)

A mapping:
  va=ADDRESS (stage=2: ipa=)   size=N   pa=ADDRESS
  prot=r|rw|rx|rwx|user-r|user-rw|user-rx   (stage=2: none|r|w|rw|rx|rwx)
  [attr=normal|device|nc|wt|device-nGnRnE|device-nGRE|device-GRE|tagged]   (tagged: stage=1)
  [max=SIZE]              no larger page or block
  [contiguous=off|on]     the contiguous hint, for groups that are whole
  of stage=1:
  [el0=none|data|code|all]  what EL0 may do, beside what prot= says of the privileged level
  [ng=off|on] [ns=off|on] [gp=off|on]  not global, Non-secure output, guarded (BTI))";

} // namespace

int main(int argc, char **argv)
{
	CLI::App app{"AArch64 page tables as a file, from a description and back"};
	std::string from, to;
	std::vector<std::string> words;
	bool json = false;

	app.require_subcommand(1);
	app.footer(grammar);

	CLI::App *make_it = app.add_subcommand("make", "make an image from a description");
	make_it->add_option("description", from, "a line for the setup, a line for each mapping")
		->required();
	make_it->add_option("-o,--output", to, "where the image goes; beside it, its setup")
		->required();
	make_it->footer(grammar);

	CLI::App *print_it = app.add_subcommand("print", "print what an image maps");
	print_it->add_option("image", from, "what make has made")->required();
	print_it->add_option("setup", words,
			     "the first line of its description; by default what make left in "
			     "IMAGE.setup");
	print_it->add_flag("--json", json, "as JSON");

	CLI11_PARSE(app, argc, argv);
	try {
		if (*make_it)
			make_file(from, to);
		else
			print_file(from, words, json ? Style::json : Style::text);
	} catch (const std::exception &e) {
		std::cerr << e.what() << '\n';
		return 1;
	}
}

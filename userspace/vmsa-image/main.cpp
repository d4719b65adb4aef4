// SPDX-License-Identifier: GPL-2.0-only
//
// vmsa-image: page tables as a file, from a description and back.
//
//   vmsa-image make board.map -o board.tables
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

void make_file(const std::string &from, const std::string &to)
{
	const Made made = make(from, read(from));
	std::ofstream out{to, std::ios::binary};

	out.write(reinterpret_cast<const char *>(made.descriptors.data()),
		  static_cast<std::streamsize>(made.descriptors.size() * sizeof(vmsa::Descriptor)));
	out.close();
	if (!out)
		throw std::runtime_error{to + ": cannot be written"};
	std::cout << made.summary << '\n';
}

void print_file(const std::string &name, const std::vector<std::string> &words, Style style)
{
	const std::string bytes = read(name);
	std::vector<vmsa::Descriptor> image(bytes.size() / sizeof(vmsa::Descriptor));
	Line line{"words", {}};

	if (bytes.size() != image.size() * sizeof(vmsa::Descriptor))
		throw std::runtime_error{name + ": not of whole descriptors"};
	std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char *>(image.data()));
	for (const std::string &word : words)
		line.text += (line.text.empty() ? "" : " ") + word;
	std::cout << print(std::move(image), line, style);
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app{"AArch64 page tables as a file, from a description and back"};
	std::string from, to;
	std::vector<std::string> words;
	bool json = false;

	app.require_subcommand(1);

	CLI::App *make_it = app.add_subcommand("make", "make an image from a description");
	make_it->add_option("description", from, "a line for the setup, a line for each mapping")
		->required();
	make_it->add_option("-o,--output", to, "where the image goes")->required();

	CLI::App *print_it = app.add_subcommand("print", "print what an image maps");
	print_it->add_option("image", from, "what make has made")->required();
	print_it->add_option("setup", words, "the first line of its description")->required();
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

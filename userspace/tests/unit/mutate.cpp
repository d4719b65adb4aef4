// SPDX-License-Identifier: GPL-2.0-only
//
//   mutate COUNT FILE...   files like these, damaged COUNT times in COUNT ways
//
// A fuzzer without feedback, for every check: the same COUNT and files always give the same damage. It
// knows what a dump is made of: it puts one value where another stood, takes records away and doubles
// them, and lets tables name each other. A file that takes more than a minute is a hang.
#include "judge_dump.hpp"
#include "make_dump.hpp"

#include "tests/random.hpp"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace
{

// Half of the time near the start, where headers are.
size_t place(Random &random, const std::string &bytes)
{
	return random.below(random.below(2) ? bytes.size() : std::min<size_t>(bytes.size(), 400));
}

uint64_t interesting(Random &random, const std::string &bytes)
{
	uint64_t value = 0;

	switch (random.below(5)) {
	case 0: // something that stands elsewhere
		std::memcpy(&value, bytes.data() + random.below(bytes.size() / 8) * 8,
			    std::min<size_t>(8, bytes.size()));
		return value;
	case 1:
		return uint64_t{1} << random.below(64);
	case 2:
		return ~uint64_t{0} >> random.below(64);
	case 3:
		return random.below(70);
	default:
		return random.next();
	}
}

void damage(Random &random, std::string &bytes)
{
	const size_t at = place(random, bytes);
	const size_t width = size_t{1} << random.below(4);
	// Of a record and its table, in the granule that is the usual one.
	const size_t record = sizeof(stage2_tables_table) + 4096;

	switch (random.below(8)) {
	case 0:
		bytes[at] ^= static_cast<char>(1 << random.below(8));
		break;
	case 1:
	case 2:
	case 3: {
		const uint64_t value = interesting(random, bytes);
		const size_t aligned = at / width * width;

		if (aligned + width <= bytes.size())
			std::memcpy(bytes.data() + aligned, &value, width);
		break;
	}
	case 4:
		bytes.resize(at);
		break;
	case 5: // an early record goes, or comes twice
		bytes.insert(at, bytes.substr(at, record));
		break;
	case 6:
		bytes.erase(at, record);
		break;
	case 7: // from the end, in whole records
		if (bytes.size() > record)
			bytes.insert(bytes.size() - record * random.below(bytes.size() / record),
				     bytes.substr(bytes.size() - record));
		break;
	}
}

} // namespace

int main(int argc, char **argv)
{
	const long count = argc > 2 ? std::atol(argv[1]) : 0;
	Random random;

	if (count <= 0) {
		std::fputs("usage: mutate COUNT FILE...\n", stderr);
		return 2;
	}
	for (long i = 0; i < count; i++) {
		std::string bytes =
			unit::read_file(argv[2 + random.below(static_cast<size_t>(argc) - 2)]);

		if (random.below(50) == 0)
			for (char &c : bytes)
				c = static_cast<char>(random.next());
		for (size_t times = 1 + random.below(4); times && !bytes.empty(); times--)
			damage(random, bytes);
		alarm(60);
		unit::judge_dump(bytes);
	}
	return 0;
}

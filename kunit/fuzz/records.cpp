// SPDX-License-Identifier: GPL-2.0-only
//
// records: what comes out of the trace's ring is an event with a line and an object, or no record.
#include "input.hpp"

#include "trace/event.hpp"

#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	// As aligned as it is in a ring, and no longer than it is.
	const std::vector<uint64_t> ring((size + 7) / 8);
	const auto *bytes = reinterpret_cast<const std::byte *>(ring.data());
	trace::Event event;

	if (size)
		std::memcpy(const_cast<std::byte *>(bytes), data, size);
	if (!trace::parse({bytes, size}, event))
		return 0;

	std::string line, object;
	json::Writer json{object};

	trace::append_line(line, event, 0);
	trace::write_object(json, event);
	fuzz::require(line.ends_with('\n') && object.starts_with('{') && object.ends_with("}\n"),
		      "an event has a line and an object");
	return 0;
}

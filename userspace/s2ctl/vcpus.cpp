// SPDX-License-Identifier: GPL-2.0-only
#include "vcpus.hpp"

#include "debugfs.hpp"
#include "exit.hpp"

#include <algorithm>

namespace s2ctl
{

std::vector<std::string> sections(const std::string &text, const std::string &vcpu)
{
	std::vector<std::string> found;

	for (size_t at = 0; at < text.size();) {
		const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
		const std::string line = text.substr(at, end - at);

		if (line.starts_with("vcpu ") || found.empty())
			found.emplace_back();
		found.back() += line;
		at = end;
	}
	if (!vcpu.empty())
		std::erase_if(found, [&](const std::string &section) {
			return value_of(parse_key_values(section), "vcpu") != vcpu;
		});
	if (found.empty() && !vcpu.empty())
		throw Failure{Exit::refused, "no run or registers of vcpu " + vcpu};
	if (!found.empty() && found.back().back() != '\n')
		found.back() += '\n';
	return found;
}

} // namespace s2ctl

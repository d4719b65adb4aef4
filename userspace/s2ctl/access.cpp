// SPDX-License-Identifier: GPL-2.0-only
#include "access.hpp"

#include "exit.hpp"

namespace s2ctl
{

using translate::Access;

std::optional<Access> access_of(const Arguments &arguments)
{
	const bool read = arguments.has("--read"), write = arguments.has("--write"),
		   exec = arguments.has("--exec"), el0 = arguments.has("--el0");

	if (read + write + exec > 1)
		throw Failure{Exit::usage, "--read, --write and --exec: one of them"};
	if (!read && !write && !exec && !el0)
		return std::nullopt;
	return Access{write  ? Access::Kind::write
		      : exec ? Access::Kind::execute
			     : Access::Kind::read,
		      el0};
}

void append_verdict(Output &out, const Access &access, const std::optional<translate::Fault> &fault,
		    const std::string &update)
{
	std::string &text = out.text;

	((text += fault ? out.red() : out.bold()) += translate::name_of(access));
	text += fault ? " is refused: " + translate::describe(*fault) : " passes";
	text += out.plain();
	text += fault || update.empty() ? "\n" : "; " + update + '\n';
}

void write_verdict(json::Writer &json, const Access &access,
		   const std::optional<translate::Fault> &fault)
{
	constexpr const char *kinds[] = {"read", "write", "exec"};

	json.begin_object("access");
	json.member("kind", kinds[static_cast<unsigned>(access.kind)]);
	json.member("el", access.el0 ? 0 : 1);
	json.member("passes", !fault);
	if (fault) {
		json.member("fault", translate::name_of(fault->type));
		json.member("stage", fault->stage);
		json.member("level", fault->level);
		json.member("on_walk", fault->on_walk);
		if (*fault->field) {
			json.member("field", fault->field);
			json.begin_array("bits");
			json.value(fault->high);
			json.value(fault->low);
			json.end();
		}
	}
	json.end();
}

} // namespace s2ctl

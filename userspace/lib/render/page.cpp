// SPDX-License-Identifier: GPL-2.0-only
//
// The page: page.html with the styles, the scripts and the data put where it has {{NAME}}.
#include "axis.hpp"
#include "diff.hpp"
#include "model.hpp"
#include "stream.hpp"

#include "text/text.hpp"

#include <algorithm>
#include <span>

// The files, from embed.S.
#define EMBEDDED(name) extern "C" const char render_##name[], render_##name##_end[]

EMBEDDED(page_html);
EMBEDDED(page_css);
EMBEDDED(model_js);
EMBEDDED(lane_js);
EMBEDDED(strip_js);
EMBEDDED(tree_js);
EMBEDDED(page_js);

namespace render
{

std::string escaped(std::string_view text)
{
	std::string out;

	for (const char c : text) {
		const auto byte = static_cast<unsigned char>(c);

		if (c == '<')
			out += "&lt;";
		else if (c == '>')
			out += "&gt;";
		else if (c == '&')
			out += "&amp;";
		else if (c == '"')
			out += "&quot;";
		else if (c == '\'')
			out += "&#39;";
		else // XML knows no control characters, and who knows what encoding a file's name has
			out += byte < 0x20 || byte > 0x7e ? '?' : c;
	}
	return out;
}

namespace
{

// JSON in an element of HTML: nothing in it ends the element. The line breaks go: all are between values.
std::string in_html(std::string_view json)
{
	std::string out;

	for (size_t i = 0; i < json.size(); i++) {
		const char c = json[i];

		if (c == '<')
			out += "\\u003c";
		else if (c == '\n')
			i = std::min(json.find_first_not_of(' ', i + 1), json.size()) - 1;
		else
			out += c;
	}
	return out;
}

void write_axis(json::Writer &json, const Axis &axis)
{
	const auto millionths = [](double place) {
		return static_cast<unsigned>(place * 1e6 + 0.5);
	};

	json.begin_array("islands");
	for (const Island &island : axis.islands()) {
		json.begin_object();
		json.member("first", text::hex(island.first));
		json.member("last", text::hex(island.last));
		json.member("from", millionths(island.from));
		json.member("to", millionths(island.to));
		json.end();
	}
	json.end();
}

// A stream (stream.hpp): of each change how many pages after the last one it is, how many it has, and its
// kind. What it is about is in the models.
void write_changes(const Sink &sink, const Subject &before, const Subject &after)
{
	const unsigned shift =
		std::min(before.dump.format().page_shift, after.dump.format().page_shift);
	std::string out;
	uint64_t at = 0;

	for_each_change(before.dump, after.dump, [&](const Change &change) {
		append_number(out, (change.first - at) >> shift);
		append_number(out, (change.last - change.first) >> shift);
		append_number(out, static_cast<unsigned>(change.kind));
		at = change.last + 1;
		if (out.size() >= 4096) {
			sink(out);
			out.clear();
		}
	});
	sink(out);
}

void write_data(const Sink &sink, std::span<const Subject *const> subjects, const Axis &axis)
{
	std::string rest;
	json::Writer json{rest};

	json.begin_object();
	json.begin_array("models");
	for (size_t i = 0; i < subjects.size(); i++) {
		Model model{subjects[i]->dump};

		sink("<script type=\"text/plain\" id=\"runs" + std::to_string(i) + "\">");
		model.write_runs(sink);
		sink("</script>\n");
		model.write_rest(json, subjects[i]->name);
	}
	json.end();
	write_axis(json, axis);
	json.end();
	if (subjects.size() > 1) {
		sink("<script type=\"text/plain\" id=\"changes\">");
		write_changes(sink, *subjects[0], *subjects[1]);
		sink("</script>\n");
	}
	sink("<script type=\"application/json\" id=\"data\">");
	sink(in_html(rest));
	sink("</script>\n");
}

void write_scripts(const Sink &sink)
{
	const std::string_view scripts[] = {{render_model_js, render_model_js_end},
					    {render_lane_js, render_lane_js_end},
					    {render_strip_js, render_strip_js_end},
					    {render_tree_js, render_tree_js_end},
					    {render_page_js, render_page_js_end}};

	for (const std::string_view script : scripts)
		sink(script);
}

void write_page(const Sink &sink, std::span<const Subject *const> subjects, const Axis &axis)
{
	std::string_view rest{render_page_html, render_page_html_end};
	std::string title = escaped(subjects[0]->name);

	if (subjects.size() > 1)
		title += " to " + escaped(subjects[1]->name);
	while (!rest.empty()) {
		const size_t open = rest.find("{{");
		const size_t close = rest.find("}}", open);

		sink(rest.substr(0, open));
		if (close == rest.npos)
			break;

		const std::string_view name = rest.substr(open + 2, close - open - 2);

		rest.remove_prefix(close + 2);
		if (name == "title")
			sink(title);
		else if (name == "style")
			sink({render_page_css, render_page_css_end});
		else if (name == "script")
			write_scripts(sink);
		else if (name == "data")
			write_data(sink, subjects, axis);
	}
}

} // namespace

void write_page(const Sink &sink, const Subject &subject)
{
	const Subject *subjects[] = {&subject};

	write_page(sink, subjects, Axis{&subject.dump});
}

void write_page(const Sink &sink, const Subject &before, const Subject &after)
{
	const Subject *subjects[] = {&before, &after};

	write_page(sink, subjects, Axis{&before.dump, &after.dump});
}

} // namespace render

// SPDX-License-Identifier: GPL-2.0-only
#include "print.hpp"

#include "rows/rows.hpp"
#include "setup.hpp"

#include "vmsa/image.hpp"

namespace vmsa_image
{

std::string print(std::vector<vmsa::Descriptor> descriptors, const Line &line, Style style)
{
	const Setup setup{line};

	return with_format(setup, [&]<class F>(const vmsa::Geometry &geometry) {
		vmsa::Image<F> image{descriptors};
		const auto opened = image.open(geometry, setup.base,
					       descriptors.size() * sizeof(vmsa::Descriptor));

		if (!opened)
			complain(setup, opened.error());

		std::string text;
		json::Writer json{text};
		rows::Lines lines{setup.bits, rows::Detail::full};

		if (style == Style::json)
			json.begin_array();
		rows::for_each_row(image.tree(), rows::Detail::full, [&](const rows::Row &row) {
			if (style == Style::json)
				rows::write_json(json, row, rows::Detail::full);
			else
				lines.append(text, row);
		});
		if (style == Style::json)
			json.end();
		return text;
	});
}

} // namespace vmsa_image

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

		const std::vector<rows::Row> found = rows::rows_of(image.tree());

		return style == Style::json ? rows::to_json(found)
					    : rows::to_text(found, setup.bits);
	});
}

} // namespace vmsa_image

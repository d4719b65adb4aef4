/* SPDX-License-Identifier: GPL-2.0-only */
/* The page's sources, as they are, in the program. */
	.macro	embed name, file
	.globl	\name, \name\()_end
\name:
	.incbin	"\file"
\name\()_end:
	.endm

	.section .rodata
	embed	render_page_html, "userspace/lib/render/page.html"
	embed	render_page_css, "userspace/lib/render/page.css"
	embed	render_model_js, "userspace/lib/render/model.js"
	embed	render_lane_js, "userspace/lib/render/lane.js"
	embed	render_strip_js, "userspace/lib/render/strip.js"
	embed	render_tree_js, "userspace/lib/render/tree.js"
	embed	render_page_js, "userspace/lib/render/page.js"

	.section .note.GNU-stack, "", %progbits

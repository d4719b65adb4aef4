/* SPDX-License-Identifier: GPL-2.0-only */
/* The page's sources, as they are, in the program. */
	.macro	embed name, file
	.globl	\name, \name\()_end
\name:
	.incbin	"\file"
\name\()_end:
	.endm

	.section .rodata
	embed	render_page_html, "userspace/render/page.html"
	embed	render_page_css, "userspace/render/page.css"
	embed	render_model_js, "userspace/render/model.js"
	embed	render_lane_js, "userspace/render/lane.js"
	embed	render_strip_js, "userspace/render/strip.js"
	embed	render_tree_js, "userspace/render/tree.js"
	embed	render_page_js, "userspace/render/page.js"

	.section .note.GNU-stack, "", %progbits

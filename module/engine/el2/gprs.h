/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's general registers, to and from its context. For assembly.
 */
#ifndef STAGE2_EL2_GPRS_H
#define STAGE2_EL2_GPRS_H

#include "context.h"

/* All of them; x0 is the context before. */
.macro load_guest_gprs
	ldp	x2, x3, [x0, #STAGE2_CTX_X + 16]
	ldp	x4, x5, [x0, #STAGE2_CTX_X + 32]
	ldp	x6, x7, [x0, #STAGE2_CTX_X + 48]
	ldp	x8, x9, [x0, #STAGE2_CTX_X + 64]
	ldp	x10, x11, [x0, #STAGE2_CTX_X + 80]
	ldp	x12, x13, [x0, #STAGE2_CTX_X + 96]
	ldp	x14, x15, [x0, #STAGE2_CTX_X + 112]
	ldp	x16, x17, [x0, #STAGE2_CTX_X + 128]
	ldp	x18, x19, [x0, #STAGE2_CTX_X + 144]
	ldp	x20, x21, [x0, #STAGE2_CTX_X + 160]
	ldp	x22, x23, [x0, #STAGE2_CTX_X + 176]
	ldp	x24, x25, [x0, #STAGE2_CTX_X + 192]
	ldp	x26, x27, [x0, #STAGE2_CTX_X + 208]
	ldp	x28, x29, [x0, #STAGE2_CTX_X + 224]
	ldr	x30, [x0, #STAGE2_CTX_X + 240]
	ldp	x0, x1, [x0, #STAGE2_CTX_X]
.endm

/* x1 is the context; the guest's x0 and x1 are at SP + \scratch. Loses x2 and x3. */
.macro save_guest_gprs, scratch
	stp	x2, x3, [x1, #STAGE2_CTX_X + 16]
	stp	x4, x5, [x1, #STAGE2_CTX_X + 32]
	stp	x6, x7, [x1, #STAGE2_CTX_X + 48]
	stp	x8, x9, [x1, #STAGE2_CTX_X + 64]
	stp	x10, x11, [x1, #STAGE2_CTX_X + 80]
	stp	x12, x13, [x1, #STAGE2_CTX_X + 96]
	stp	x14, x15, [x1, #STAGE2_CTX_X + 112]
	stp	x16, x17, [x1, #STAGE2_CTX_X + 128]
	stp	x18, x19, [x1, #STAGE2_CTX_X + 144]
	stp	x20, x21, [x1, #STAGE2_CTX_X + 160]
	stp	x22, x23, [x1, #STAGE2_CTX_X + 176]
	stp	x24, x25, [x1, #STAGE2_CTX_X + 192]
	stp	x26, x27, [x1, #STAGE2_CTX_X + 208]
	stp	x28, x29, [x1, #STAGE2_CTX_X + 224]
	ldp	x2, x3, [sp, #\scratch]
	str	x30, [x1, #STAGE2_CTX_X + 240]
	stp	x2, x3, [x1, #STAGE2_CTX_X]
.endm

#endif

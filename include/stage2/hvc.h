/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest can ask of the module: HVC #0 with a function in x0, after the SMC Calling
 * Convention (64-bit fast calls, owner 6: vendor specific hypervisor service). Arguments are in x1
 * and on, the answer comes in x0, all other registers stay.
 *
 * Read by guests in C++ and assembly, and by the module.
 */
#ifndef STAGE2_HVC_H
#define STAGE2_HVC_H

#define STAGE2_HVC_VERSION	0xc6000000	/* answers STAGE2_HVC_ABI */
#define STAGE2_HVC_END		0xc6000001	/* x1: status, 0 is success. Ends the run. */
#define STAGE2_HVC_PRINT	0xc6000002	/* x1: IPA of text, x2: bytes; answers how many */
#define STAGE2_HVC_YIELD	0xc6000003	/* ends the run; the next one goes on behind it */
/* Anything else answers STAGE2_HVC_UNKNOWN, and the guest goes on. */

#define STAGE2_HVC_ABI		1
#define STAGE2_HVC_UNKNOWN	-1		/* SMCCC's NOT_SUPPORTED */
#define STAGE2_HVC_FAULT	-2		/* PRINT: the text is not all mapped and readable */

#endif

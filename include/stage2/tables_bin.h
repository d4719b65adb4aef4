/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The format of guests/NAME/tables.bin: every translation table of a guest, for offline tools.
 *
 *   +--------+-------+---------------+-------+---------------+-- ...
 *   | header | table | descriptors   | table | descriptors   |
 *   +--------+-------+---------------+-------+---------------+-- ...
 *
 * All fields are little-endian. The root comes first, then the tables in the order of a pre-order
 * walk; a table descriptor's address is the `pa` of one of them. The same tables give the same
 * bytes. A dump that runs beside changes is whole table by table, not as a whole.
 */
#ifndef STAGE2_TABLES_BIN_H
#define STAGE2_TABLES_BIN_H

#define STAGE2_TABLES_MAGIC "STAGE2TB"
#define STAGE2_TABLES_VERSION 1

/* Flags: what a reader has to know beside VTCR_EL2. */
#define STAGE2_TABLES_FWB 1		/* HCR_EL2.FWB: MemAttr has its other encoding */

struct stage2_tables_header {
	char magic[8];			/* STAGE2_TABLES_MAGIC, without a NUL */
	unsigned int version;		/* STAGE2_TABLES_VERSION */
	unsigned short granule_shift;	/* 12, 14 or 16 */
	unsigned short flags;
	unsigned int input_bits;
	int start_level;
	unsigned long long vtcr;	/* VTCR_EL2 */
	unsigned long long root;	/* physical address */
};

struct stage2_tables_table {
	unsigned long long pa;
	unsigned long long first;	/* the lowest IPA it decides */
	int level;
	unsigned int descriptors;	/* how many 8-byte descriptors follow */
};

#endif

# SPDX-License-Identifier: GPL-2.0-only
#
# Dumps for check-render.py, made of userspace/tests/unit/demo.tables.bin (include/stage2/tables_bin.h).

import random
import struct

HEADER, RECORD, TABLE = 40, 24, 4096


def empty(vtcr, page_shift, input_bits, start, entries, flags=0):
    """A guest of another format, of which nothing is mapped."""
    root = (0x4000_0000).to_bytes(8, "little")
    return (b"STAGE2TB" + struct.pack("<IHHIi", 1, page_shift, flags, input_bits, start) + vtcr.to_bytes(8, "little") +
            root + root + bytes(8) + struct.pack("<iI", start, entries) + bytes(8 * entries))


def changed(demo):
    """The demo's guest, later: 0x9000000 unmapped, two pages at 0x80480000 read-only, two more behind the last."""
    after = bytearray(demo)
    first = HEADER + RECORD + 2 * TABLE  # behind the root
    device = first + RECORD + TABLE
    last = len(demo) - TABLE
    assert demo[device + 8:device + 16] == (0x9000000).to_bytes(8, "little")
    after[device + RECORD:device + RECORD + TABLE] = bytes(TABLE)
    for i in (128, 129):
        after[last + 8 * i] &= 0x7f  # S2AP[1]
    after[last + 8 * 256:last + 8 * 258] = demo[last + 8 * 56:last + 8 * 58]
    return after


def strange(demo):
    """The demo's guest with a last table of junk."""
    return demo[:-TABLE] + random.Random(1).randbytes(TABLE)


def million(demo, leaf):
    """2^20 pages: a root, 4 tables of level 2, 2048 of level 3. leaf(n) is the descriptor of page n."""
    def record(pa, first, level, descriptors):
        return (pa.to_bytes(8, "little") + first.to_bytes(8, "little") + level.to_bytes(4, "little") +
                len(descriptors).to_bytes(4, "little") + b"".join(d.to_bytes(8, "little") for d in descriptors))

    root = 0x4000_0000
    level2 = [0x1_0000_0000 + i * 513 * 4096 for i in range(4)]
    parts = [demo[:32], root.to_bytes(8, "little"), record(root, 0, 1, [pa | 3 for pa in level2] + [0] * 1020)]
    for i, pa in enumerate(level2):
        parts.append(record(pa, i << 30, 2, [pa + (k + 1) * 4096 | 3 for k in range(512)]))
        for k in range(512):
            first = (i << 30) + (k << 21)
            parts.append(record(pa + (k + 1) * 4096, first, 3,
                                [leaf(n) for n in range(first >> 12, (first >> 12) + 512)]))
    return b"".join(parts)


def alternating(demo):
    """A million pages, of which no two neighbours are alike."""
    return million(demo, lambda n: n << 12 | 0x40_0000_0000_077f | n % 2 << 7)


def scattered(demo):
    """A million pages in RAM of random order, as on demand."""
    order = random.Random(2).sample(range(1 << 20), 1 << 20)
    return million(demo, lambda n: order[n] << 12 | 0x40_0000_0000_07ff)


def write_dumps(out, demo):
    """All that check-render.py has pages made of, but for the demonstration itself."""
    for name, dump in {
            "after": changed(demo), "strange": strange(demo), "alternating": alternating(demo),
            "scattered": scattered(demo), "fwb": empty(0x800d3558, 12, 40, 1, 1024, flags=1),
            "lpa": empty(0x8006_408c, 16, 52, 1, 1024), "lpa2": empty(0x1_8006_008c, 12, 52, 0, 8192)}.items():
        (out / f"{name}.tables").write_bytes(dump)

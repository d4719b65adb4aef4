# SPDX-License-Identifier: GPL-2.0-only
#
# For check-render.py: guests of random leaves, and whether a strip shows them, column by column, at any
# width. What has to be seen is known here from the leaves alone; the page is only asked where it puts an
# address.

import math
import random

MEMORY = {"normal": 0xf << 2, "device": 1 << 2, "nc": 5 << 2}
ACCESS = {"r__": 0x40_0000_0000_0740, "rw_": 0x40_0000_0000_07c0, "r_x": 0x740, "rwx": 0x7c0}
CHANGES = ["added", "removed", "changed"]
NEAR = 1e-3  # of a pixel: whoever computes with floating point may be so far off


def size_of(level):
    return 1 << 12 + 9 * (3 - level)


def guest(demo, leaves):
    """A dump of leaves (first, level, access, memory), which do not overlap."""
    tables = {(1, 0): [0] * 1024}  # by level and first address

    def table(level, first):
        return tables.setdefault((level, first), [0] * 512)

    def place(level, first):
        """The table of a level that has an address, and the index there."""
        start = 0 if level == 1 else first // size_of(level - 1) * size_of(level - 1)
        return start, (first - start) // size_of(level)

    for first, level, access, memory in leaves:
        start, index = place(level, first)
        table(level, start)[index] = first | ACCESS[access] | MEMORY[memory] | (3 if level == 3 else 1)
        for above in range(level - 1, 0, -1):
            table(above, place(above, first)[0])
    where = {key: 0x4000_0000 + 0x2000 * n for n, key in enumerate(tables)}
    for (level, first), pa in where.items():
        if level > 1:
            start, index = place(level - 1, first)
            tables[(level - 1, start)][index] = pa | 3

    def record(level, first):
        own = tables[(level, first)]
        yield (where[(level, first)].to_bytes(8, "little") + first.to_bytes(8, "little") + level.to_bytes(4, "little") +
               len(own).to_bytes(4, "little") + b"".join(d.to_bytes(8, "little") for d in own))
        for index, d in enumerate(own):
            below = (level + 1, first + index * size_of(level))
            if level < 3 and d & 3 == 3 and below in tables:
                yield from record(*below)

    return demo[:32] + where[(1, 0)].to_bytes(8, "little") + b"".join(record(1, 0))


def leaves_of(seed):
    """Runs of a few leaves or many, side by side or far apart; of every size, permission and memory."""
    rng, at, leaves = random.Random(seed), 0, []
    for _ in range(rng.randint(1, 40)):
        level = rng.choices((1, 2, 3), (1, 6, 8))[0]
        size = size_of(level)
        at += rng.choice((0, 0, 0, 0x1000, 0x40_0000, 0x4000_0000)) * rng.randint(0, 3)
        at = -(-at // size) * size if rng.random() < 0.5 else max(0, at // size + 1) * size
        access, memory = rng.choice(list(ACCESS)), rng.choices(list(MEMORY), (6, 2, 1))[0]
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8, 100, rng.randint(1, 511)))):
            if at + size > 1 << 40:
                return leaves
            leaves.append((at, level, access, memory))
            at += size
    return leaves


def later(leaves, seed):
    """What became of them: some went, some have other permissions."""
    rng = random.Random(seed)
    after = []
    for first, level, access, memory in leaves:
        if rng.random() < 0.9:
            after.append((first, level, rng.choice(list(ACCESS)) if rng.random() < 0.05 else access, memory))
    return after


# A page before many blocks: it begins in a column where a long run begins, too.
PAGE_BEFORE_BLOCKS = [(0x7fff_f000, 3, "rw_", "device")] + [
    (0x8000_0000 + n * size_of(2), 2, "rw_", "normal") for n in range(1024)]
# A read-only page in 64M.
PAGE_AMONG_PAGES = [(0x8000_0000 + n * 4096, 3, "r__" if n == 8000 else "rw_", "normal") for n in range(16384)]


def runs_of(leaves):
    """[first, last, colour], of neighbours that look the same one."""
    runs = []
    for first, level, access, memory in leaves:
        last, look = first + size_of(level) - 1, (level, access, memory)
        if runs and runs[-1][1] + 1 == first and runs[-1][3] == look:
            runs[-1][1] = last
        else:
            runs.append([first, last, access, look])
    return [run[:3] for run in runs]


def changes_of(before, after):
    """The same of what changed: the levels stay as they are."""
    old = {leaf[0]: leaf for leaf in before}
    new = {leaf[0]: leaf for leaf in after}
    runs = []
    for first in sorted(old | new):
        kind = ("added" if first not in old else "removed" if first not in new else
                "changed" if old[first] != new[first] else None)
        last = first + size_of((old.get(first) or new[first])[1]) - 1
        if kind and runs and runs[-1][1] + 1 == first and runs[-1][2] == kind:
            runs[-1][1] = last
        elif kind:
            runs.append([first, last, kind])
    return runs


# For each column of lane n the colour that is seen there; '' for that of a hole. Labels are higher up, and
# patterns leave some of the colour.
SEEN = """
const lane = arguments[0], width = strip.canvas.clientWidth, bottom = strip.laneTop + (lane + 1) * (strip.gap + LANE);
const names = arguments[1], of = (name) => { const v = parseInt(strip.colour(name).slice(1), 16); return v; };
const colours = new Map(names.map((name) => [of(name), name]));
const copy = new OffscreenCanvas(width, 12).getContext('2d', {willReadFrequently: true});
copy.drawImage(strip.canvas, 0, 13 - bottom);
const pixels = copy.getImageData(0, 0, width, 12).data, seen = [];
for (let x = 0; x < width; x++) {
    let found = '';
    for (let y = 0; y < 12 && !found; y++) {
        const at = 4 * (y * width + x);
        found = colours.get(pixels[at] << 16 | pixels[at + 1] << 8 | pixels[at + 2]) || '';
    }
    seen.push(found);
}
return seen;
"""
# Where runs begin and end, in pixels.
PLACES = """
return arguments[0].map(([first, last]) => {
    const s = strip.islands.find((s) => first <= s.last), size = (s.to - s.from) / (s.last - s.first + 1);
    return [strip.x(s.from + size * (first - s.first)), strip.x(s.from + size * (last + 1 - s.first))];
});
"""
# For each column the colour of what a click there would choose.
CHOSEN = """
const [lane, width] = [arguments[0], strip.canvas.clientWidth], y = strip.laneTop + strip.gap + lane * (LANE + strip.gap) + 9;
return Array.from({length: width}, (_, x) => {
    const spot = strip.spot({offsetX: x, offsetY: y});
    if (spot.hole) return '';
    const model = modelOf(spot), found = model.leafAt(spot.address);
    return found ? permissionOf(model.look(found.r).access) : '';
});
"""


def wrong_columns(seen, places, runs):
    """What is wrong with the colours of columns, in words; nothing else."""
    width = len(seen)
    covered = [[] for _ in range(width)]  # the runs that show in a column, if only by a sliver
    touched = [[] for _ in range(width)]  # and those that may
    for (x0, x1), (first, last, colour) in zip(places, runs):
        for x in range(max(0, math.floor(x0 - NEAR)), min(width, math.ceil(x1 + NEAR))):
            part = min(x1, x + 1) - max(x0, x)
            touched[x].append(colour)
            if part > NEAR or (part > 0 and part > 0.9 * (x1 - x0)):
                covered[x].append((last - first, colour))
    for x in range(width):
        if covered[x] and not seen[x]:
            yield f"column {x} looks like a hole, and has {covered[x]}"
        # What is one column wide is drawn two wide.
        if seen[x] and seen[x] not in touched[x] + (touched[x - 1] if x else []):
            yield f"column {x} is {seen[x]}, and has {touched[x]}"
    inside = [i for i, (x0, x1) in enumerate(places) if x1 > 0 and x0 < width]
    if inside:
        least = min(runs[i][1] - runs[i][0] for i in inside)
        for i in inside:
            x0, x1 = places[i]
            columns = range(max(0, math.floor(x0 - NEAR)), min(width, math.ceil(x1 + NEAR)))
            rivals = [runs[k] for k in inside if k != i and runs[k][1] - runs[k][0] == least and
                      places[k][0] < columns[-1] + 1 + NEAR and places[k][1] > columns[0] - NEAR]
            if runs[i][1] - runs[i][0] == least and not rivals and runs[i][2] not in [seen[x] for x in columns]:
                yield f"the smallest, {runs[i]}, is not seen in columns {columns}"


class Page:
    """What a test needs of the page that is open."""

    def __init__(self, js, load, quiet, s2ctl, out, demo):
        self.js, self.load, self.quiet, self.s2ctl, self.out, self.demo = js, load, quiet, s2ctl, out, demo

    def open(self, *guests):
        """The page of one guest, or of what changed between two."""
        names = []
        for leaves, name in zip(guests, ("columns.tables", "later.tables")):
            (self.out / name).write_bytes(guest(self.demo, leaves))
            names.append(self.out / name)
        self.s2ctl("render", *(["--diff"] if len(names) > 1 else []), *names, "-o", self.out / "columns.html")
        self.load(self.out / "columns.html")

    def check_lane(self, lane, runs, names):
        """What is seen is what is there, and a click finds what is seen."""
        seen, places = self.js(SEEN, lane, names), self.js(PLACES, runs)
        wrong = list(wrong_columns(seen, places, runs))
        if names[0] in ACCESS:
            wrong += [f"column {x} is {a or 'a hole'}, and a click finds {b or 'a hole'}"
                      for x, (a, b) in enumerate(zip(seen, self.js(CHOSEN, lane))) if a != b]
        view = self.js("return [strip.from, strip.to]")
        assert not wrong, f"{view} in {len(seen)} columns:\n" + "\n".join(wrong)

    def check(self, *lanes):
        """Lanes of (runs, names of colours), whole and zoomed, at many widths."""
        def look(width):
            self.js("strip.canvas.style.width = arguments[0] + 'px'; strip.draw()", width)
            for lane, (runs, names) in enumerate(lanes):
                self.check_lane(lane, runs, names)

        rng = random.Random(len(lanes[-1][0]))
        for width in (40, 342, *(rng.randint(40, 1300) for _ in range(6))):
            self.js("strip.home()")
            look(width)
        for _ in range(6):
            self.js("strip.zoom(arguments[0], arguments[1])", 4 ** rng.random(), rng.random())
            look(rng.randint(40, 1300))
        self.js("strip.toScale(true)")
        look(rng.randint(40, 1300))
        self.quiet()


def tests(*tools):
    """For check-render.py, which brings the browser."""
    page = Page(*tools)

    def shows_every_leaf(what, leaves):
        def test():
            page.open(leaves)
            page.check((runs_of(leaves), list(ACCESS)))
        test.__doc__ = f"a column looks like a hole only where nothing is mapped, at any width: {what}"
        return test

    def shows_every_change(seed):
        def test():
            before = leaves_of(seed)
            after = later(before, seed)
            page.open(before, after)
            page.check((runs_of(before), list(ACCESS)), (changes_of(before, after), CHANGES),
                       (runs_of(after), list(ACCESS)))
        test.__doc__ = f"every leaf and every change of two dumps is shown, at any width: {seed}"
        return test

    return [shows_every_leaf("a page before blocks", PAGE_BEFORE_BLOCKS),
            shows_every_leaf("a page among pages", PAGE_AMONG_PAGES),
            *(shows_every_leaf(f"random {seed}", leaves_of(seed)) for seed in range(12)),
            *(shows_every_change(seed) for seed in range(20, 26))]

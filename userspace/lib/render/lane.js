// SPDX-License-Identifier: GPL-2.0-only
// A lane of the strip: runs of addresses that look the same, and what they look like in columns of pixels. A
// column shows the smallest run that touches it, so only where nothing is mapped a column looks like a hole,
// and the smallest run of all is always to be seen.
'use strict';

const looksSame = (a, b) => a === b || (a.colour === b.colour && a.memory === b.memory && a.access === b.access &&
	a.level === b.level);

class Lane {
	// `piece(i)` is {first, last, paint}, for `count` of them in the order of their addresses.
	constructor(name, count, piece) {
		this.name = name;
		this.length = 0;
		this.first = new Float64Array(count);
		this.last = new Float64Array(count);
		this.paints = new Array(count);
		for (let i = 0; i < count; i++) {
			const {first, last, paint} = piece(i), before = this.length - 1;
			if (before >= 0 && this.last[before] + 1 === first && looksSame(this.paints[before], paint)) {
				this.last[before] = last;
				continue;
			}
			this.first[this.length] = first;
			this.last[this.length] = last;
			this.paints[this.length++] = paint;
		}
		// A tree over the runs: each node is the smaller of the two below it; the runs are the leaves.
		const n = this.length;
		this.tree = new Uint32Array(2 * n);
		for (let i = 0; i < n; i++) this.tree[n + i] = i;
		for (let k = n - 1; k > 0; k--) this.tree[k] = this.smaller(this.tree[2 * k], this.tree[2 * k + 1]);
	}

	bytes(i) { return this.last[i] - this.first[i] + 1; }
	smaller(a, b) { return this.bytes(b) < this.bytes(a) || (this.bytes(b) === this.bytes(a) && b < a) ? b : a; }

	// The first run that ends at or behind an address.
	index(address) {
		let low = 0, high = this.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.last[middle] < address) low = middle + 1; else high = middle;
		}
		return low;
	}

	// The smallest run that has any of first..last; -1 when there is none.
	smallest(first, last) {
		const n = this.length, end = this.index(last);
		let low = this.index(first) + n, high = end + (end < n && this.first[end] <= last ? 1 : 0) + n, best = -1;
		const take = (node) => { best = best < 0 ? this.tree[node] : this.smaller(best, this.tree[node]); };
		for (; low < high; low >>= 1, high >>= 1) {
			if (low & 1) take(low++);
			if (high & 1) take(--high);
		}
		return best;
	}

	// For each column of pixels between two places the run that is seen there, or -1.
	columns(islands, from, to, width) {
		const shown = new Int32Array(Math.ceil(width)).fill(-1), scale = width / (to - from);

		for (const s of islands) {
			const left = (s.from - from) * scale, right = (s.to - from) * scale;
			const per = (right - left) / (s.last - s.first + 1); // pixels a byte
			const end = Math.min(shown.length, Math.ceil(right));
			for (let x = Math.max(0, Math.floor(left)); x < end; x++) {
				const first = s.first + Math.max(0, Math.floor((x - left) / per));
				const last = Math.min(s.last, s.first + Math.ceil((x + 1 - left) / per) - 1);
				const i = this.smallest(first, last);
				if (i >= 0) shown[x] = shown[x] < 0 ? i : this.smaller(shown[x], i);
			}
		}
		return shown;
	}

	// Columns side by side that look the same as one: {x0, x1, paint}.
	segments(shown) {
		const out = [];
		for (let x = 0; x < shown.length; x++) {
			if (shown[x] < 0) continue;
			const paint = this.paints[shown[x]], before = out.at(-1);
			if (before && before.x1 === x && looksSame(before.paint, paint)) before.x1 = x + 1;
			else out.push({x0: x, x1: x + 1, paint});
		}
		return out;
	}
}

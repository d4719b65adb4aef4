// SPDX-License-Identifier: GPL-2.0-only
// The strip: a canvas with a lane for each model, addresses below, and above a small view of the whole. A
// place is a number in 0..1; islands (userspace/lib/render/axis.hpp) say which address is where.
'use strict';

const LANE = 76, NAME = 20, OVERVIEW = 16, TICKS = 38;
const HEIGHTS = [1, 1, 0.8, 0.6]; // by level: blocks stand taller than pages

const paintOf = (look) => look.paint ||= {
	colour: permissionOf(look.access), memory: look.memory, height: HEIGHTS[Math.max(look.level, 0)],
	access: look.access, level: look.level, label: '',
};

// Strokes and dots over a colour, for what is not normal memory.
function patternFor(context, memory, ink) {
	const tile = document.createElement('canvas');
	tile.width = tile.height = 8;
	const c = tile.getContext('2d');
	c.strokeStyle = c.fillStyle = ink;
	c.globalAlpha = 0.65;
	if (memory.startsWith('device')) {
		c.lineWidth = 2;
		for (const x of [-8, 0, 8]) { c.moveTo(x, 8); c.lineTo(x + 8, 0); }
		c.stroke();
	} else {
		c.fillRect(1, 1, 2, 2);
		c.fillRect(5, 5, 2, 2);
	}
	return context.createPattern(tile, 'repeat');
}

class Strip {
	constructor(canvas, lanes, islands, whole, smallest) {
		Object.assign(this, {canvas, lanes, folded: islands, islands, smallest});
		this.unfolded = [{first: 0, last: whole, from: 0, to: 1}];
		this.context = canvas.getContext('2d');
		this.from = 0; this.to = 1;
		this.chosen = null; // {first, last}
		this.patterns = {};
		this.onchoose = this.onhover = this.onchange = () => {};
		this.listen();
		new ResizeObserver(() => this.draw()).observe(canvas);
		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
	}

	// A lane with a name has it above.
	get gap() { return this.lanes[0].name ? NAME + 4 : 4; }
	get laneTop() { return OVERVIEW + 4; }
	get height() { return this.laneTop + this.lanes.length * (LANE + this.gap) + TICKS; }

	// Places and addresses.
	place(address) {
		const i = this.islands.findIndex((s) => address <= s.last);
		const s = this.islands[i < 0 ? this.islands.length - 1 : i];
		return s.from + (s.to - s.from) * Math.max(0, address - s.first) / (s.last - s.first + 1);
	}
	address(place) {
		for (const s of this.islands) {
			if (place < s.from) return {address: s.first, hole: true};
			if (place < s.to) {
				const at = s.first + (place - s.from) / (s.to - s.from) * (s.last - s.first + 1);
				return {address: Math.min(Math.floor(at), s.last), hole: false};
			}
		}
		return {address: this.islands.at(-1).last, hole: true};
	}
	x(place) { return (place - this.from) / (this.to - this.from) * this.width; }
	placeAt(x) { return this.from + x / this.width * (this.to - this.from); }
	range() { return [this.address(this.from).address, this.address(Math.min(this.to, 1 - 1e-15)).address]; }

	// Moving about.
	show(from, to) {
		const least = this.least();
		let wide = Math.min(1, Math.max(to - from, least));
		from = (from + to - wide) / 2;
		this.from = Math.max(0, Math.min(from, 1 - wide));
		this.to = this.from + wide;
		this.draw();
		this.onchange();
	}
	// Eight pages, where pages are widest.
	least() {
		return Math.min(...this.islands.map((s) => (s.to - s.from) / (s.last - s.first + 1))) * 8 * this.smallest;
	}
	zoom(factor, around = (this.from + this.to) / 2) {
		this.show(around - (around - this.from) / factor, around + (this.to - around) / factor);
	}
	pan(part) { const d = part * (this.to - this.from); this.shift(d); }
	shift(d) {
		d = Math.max(-this.from, Math.min(d, 1 - this.to));
		this.from += d; this.to += d;
		this.draw();
		this.onchange();
	}
	home() { this.show(0, 1); }
	toScale(yes) { this.islands = yes ? this.unfolded : this.folded; this.home(); }
	choose(first, last, reveal) {
		this.chosen = {first, last};
		const from = this.place(first), to = this.place(last);
		if (reveal && (to < this.from || from > this.to)) {
			const half = (this.to - this.from) / 2;
			this.show((from + to) / 2 - half, (from + to) / 2 + half);
		}
		this.draw();
	}

	listen() {
		const c = this.canvas;
		let down = null;
		c.addEventListener('wheel', (e) => {
			e.preventDefault();
			if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) this.shift(e.deltaX / this.width * (this.to - this.from));
			else this.zoom(Math.exp(-e.deltaY / 300), this.placeAt(e.offsetX));
		}, {passive: false});
		c.addEventListener('pointerdown', (e) => { down = {x: e.offsetX, moved: false}; c.setPointerCapture(e.pointerId); });
		c.addEventListener('pointermove', (e) => {
			if (!down) { this.hover(e); return; }
			if (Math.abs(e.offsetX - down.x) > 3 || down.moved) {
				this.shift((down.x - e.offsetX) / this.width * (this.to - this.from));
				down = {x: e.offsetX, moved: true};
			}
		});
		c.addEventListener('pointerup', (e) => {
			if (down && !down.moved) this.onchoose(this.spot(e));
			down = null;
		});
		c.addEventListener('pointerleave', () => this.onhover(null));
	}
	hover(e) { this.onhover(this.spot(e)); }
	// Where something is, as it is drawn: {address, hole, lane}.
	spot(e) {
		const n = Math.floor((e.offsetY - this.laneTop) / (LANE + this.gap));
		const at = Math.max(0, Math.min(n, this.lanes.length - 1)), lane = this.lanes[at];
		const {shown, segments} = this.drawn[at], x = Math.floor(e.offsetX), place = this.address(this.placeAt(e.offsetX));
		// What is narrow lies over what is beside it.
		const narrow = segments.findLast(({x0, x1}) => x1 - x0 === 1 && (x === x0 || x === x1));
		const i = shown[narrow ? narrow.x0 : x] ?? -1;
		if (i < 0) return {address: place.address, hole: true, lane: at};
		return {address: Math.max(lane.first[i], Math.min(place.address, lane.last[i])), hole: false, lane: at};
	}

	// Drawing.
	colour(name) { return this.style.getPropertyValue('--' + name).trim(); }
	draw() {
		const c = this.context, ratio = devicePixelRatio || 1;
		this.width = this.canvas.clientWidth;
		this.canvas.style.height = this.height + 'px';
		this.canvas.width = this.width * ratio;
		this.canvas.height = this.height * ratio;
		this.style = getComputedStyle(document.documentElement);
		this.ink = this.colour('ink');
		this.patterns = {};
		c.scale(ratio, ratio);
		c.font = '12px ui-monospace, monospace';
		this.drawOverview();
		this.drawn = this.lanes.map((lane) => {
			const shown = lane.columns(this.islands, this.from, this.to, this.width);
			return {shown, segments: lane.segments(shown)};
		});
		let y = this.laneTop;
		this.lanes.forEach((lane, n) => {
			c.fillStyle = this.colour('quiet');
			if (lane.name) c.fillText(lane.name, 0, y + 16);
			y += this.gap;
			this.drawIslands(y, LANE);
			this.drawSegments(this.drawn[n].segments, y, LANE, true);
			y += LANE;
		});
		this.drawChosen(y);
		this.drawTicks(y + 4);
	}

	drawSegments(segments, y, height, labels) {
		const c = this.context;
		// What is narrow comes last, and is two wide at least.
		const wide = segments.filter(({x0, x1}) => x1 - x0 > 1), narrow = segments.filter(({x0, x1}) => x1 - x0 === 1);
		for (const {x0, x1, paint} of [...wide, ...narrow]) {
			const h = Math.round(height * paint.height), top = y + height - h;
			c.fillStyle = this.colour(paint.colour);
			c.fillRect(x0, top, Math.max(x1 - x0, 2), h);
			if (paint.memory && paint.memory !== 'normal') {
				c.fillStyle = this.patterns[paint.memory] ||= patternFor(c, paint.memory, this.ink);
				c.fillRect(x0, top, Math.max(x1 - x0, 2), h);
			}
			if (!labels) continue;
			const wide = c.measureText(paint.label).width;
			if (x1 - x0 < wide + 10) continue;
			if (paint.memory && paint.memory !== 'normal') {
				c.fillStyle = this.colour(paint.colour);
				c.fillRect((x0 + x1 - wide) / 2 - 4, top + h / 2 - 9, wide + 8, 18);
			}
			c.fillStyle = this.ink;
			c.fillText(paint.label, (x0 + x1 - wide) / 2, top + h / 2 + 4);
		}
	}

	drawIslands(y, height) {
		const c = this.context;
		for (const s of this.islands) {
			c.fillStyle = this.colour('hole');
			c.fillRect(this.x(s.from), y, this.x(s.to) - this.x(s.from), height);
		}
		// A hole that takes no room: a dotted line.
		c.strokeStyle = this.colour('quiet');
		c.setLineDash([2, 4]);
		c.beginPath();
		c.moveTo(Math.max(0, this.x(0)), y + height - 0.5);
		c.lineTo(Math.min(this.width, this.x(1)), y + height - 0.5);
		c.stroke();
		c.setLineDash([]);
	}

	drawOverview() {
		const c = this.context, lane = this.lanes.at(-1);
		c.fillStyle = this.colour('hole');
		for (const s of this.islands)
			c.fillRect(s.from * this.width, 0, (s.to - s.from) * this.width, OVERVIEW - 4);
		this.drawSegments(lane.segments(lane.columns(this.islands, 0, 1, this.width)), 0, OVERVIEW - 4, false);
		c.strokeStyle = this.colour('mark');
		c.lineWidth = 2;
		c.strokeRect(this.from * this.width + 1, 1, Math.max(4, (this.to - this.from) * this.width - 2), OVERVIEW - 4);
		c.lineWidth = 1;
	}

	drawChosen(bottom) {
		if (!this.chosen) return;
		const c = this.context, x = this.x(this.place(this.chosen.first));
		const wide = Math.max(2, this.x(this.place(this.chosen.last)) - x);
		c.strokeStyle = this.colour('text');
		c.lineWidth = 2;
		c.strokeRect(x - 2, this.laneTop + this.gap - 3, wide + 4, bottom - this.laneTop - this.gap + 4);
		c.lineWidth = 1;
	}

	drawTicks(y) {
		const c = this.context;
		const taken = [[], []]; // two lines of text
		const tick = (address, x, lines) => {
			const text = hex(address, this.digits), wide = c.measureText(text).width;
			const line = taken.slice(0, lines).findIndex((t) => t.every(([from, to]) => x > to || x + wide < from));
			if (line < 0 || x < 0 || x + wide > this.width) return;
			c.fillRect(Math.round(x), y - 4, 1, 8 + 15 * line);
			c.fillText(text, x + 3 * line, y + 16 + 15 * line);
			taken[line].push([x - 8, x + wide + 8]);
		};
		c.fillStyle = this.colour('quiet');
		// Where islands begin, first of all.
		for (const s of this.islands) tick(s.first, this.x(s.from), 2);
		for (const s of this.islands) {
			const x0 = this.x(s.from), per = (this.x(s.to) - x0) / (s.last - s.first + 1);
			if (x0 > this.width || this.x(s.to) < 0) continue;
			let step = 2 ** Math.ceil(Math.log2(130 / per));
			const low = Math.max(s.first, s.first - x0 / per);
			const high = Math.min(s.last, s.first + (this.width - x0) / per);
			step = Math.max(step, 4096);
			for (let at = Math.ceil(low / step) * step, k = 0; at <= high && k < 200; at += step, k++)
				tick(at, x0 + (at - s.first) * per, 1);
		}
	}
}

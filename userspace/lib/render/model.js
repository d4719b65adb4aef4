// SPDX-License-Identifier: GPL-2.0-only
// The data: userspace/lib/render/model.hpp says how it is written down. Addresses are numbers (they have at most
// 52 bits), descriptors are BigInts.
'use strict';

const DIGITS = new Uint8Array(128);
[...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].forEach((c, i) => {
	DIGITS[c.charCodeAt(0)] = i;
});

// Reads the numbers of a stream.
class Stream {
	constructor(text) { this.text = text; this.at = 0; }
	get done() { return this.at >= this.text.length; }
	digit() { return DIGITS[this.text.charCodeAt(this.at++)]; }
	number() {
		for (let n = 0, unit = 1;; unit *= 32) {
			const d = this.digit();
			n += (d & 31) * unit;
			if (d < 32) return n;
		}
	}
	digits(count) {
		let n = 0;
		for (let unit = 1; count; count--, unit *= 64) n += this.digit() * unit;
		return n;
	}
	signed() { const n = this.number(); return n % 2 ? -(n + 1) / 2 : n / 2; }
	wide() {
		for (let n = 0n, shift = 0n;; shift += 5n) {
			const d = this.digit();
			n |= BigInt(d & 31) << shift;
			if (d < 32) return n;
		}
	}
}

// Columns of numbers that grow together.
class Columns {
	constructor(types) { this.types = types; this.length = 0; this.room = 0; this.grow(1024); }
	grow(room) {
		for (const [name, Type] of Object.entries(this.types)) {
			const old = this[name];
			this[name] = new Type(room);
			if (old) this[name].set(old);
		}
		this.room = room;
	}
	add() { if (this.length === this.room) this.grow(2 * this.room); return this.length++; }
}

const UNDESCRIBED = {access: '?', memory: '?', flags: []};
const isLeaf = (look) => look.type === 'page' || look.type === 'block';

class Model {
	constructor(text, rest) {
		Object.assign(this, rest);
		this.last = 2 ** this.input_bits - 1;
		this.digits = Math.ceil(this.input_bits / 4);
		this.described = this.looks.length;
		this.kinds = new Map(this.fields.map((f) => [f.level + f.type, f.fields]));
		this.runs = new Columns({first: Float64Array, address: Float64Array, count: Uint32Array,
			index: Uint32Array, look: Uint32Array, table: Uint32Array, child: Uint32Array});
		this.tables = [];
		this.read(new Stream(text));
	}

	shift(level) { return this.page_shift + (3 - level) * (this.page_shift - 3); }
	size(level) { return 2 ** this.shift(level); }
	unit(look) { return look.type === 'table' ? 2 ** this.page_shift : this.size(look.level); }
	entries(level) { return level === this.start ? this.root_entries : 2 ** (this.page_shift - 3); }

	read(stream) {
		const leaves = [], recent = new Array(7).fill(-1);
		let fresh = 0, nextOutput = 0, nextTable = 0;

		const take = (rank, level) => {
			let n;
			if (rank < 7) {
				n = recent[rank];
				recent.splice(rank, 1);
			} else {
				n = stream.number() - 1;
				if (n < 0) {
					const bits = stream.wide(), type = this.types[stream.digit()];
					n = fresh < this.described ? fresh : this.looks.push({...UNDESCRIBED}) - 1;
					Object.assign(this.looks[n], {level, bits, type});
					if (fresh++ >= this.described) return n;
				}
				recent.pop();
			}
			recent.unshift(n);
			return n;
		};
		const table = (level, first, parent) => {
			const runs = this.runs, t = this.tables.length, own = {level, first, parent, from: runs.length};
			const size = this.size(level);
			const put = (index, address, count, look) => {
				const r = runs.add();
				runs.first[r] = first + index * size;
				runs.address[r] = address;
				runs.count[r] = count;
				runs.index[r] = index;
				runs.look[r] = look;
				runs.table[r] = t;
			};
			this.tables.push(own);
			for (let left = stream.number(), index = 0; left; left--) {
				const head = stream.digit();
				if (head & 1) index += stream.number();
				const more = head & 2 ? stream.number() : 0, scattered = more % 2;
				const count = head & 2 ? Math.floor(more / 2) + 2 : 1;
				const off = head & 4 ? stream.signed() : 0;
				const n = take(head >> 3, level), look = this.looks[n];
				let address = off;
				if (scattered) {
					const lowest = stream.number(), digits = stream.digit();
					for (let i = 0; i < count; i++) {
						address = lowest + stream.digits(digits);
						put(index++, address, 1, n);
					}
					nextOutput = (address + 1) * size;
					continue;
				}
				if (look.type === 'table') {
					address += nextTable;
					nextTable = address + 1;
				} else if (isLeaf(look)) {
					address += Math.floor(nextOutput / size);
					nextOutput = (address + count) * size;
				}
				put(index, address, count, n);
				index += count;
			}
			own.to = runs.length;
			for (let r = own.from; r < own.to; r++) {
				const look = this.looks[runs.look[r]];
				if (look.type === 'table') {
					runs.child[r] = this.tables.length;
					table(level + 1, runs.first[r], r);
				} else if (isLeaf(look)) {
					leaves.push(r);
				}
			}
		};

		table(this.start, 0, -1);
		this.leaves = Uint32Array.from(leaves); // in order of their addresses
	}

	look(r) { return this.looks[this.runs.look[r]]; }
	bytes(r) { return this.runs.count[r] * this.size(this.look(r).level); }
	end(r) { return this.runs.first[r] + this.bytes(r) - 1; }
	descriptor(r, n = 0) {
		const look = this.look(r), moves = isLeaf(look) || look.type === 'table';
		return look.bits + (moves ? BigInt(this.runs.address[r] + n) * BigInt(this.unit(look)) : 0n);
	}

	// The first of `leaves` that ends at or behind an address.
	leafIndex(address) {
		let low = 0, high = this.leaves.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.end(this.leaves[middle]) < address) low = middle + 1; else high = middle;
		}
		return low;
	}
	// The run that maps an address, and which of its leaves does; null in a hole.
	leafAt(address) {
		const r = this.leaves[this.leafIndex(address)];
		return r === undefined || this.runs.first[r] > address ? null :
			{r, n: Math.floor((address - this.runs.first[r]) / this.size(this.look(r).level))};
	}

	// A descriptor's fields, from the highest bit down: [{high, low, name, value, means, wrong}].
	decode(level, type, d) {
		const parts = this.kinds.get(level + type) || [];
		const get = (f) => d >> BigInt(f.low) & (1n << BigInt(f.high - f.low + 1)) - 1n;
		const address = parts.reduce((sum, f) =>
			f.place === undefined ? sum : sum | get(f) << BigInt(f.place), 0n);
		return parts.map((f) => {
			const value = get(f);
			let means = f.means.length > 1 ? f.means[Number(value)] : f.means[0];
			if (f.place !== undefined)
				means = '0x' + (f.place === f.low ? address : value).toString(16);
			return {high: f.high, low: f.low, name: f.name, kind: f.kind || '', value, means,
				wrong: f.kind === 'reserved' && (value !== 0n)};
		});
	}
	// Of a leaf, or the next table.
	output(r, n = 0) {
		const look = this.look(r), d = this.descriptor(r, n);
		return (this.kinds.get(look.level + look.type) || []).reduce((sum, f) => f.place === undefined ? sum :
			sum | (d >> BigInt(f.low) & (1n << BigInt(f.high - f.low + 1)) - 1n) << BigInt(f.place), 0n);
	}
}

const hex = (n, digits = 1) => n.toString(16).padStart(digits, '0');
// As text::size() has them.
const sizeText = (bytes) => {
	const units = 'BKMGT';
	let n = bytes, i = 0;
	if (n % 1024 === 0) do { n /= 1024; i++; } while (n >= 1024 && n % 1024 === 0 && i < 4);
	if (n < 10000) return n + units[i];
	for (n = bytes, i = 0; n >= 1024 && i < 4; i++) n /= 1024;
	return (Math.floor(n * 10) / 10).toFixed(1) + units[i];
};
const plural = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;
// "400", "1.6", "0.024"
const percentText = (part, whole) => {
	const n = 100 * part / whole;
	return n >= 100 ? String(Math.round(n)) : n < 0.01 ? 'less than 0.01' : String(Number(n.toPrecision(2)));
};
// "rw-" to the name of its colour.
const permissionOf = (access) => access === '?' ? '___' :
	(access.slice(0, 2) + (access[2] === 'x' ? 'x' : '-')).replaceAll('-', '_');

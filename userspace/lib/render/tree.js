// SPDX-License-Identifier: GPL-2.0-only
// The tree of tables: an ARIA treegrid. Rows are made when they are first seen; a table with many runs shows
// some, and a row that asks for more.
'use strict';

const AT_ONCE = 200;

function element(name, attributes = {}, ...children) {
	const e = document.createElement(name);
	for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
	e.append(...children);
	return e;
}

class Tree {
	constructor(body) {
		this.body = body;
		this.onchoose = () => {};
		body.addEventListener('click', (e) => {
			const row = e.target.closest('tr');
			if (!row) return;
			if (row.node.more || e.target.classList.contains('twist')) this.toggle(row);
			this.focus(row);
		});
		body.addEventListener('dblclick', (e) => this.toggle(e.target.closest('tr')));
		body.addEventListener('focusin', (e) => this.choose(e.target.closest('tr')));
		body.addEventListener('keydown', (e) => this.key(e));
	}

	show(model) {
		this.model = model;
		this.body.replaceChildren();
		const root = this.row({r: -1, table: 0, level: 1, parent: null, n: 1, of: 1});
		this.body.append(root);
		root.tabIndex = 0;
		this.expand(root);
		// A tree that is small is open down to the last tables but one.
		for (const row of [...this.body.children])
			if (row.node.level === 2 && row.node.table !== undefined && this.body.children.length < 60) this.expand(row);
	}

	row(node) {
		const m = this.model, row = element('tr', {role: 'row', 'aria-level': node.level, tabindex: -1});
		const is_table = node.table !== undefined;
		row.node = node;
		if (node.more) {
			row.append(element('td', {role: 'gridcell', colspan: 7}, this.indent(node, ' '), `${node.more} more`));
			return row;
		}
		row.setAttribute('aria-posinset', node.n);
		row.setAttribute('aria-setsize', node.of);
		if (is_table) row.setAttribute('aria-expanded', 'false');
		const cells = this.cells(node);
		cells[0] = [this.indent(node, is_table ? '▸' : ' '), cells[0]];
		for (const c of cells) row.append(element('td', {role: 'gridcell'}, ...[c].flat()));
		return row;
	}
	indent(node, mark) {
		const twist = element('span', {class: 'twist', 'aria-hidden': 'true'}, mark);
		twist.style.marginLeft = (node.level - 1) * 14 + 'px';
		return twist;
	}
	cells(node) {
		const m = this.model, {r} = node;
		if (r < 0)
			return ['root', this.range(0, m.last), `${m.root_tables > 1 ? m.root_tables + ' tables' : 'table'}, level ${m.start}`,
				m.root, '', '', `${this.used(0)} of ${m.root_entries} used`];
		const look = m.look(r), count = m.runs.count[r], index = m.runs.index[r];
		const size = m.size(look.level), first = m.runs.first[r];
		const at = hex(index, 3) + (count > 1 ? '-' + hex(index + count - 1, 3) : '');
		const range = this.range(first, first + count * size - 1);
		if (node.table !== undefined)
			return [at, range, `table, level ${look.level + 1}`, '0x' + hex(m.output(r)), '', '',
				`${this.used(node.table)} of ${m.entries(look.level + 1)} used`];
		if (!isLeaf(look)) return [at, range, (count > 1 ? count + ' × ' : '') + look.type, '', '', '', ''];
		const chip = element('span', {class: 'chip'}, look.access);
		chip.style.background = `var(--${permissionOf(look.access)})`;
		return [at, range, `${count > 1 ? count + ' × ' : ''}${look.type} ${sizeText(size)}`, '0x' + hex(m.output(r)),
			chip, look.memory, look.flags.join(' ')];
	}
	range(first, last) { return hex(first, this.model.digits) + '-' + hex(last, this.model.digits); }
	used(t) {
		let n = 0;
		for (let {from: r, to} = this.model.tables[t]; r < to; r++) n += this.model.runs.count[r];
		return n;
	}

	// A row's children stand behind it, and have a higher level.
	expand(row) {
		if (row.getAttribute('aria-expanded') !== 'false') return;
		row.setAttribute('aria-expanded', 'true');
		row.querySelector('.twist').textContent = '▾';
		this.fill(row, row, this.model.tables[row.node.table].from);
	}
	fill(row, after, from) {
		const {to, from: first} = this.model.tables[row.node.table], end = Math.min(to, from + AT_ONCE), rows = [];
		for (let r = from; r < end; r++)
			rows.push(this.row({r, level: row.node.level + 1, parent: row, n: r - first + 1, of: to - first,
				table: this.model.look(r).type === 'table' ? this.model.runs.child[r] : undefined}));
		if (end < to) rows.push(this.row({more: to - end, next: end, level: row.node.level + 1, parent: row}));
		after.after(...rows);
	}
	collapse(row) {
		row.setAttribute('aria-expanded', 'false');
		row.querySelector('.twist').textContent = '▸';
		while (row.nextElementSibling && row.nextElementSibling.node.level > row.node.level)
			row.nextElementSibling.remove();
	}
	toggle(row) {
		if (!row) return;
		if (row.node.more) {
			const before = row.previousElementSibling;
			row.remove();
			this.fill(row.node.parent, before, row.node.next);
			this.focus(before.nextElementSibling);
		} else if (row.getAttribute('aria-expanded') === 'true') this.collapse(row);
		else this.expand(row);
	}

	focus(row) { if (row) row.focus({preventScroll: false}); }
	choose(row) {
		if (!row || row === this.current) return;
		if (this.current) { this.current.removeAttribute('aria-selected'); this.current.tabIndex = -1; }
		this.current = row;
		row.tabIndex = 0;
		row.setAttribute('aria-selected', 'true');
		for (const r of this.body.querySelectorAll('tr[tabindex="0"]')) if (r !== row) r.tabIndex = -1;
		if (!row.node.more) this.onchoose(row.node);
	}
	key(e) {
		const row = e.target.closest('tr'), open = row.getAttribute('aria-expanded');
		const to = {
			ArrowDown: () => row.nextElementSibling,
			ArrowUp: () => row.previousElementSibling,
			Home: () => this.body.firstElementChild,
			End: () => this.body.lastElementChild,
			ArrowRight: () => {
				if (open === 'false') this.expand(row);
				else if (open === 'true' && row.nextElementSibling?.node.parent === row) return row.nextElementSibling;
				return row;
			},
			ArrowLeft: () => {
				if (open !== 'true') return row.node.parent || row;
				this.collapse(row);
				return row;
			},
			Enter: () => { this.toggle(row); return row.isConnected ? row : null; },
		}[e.key];
		if (!to || e.ctrlKey || e.altKey || e.metaKey) return;
		e.preventDefault();
		this.focus(to());
	}

	// Opens what leads to a run, and chooses it.
	reveal(r) {
		const m = this.model, path = [];
		for (let at = r; at >= 0; at = m.tables[m.runs.table[at]].parent) path.unshift(at);
		let row = this.body.firstElementChild;
		for (const at of path) {
			this.expand(row);
			let next = row.nextElementSibling;
			while (next && next.node.r !== at) {
				if (next.node.more && next.node.parent === row) {
					const before = next.previousElementSibling;
					next.remove();
					this.fill(row, before, next.node.next);
					next = before.nextElementSibling;
				} else next = next.nextElementSibling;
			}
			row = next || row;
		}
		this.choose(row);
		row.scrollIntoView({block: 'nearest'});
		return row;
	}
}

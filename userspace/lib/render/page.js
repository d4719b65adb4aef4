// SPDX-License-Identifier: GPL-2.0-only
// What is shown where: the strip, the tables, the descriptor and the cost speak of one model, or of two and
// what changed between them.
'use strict';

const at = (id) => document.getElementById(id);
const data = JSON.parse(at('data').textContent);
const models = data.models.map((rest, i) => new Model(at('runs' + i).textContent, rest));
const islands = data.islands.map((s) => ({first: Number(s.first), last: Number(s.last), from: s.from / 1e6, to: s.to / 1e6}));
let current = models.length - 1; // whose tables are shown

// Lanes of the strip.
const laneOf = (model, name) => new Lane(name, model.leaves.length, (i) => {
	const r = model.leaves[i], look = model.look(r), paint = paintOf(look);
	paint.label ||= `${look.access} ${look.memory} ${sizeText(model.size(look.level))}`;
	return {first: model.runs.first[r], last: model.end(r), paint};
});

const KINDS = ['added', 'removed', 'changed'];
const SIGNS = ['+', '−', '~'];

function readChanges() {
	const stream = new Stream(at('changes').textContent), changes = [];
	const page = 2 ** Math.min(...models.map((m) => m.page_shift));
	for (let from = 0; !stream.done;) {
		const first = from + stream.number() * page;
		from = first + (stream.number() + 1) * page;
		changes.push({first, last: from - 1, kind: stream.digit()});
	}
	return changes;
}
const changes = models.length > 1 ? readChanges() : [];
const changePaints = KINDS.map((k, i) => ({colour: k, memory: '', height: 1, access: k, level: 0, label: `${SIGNS[i]} ${k}`}));
const changesLane = () => new Lane('what changed', changes.length, (i) => ({...changes[i], paint: changePaints[changes[i].kind]}));
const lanes = models.length > 1 ?
	[laneOf(models[0], 'before: ' + models[0].name), changesLane(), laneOf(models[1], 'after: ' + models[1].name)] :
	[laneOf(models[0], '')];

const strip = new Strip(at('strip'), lanes, islands, Math.max(...models.map((m) => m.last)),
	2 ** Math.min(...models.map((m) => m.page_shift)));
strip.digits = Math.max(...models.map((m) => m.digits));
const tree = new Tree(document.querySelector('#tree tbody'));

// A descriptor: leaf `n` of a run.
function showDescriptor(model, r, n) {
	const look = model.look(r), d = model.descriptor(r, n), count = model.runs.count[r];
	const first = model.runs.first[r] + n * model.size(look.level);
	const fields = model.decode(look.level, look.type, d);
	const bits = element('div', {id: 'bits', class: 'mono', 'aria-hidden': 'true'}), rows = [];
	const mark = (f, yes) => {
		for (const e of at('descriptor').querySelectorAll(`[data-field="${f}"]`)) e.classList.toggle('marked', yes);
	};

	fields.forEach((f, i) => {
		for (let b = f.high; b >= f.low; b--) {
			const one = d >> BigInt(b) & 1n;
			const cell = element('span', {'data-field': i, 'data-bit': b, title: `bit ${b}: ${f.name}`}, String(one));
			cell.className = (i % 2 ? 'odd' : '') + (one ? ' one' : '');
			bits.append(cell);
		}
		if (f.kind && f.value === 0n) return;
		const width = f.high - f.low + 1;
		const value = width <= 4 ? '0b' + f.value.toString(2).padStart(width, '0') : '0x' + f.value.toString(16);
		const row = element('tr', {'data-field': i},
			element('td', {class: 'number'}, width > 1 ? `${f.high}:${f.low}` : `${f.high}`),
			element('td', {}, f.name), element('td', {}, value),
			element('td', {class: 'wrap'}, f.wrong ? 'reserved: must be 0' : f.means));
		row.addEventListener('mouseenter', () => mark(i, true));
		row.addEventListener('mouseleave', () => mark(i, false));
		rows.push(row);
	});

	const head = element('p', {class: 'mono'}, element('strong', {}, '0x' + hex(d, 16)));
	const what = element('p', {}, `${look.type} at level ${look.level}, for IPA ${hex(first, model.digits)}-` +
		hex(first + model.size(look.level) - 1, model.digits));
	const parts = [head, what, bits, element('table', {id: 'fields'},
		element('thead', {}, element('tr', {}, element('th', {class: 'number'}, 'bits'), element('th', {}, 'field'),
			element('th', {}, 'value'), element('th', {}, 'meaning'))), element('tbody', {}, ...rows))];

	if (count > 1) {
		const step = (text, label, to) => {
			const b = element('button', {'aria-label': label}, text);
			b.disabled = to < 0 || to >= count;
			b.addEventListener('click', () => choose(model, r, to, false));
			return b;
		};
		parts.push(element('div', {class: 'of'}, step('‹', 'previous descriptor', n - 1),
			`${n + 1} of ${count} side by side that say the same`, step('›', 'next descriptor', n + 1)));
	}
	at('descriptor').replaceChildren(...parts);
}

// One place for what is chosen: the strip, the descriptor, and the tables if they are to follow.
function choose(model, r, n, inTree = true) {
	const look = model.look(r), size = model.size(look.level), first = model.runs.first[r];
	const whose = models.indexOf(model);
	if (inTree && whose !== current) select(whose);
	if (inTree) tree.reveal(r);
	showDescriptor(model, r, n);
	strip.choose(first, first + model.bytes(r) - 1, true);
	say(model, r, first + n * size);
	chosen = {model, r};
}
let chosen = null;

function say(model, r, address) {
	const look = model.look(r), n = Math.floor((address - model.runs.first[r]) / model.size(look.level));
	at('here').textContent = `${hex(address, model.digits)}  ` + (isLeaf(look) ?
		`→ 0x${hex(model.output(r, n))}  ${look.access} ${look.memory}  ${look.type} ${sizeText(model.size(look.level))}  ` +
		look.flags.join(' ') : look.type);
}
// Whose tables a place in the strip is about: of what was removed, those before.
const modelOf = ({lane, address}) => lane === lanes.length - 1 ? models.at(-1) : lane === 0 ? models[0] :
	models[changes.some((c) => c.kind === 1 && c.first <= address && address <= c.last) ? 0 : 1];

strip.onhover = (spot) => {
	if (!spot) { if (!chosen) at('here').textContent = ''; return; }
	const model = modelOf(spot), found = spot.hole ? null : model.leafAt(spot.address);
	if (found) say(model, found.r, spot.address);
	else at('here').textContent = hex(spot.address, model.digits) + '  nothing is mapped here';
};
strip.onchoose = (spot) => {
	const model = modelOf(spot), found = spot.hole ? null : model.leafAt(spot.address);
	if (found) choose(model, found.r, found.n);
};
strip.onchange = () => {
	const [first, last] = strip.range();
	at('range').textContent = `${hex(first, strip.digits)}-${hex(last, strip.digits)}`;
};
tree.onchoose = ({r, table}) => {
	const model = models[current];
	if (r < 0) return;
	showDescriptor(model, r, 0);
	const first = model.runs.first[r];
	strip.choose(first, model.end(r), table === undefined);
	say(model, r, first);
	chosen = {model, r};
};

// Up and down in the strip: the run before, or behind.
function step(by) {
	const model = chosen ? chosen.model : models.at(-1);
	if (!model.leaves.length) return;
	let i = chosen ? model.leafIndex(model.runs.first[chosen.r]) : strip.chosen === null ? -1 : 0;
	if (chosen && !isLeaf(model.look(chosen.r)) && by > 0) i--;
	i = Math.max(0, Math.min(model.leaves.length - 1, i + by));
	choose(model, model.leaves[i], 0);
}
at('strip').addEventListener('keydown', (e) => {
	const act = {
		'+': () => strip.zoom(2), '=': () => strip.zoom(2), '-': () => strip.zoom(0.5),
		ArrowLeft: () => strip.pan(-0.1), ArrowRight: () => strip.pan(0.1),
		ArrowUp: () => step(-1), ArrowDown: () => step(1),
		Home: () => strip.home(), Enter: () => tree.focus(tree.current || tree.body.firstElementChild),
	}[e.key];
	if (!act || e.ctrlKey || e.altKey || e.metaKey) return;
	e.preventDefault();
	act();
});
at('zoom-in').addEventListener('click', () => strip.zoom(2));
at('zoom-out').addEventListener('click', () => strip.zoom(0.5));
at('home').addEventListener('click', () => strip.home());
at('to-scale').addEventListener('change', (e) => strip.toScale(e.target.checked));

function showLegend() {
	const seen = new Map();
	for (const model of models)
		for (const look of model.looks)
			if (isLeaf(look)) {
				const paint = paintOf(look);
				seen.set(`${look.access} ${look.memory} ${sizeText(model.size(look.level))}`, paint);
			}
	const paints = [...seen].sort().slice(0, 24);
	if (models.length > 1) changePaints.forEach((p) => paints.push([p.label, p]));
	at('legend').replaceChildren(...paints.map(([label, paint]) => {
		const canvas = element('canvas', {'aria-hidden': 'true'}), ratio = devicePixelRatio || 1;
		canvas.width = 26 * ratio;
		canvas.height = 18 * ratio;
		const c = canvas.getContext('2d');
		c.scale(ratio, ratio);
		c.fillStyle = strip.colour(paint.colour);
		c.fillRect(0, 18 * (1 - paint.height), 26, 18 * paint.height);
		if (paint.memory && paint.memory !== 'normal') {
			c.fillStyle = patternFor(c, paint.memory, strip.ink);
			c.fillRect(0, 18 * (1 - paint.height), 26, 18 * paint.height);
		}
		return element('li', {}, canvas, element('span', {class: 'mono'}, label));
	}));
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => requestAnimationFrame(showLegend));

function showFacts(model) {
	const bytes = 2 ** (model.input_bits - 10);
	at('facts').textContent = `VTCR_EL2 ${model.vtcr}: ${model.vtcr_means}; root at ${model.root}; ` +
		`${model.fwb ? 'with' : 'without'} HCR_EL2.FWB; ${sizeText(bytes * 1024)} of IPA space`;
}

// Tables and what they cost, by level.
function showCost(model) {
	const levels = [], total = {tables: 0, bytes: 0, leaves: 0, mapped: 0};
	for (let level = model.start; level <= 3; level++) levels.push({level, tables: 0, bytes: 0, used: 0, leaves: 0, mapped: 0});
	const of = (level) => levels[level - model.start];
	model.tables.forEach((t, i) => {
		const n = i ? 1 : model.root_tables;
		of(t.level).tables += n;
		of(t.level).bytes += n * 2 ** model.page_shift;
	});
	for (let r = 0; r < model.runs.length; r++) {
		const look = model.look(r), l = of(look.level), count = model.runs.count[r];
		l.used += count;
		if (!isLeaf(look)) continue;
		l.leaves += count;
		l.mapped += count * model.size(look.level);
	}
	const cell = (tag, text) => element(tag, {class: 'number'}, String(text));
	const row = (name, l) => element('tr', {}, element('td', {}, name), cell('td', l.tables), cell('td', sizeText(l.bytes)),
		cell('td', l.leaves), cell('td', sizeText(l.mapped)));
	for (const l of levels) for (const k of Object.keys(total)) total[k] += l[k];
	at('cost').replaceChildren(element('thead', {}, element('tr', {}, element('th', {}, ''), cell('th', 'tables'), cell('th', 'bytes'),
		cell('th', 'leaves'), cell('th', 'mapped'))),
		element('tbody', {}, ...levels.map((l) => row('level ' + l.level, l)), row('all', total)));
	at('cost-sum').textContent = total.mapped ?
		`The tables take ${percentText(total.bytes, total.mapped)}% of what they map.` : 'Nothing is mapped.';
}

// Which model the tables, the facts and the cost are of.
function select(i) {
	current = i;
	for (const input of document.querySelectorAll('#which input')) input.checked = Number(input.value) === i;
	tree.current = null;
	tree.show(models[i]);
	showFacts(models[i]);
	showCost(models[i]);
}
at('which').addEventListener('change', (e) => select(Number(e.target.value)));

// What a change is about, in words.
function explain({first, kind}) {
	const side = (m) => {
		const {r, n} = m.leafAt(first), look = m.look(r), size = m.size(look.level);
		const off = BigInt(first - m.runs.first[r] - n * size);
		return {permission: look.access, memory: look.memory, output: '0x' + hex(m.output(r, n) + off),
			size: sizeText(size), flags: look.flags.join(' ')};
	};
	if (kind !== 2) {
		const s = side(models[kind ? 0 : 1]);
		return `${s.permission} ${s.memory} ${s.size} → ${s.output} ${s.flags}`;
	}
	const a = side(models[0]), b = side(models[1]);
	return Object.keys(a).filter((k) => a[k] !== b[k]).map((k) => `${k} ${a[k]} → ${b[k]}`).join(', ');
}
function showChanges() {
	const most = 500, bytes = [0, 0, 0];
	for (const c of changes) bytes[c.kind] += c.last - c.first + 1;
	at('changes-section').hidden = false;
	at('which').hidden = false;
	at('changes-sum').textContent = changes.length ? KINDS.map((k, i) => `${sizeText(bytes[i])} ${k}`).join(', ') +
		` (${plural(changes.length, 'range')}${changes.length > most ? `, the first ${most} are listed` : ''})` : 'Nothing.';
	at('changes-table').append(element('tbody', {}, ...changes.slice(0, most).map((c) => {
		const chip = element('span', {class: 'chip'}, `${SIGNS[c.kind]} ${KINDS[c.kind]}`);
		chip.style.background = `var(--${KINDS[c.kind]})`;
		const row = element('tr', {tabindex: 0}, element('td', {}, chip),
			element('td', {}, `${hex(c.first, strip.digits)}-${hex(c.last, strip.digits)}`), element('td', {class: 'wrap'}, explain(c)));
		const go = () => {
			const model = models[c.kind === 1 ? 0 : 1], {r, n} = model.leafAt(c.first);
			choose(model, r, n);
		};
		row.addEventListener('click', go);
		row.addEventListener('keydown', (e) => { if (e.key === 'Enter') go(); });
		return row;
	})));
}

select(current);
strip.draw();
strip.onchange();
showLegend();
if (models.length > 1) showChanges();

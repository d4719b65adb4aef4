// SPDX-License-Identifier: GPL-2.0-only
#include "views.hpp"

#include "text.hpp"

#include "guest/ranges.hpp"
#include "stage2/numbers.hpp"
#include "stage2/tables_bin.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace stage2
{

namespace
{

using vmsa::Ipa;

const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

// On the CPU that asks.
const char *whose_el2()
{
	switch (engine::kind()) {
	case engine::Kind::vhe:
		return "the kernel's";
	case engine::Kind::nvhe:
		return engine::is_ready() ? "ours now" : "KVM's now";
	default:
		return "not ours";
	}
}

// Those of this module's own table. What the kernel works around, its log tells.
void print_errata(seq_file *out)
{
	const char *before = "";

	kernel_print(out, "errata         ");
	for (size_t i = 0; i < std::size(engine::errata::table); i++) {
		if (!engine::machine().errata.of(i))
			continue;
		kernel_print(out, "%s%s", before, engine::errata::table[i].name);
		before = ",";
	}
	kernel_print(out, "%s\n", *before ? "" : "none");
}

// What an exit does about it.
void print_speculation(seq_file *out)
{
	static constexpr const char *histories[] = {"not affected", "by hardware", "by CLRBHB",
						    "loop",	    "by firmware", "not mitigated",
						    "switched off"};
	static constexpr const char *targets[] = {"not affected", "by firmware", "not mitigated",
						  "switched off"};
	const engine::Speculation &s = engine::machine().speculation;

	kernel_print(out, "branch_history %s", histories[static_cast<size_t>(s.history)]);
	if (s.rounds)
		kernel_print(out, " of %u", s.rounds);
	kernel_print(out, "\nbranch_targets %s\n", targets[static_cast<size_t>(s.targets)]);
}

} // namespace

void show_features(Guest *, seq_file *out, stage2_cursor *cursor)
{
	const kernel_features &f = engine::machine().features;

	kernel_print(out, "engine         %s (%s)\n", engine::name(), engine::about());
	kernel_print(out, "el2            %s\n", whose_el2());
	kernel_print(out, "kernel         %s, %s pages\n", f.at_el2 ? "at EL2 (VHE)" : "at EL1",
		     numbers::exact_size(kernel_page_size()).chars);
	kernel_print(out, "pa_bits        %u\n", f.pa_bits);
	kernel_print(out, "ipa_bits       %u..%u\n", vmsa::min_stage2_bits,
		     std::max({Space::most_ipa_bits(f, 12), Space::most_ipa_bits(f, 14),
			       Space::most_ipa_bits(f, 16)}));
	kernel_print(out, "granules       %s%s%s\n", f.granule_4k ? "4K " : "",
		     f.granule_16k ? "16K " : "", f.granule_64k ? "64K" : "");
	kernel_print(out, "lpa2           %s\n", yes_no(f.lpa2_4k || f.lpa2_16k));
	kernel_print(out, "vmid_bits      %u\n", f.vmid16 ? 16 : 8);
	kernel_print(out, "access_flag    %s\n", f.access_flag ? "hardware" : "by faults");
	kernel_print(out, "dirty_state    %s\n", f.dirty_state ? "hardware" : "by faults");
	kernel_print(out, "xnx            %s\n", yes_no(f.xnx));
	kernel_print(out, "fwb            %s\n", yes_no(f.fwb));
	kernel_print(out, "tlb_range      %s\n", yes_no(f.range_tlbi));
	kernel_print(out, "ttl            %s\n", yes_no(f.ttl));
	kernel_print(out, "bbm            level %u\n", f.bbm);
	print_errata(out);
	print_speculation(out);
	cursor->done = true;
}

namespace
{

// Who notes accesses and writes, and what the guest's faults are answered with.
void show_policy(const Guest &guest, seq_file *out)
{
	const kernel_features &f = engine::machine().features;

	kernel_print(out, "accessed   %s%s\n", f.access_flag ? "hardware" : "by faults",
		     guest.policy.report_accesses ? ", reported" : "");
	kernel_print(out, "dirty      %s, %zu regions\n", f.dirty_state ? "hardware" : "by faults",
		     guest.policy.dirty.all().size());
	kernel_print(out, "demand     %zu regions\n", guest.policy.demand.all().size());
}

} // namespace

void show_config(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const Space &space = *guest->space;
	const auto &g = space.geometry();
	const engine::Stage2Registers registers =
		space.tlb().admitted() ? space.tlb().registers() : space.registers();

	kernel_print(out, "name       %s\n", guest->name);
	kernel_print(out, "engine     %s\n", engine::name());
	kernel_print(out, "granule    %s\n", numbers::exact_size(guest->page()).chars);
	kernel_print(out, "ipa_bits   %u\n", g.input_bits);
	kernel_print(out, "start      level %d, %u %s\n", g.start, g.root_tables,
		     g.root_tables == 1 ? "table" : "concatenated tables");
	kernel_print(out, "vtcr_el2   0x%016lx\n", registers.vtcr);
	kernel_print(out, "vttbr_el2  0x%016lx\n", registers.vttbr);
	kernel_print(out, "ram        %s\n", numbers::exact_size(guest->ram.size()).chars);
	kernel_print(out, "vcpus      %u\n", guest->vcpus.count());
	show_policy(*guest, out);
	cursor->done = true;
}

namespace
{

using Row = Space::Row;

// One line for both? Whether they were accessed is for another file.
bool same_line(const Row &row, const Row &next)
{
	const auto &a = row.attributes;
	const auto &b = next.attributes;

	return next.region.first == row.region.last + 1 && next.level == row.level &&
	       permitted(a) == permitted(b) && a.memory == b.memory &&
	       std::string_view{dirty_text(a)} == dirty_text(b);
}

bool next_line(const Space &space, Ipa from, Row &row)
{
	Row next;

	if (!space.next_row(from, row))
		return false;
	while (space.next_row(row.region.last + 1, next) && same_line(row, next)) {
		row.region.last = next.region.last;
		row.leaves += next.leaves;
	}
	return true;
}

} // namespace

void show_maps(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	Row row;

	if (!next_line(*guest->space, Ipa{cursor->at}, row)) {
		cursor->done = true;
		return;
	}

	const int digits = ipa_digits(*guest);

	kernel_print(out, "%0*lx-%0*lx %s %s  %lu x %s%s\n", digits, row.region.first.raw(), digits,
		     row.region.last.raw(), access_text(permitted(row.attributes)).chars,
		     memory_text(row.attributes.memory), row.leaves,
		     numbers::exact_size(guest->space->format().size(row.level)).chars,
		     dirty_text(row.attributes));
	cursor->at = row.region.last.raw() + 1;
	cursor->done = row.region.last.raw() == guest->space->geometry().last_input();
}

namespace
{

Space::Cursor load_cursor(const stage2_cursor &c)
{
	return c.started ? Space::Cursor{Ipa{c.at}, c.level, c.done} : Space::Cursor{};
}

void save_cursor(const Space::Cursor &from, stage2_cursor &to)
{
	to = {.at = from.at.raw(),
	      .level = from.level,
	      .started = true,
	      .done = from.done,
	      .taken = nullptr};
}

} // namespace

void show_tables(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	Space::Cursor c = load_cursor(*cursor);
	Space::Step step;

	if (guest->space->next_step(c, step)) {
		const int indent = 2 * (step.level - guest->space->geometry().start);

		kernel_print(out, "%*slevel %d [0x%03zx] %0*lx 0x%016lx ", indent, "", step.level,
			     step.index, ipa_digits(*guest), step.first.raw(), step.descriptor);
		print_descriptor(out, *guest->space, step.descriptor, step.level);
	}
	save_cursor(c, *cursor);
}

namespace
{

void print_table(const Guest &guest, seq_file *out, const vmsa::Descriptor *table, Ipa first,
		 vmsa::Level level)
{
	const size_t count = guest.space->entries(level);
	const stage2_tables_table record = {.pa = guest.tables.physical(table).raw(),
					    .first = first.raw(),
					    .level = level,
					    .descriptors = static_cast<unsigned int>(count)};

	kernel_print_bytes(out, &record, sizeof(record));
	kernel_print_bytes(out, table, count * sizeof(*table));
}

void print_header(const Guest &guest, seq_file *out)
{
	const Space &space = *guest.space;
	const auto &g = space.geometry();
	const engine::Stage2Registers registers = space.registers();
	stage2_tables_header header = {
		.magic = {},
		.version = STAGE2_TABLES_VERSION,
		.granule_shift = static_cast<unsigned short>(space.format().page_shift),
		.flags = static_cast<unsigned short>(space.format().fwb ? STAGE2_TABLES_FWB : 0),
		.input_bits = g.input_bits,
		.start_level = g.start,
		.vtcr = registers.vtcr,
		.root = guest.tables.physical(space.root()).raw()};

	std::memcpy(header.magic, STAGE2_TABLES_MAGIC, sizeof(header.magic));
	kernel_print_bytes(out, &header, sizeof(header));
}

} // namespace

void show_tables_bin(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const Space &space = *guest->space;

	if (!cursor->started) {
		print_header(*guest, out);
		print_table(*guest, out, space.root(), Ipa{}, space.geometry().start);
		*cursor = {.at = 0,
			   .level = space.geometry().start,
			   .started = true,
			   .done = false,
			   .taken = nullptr};
		return;
	}

	Space::Cursor c = load_cursor(*cursor);
	Space::Step step;

	if (space.next_table(c, step))
		print_table(*guest, out, space.child(step.descriptor), step.first, step.level + 1);
	save_cursor(c, *cursor);
}

void show_walk(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const Ipa ipa = guest->walk_ipa;
	vmsa::Level reached = 0;

	cursor->done = true;
	if (!guest->walk_given) {
		kernel_print(out, "write an IPA first\n");
		return;
	}
	guest->space->steps(ipa, [&](vmsa::Level level, size_t index, vmsa::Descriptor d) {
		kernel_print(out, "level %d [0x%03zx] 0x%016lx ", level, index, d);
		print_descriptor(out, *guest->space, d, level);
		reached = level;
	});

	Space::Found found;

	if (guest->space->translate(ipa, found))
		kernel_print(out, "0x%lx -> 0x%lx\n", ipa.raw(), found.pa.raw());
	else
		kernel_print(out, "0x%lx -> translation fault, level %d\n", ipa.raw(), reached);
}

void show_stats(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const Space &space = *guest->space;
	const auto census = space.census();
	uint64_t mapped = 0;

	for (vmsa::Level level = space.geometry().start; level <= vmsa::last_level; level++)
		mapped += census.leaves[level] * space.format().size(level);
	kernel_print(out, "tables         %lu\n", census.tables);
	kernel_print(out, "table_bytes    %zu\n", guest->tables.used());
	kernel_print(out, "mapped_bytes   %lu\n", mapped);
	kernel_print(out, "ram_bytes      %lu\n", guest->ram.size());
	for (vmsa::Level level = space.geometry().start; level <= vmsa::last_level; level++) {
		if (space.format().allows_leaf(level))
			kernel_print(out, "leaves_%-8s%lu\n",
				     numbers::exact_size(space.format().size(level)).chars,
				     census.leaves[level]);
	}
	kernel_print(out, "splits         %lu\n", space.breaks());
	kernel_print(out, "invalidations  %lu\n", space.tlb().invalidations());
	kernel_print(out, "runs           %lu\n", guest->counters.runs);
	kernel_print(out, "exits          %lu\n", guest->counters.exits);
	kernel_print(out, "interrupts     %lu\n", guest->counters.interrupts);
	kernel_print(out, "faults         %lu\n", guest->vcpus.sum(&Vcpu::faults));
	kernel_print(out, "demand_pages   %lu\n", guest->vcpus.sum(&Vcpu::demand_pages));
	cursor->done = true;
}

void show_ranges(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const auto &ranges = *static_cast<const Ranges *>(cursor->taken);
	const int digits = ipa_digits(*guest);

	if (cursor->at < ranges.count()) {
		const Ranges::Region &range = ranges[cursor->at++];

		kernel_print(out, "%0*lx-%0*lx\n", digits, range.first.raw(), digits,
			     range.last.raw());
	}
	cursor->done = cursor->at >= ranges.count();
}

// A region a call: cursor->at is the first IPA that was not looked at.
void show_demand(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const int digits = ipa_digits(*guest);

	for (const DemandRegion &d : guest->policy.demand.all()) {
		kernel_print(out, "%0*lx-%0*lx %s %s  max %s  %lu pages\n", digits,
			     d.region.first.raw(), digits, d.region.last.raw(),
			     access_text(d.attributes.access).chars,
			     memory_text(d.attributes.memory),
			     numbers::exact_size(guest->space->format().size(d.largest)).chars,
			     __atomic_load_n(&d.bytes, __ATOMIC_RELAXED) / guest->page());
	}
	cursor->done = true;
}

} // namespace stage2

// SPDX-License-Identifier: GPL-2.0-only
#include "views.hpp"

#include "stage2/tables_bin.h"
#include "text.hpp"

#include <cstring>

namespace stage2
{

namespace
{

using Format = Guest::Format;
using Granule = Format::Granule;
using vmsa::Ipa;

const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

// An IPA is printed as wide as the widest of its guest.
int ipa_digits(const Guest &guest)
{
	return static_cast<int>((guest.tree().geometry().input_bits + 3) / 4);
}

} // namespace

void show_features(Guest *, seq_file *out, stage2_cursor *cursor)
{
	kernel_features f;

	kernel_read_features(&f);
	kernel_print(out, "engine         %s (%s)\n", engine::name(), engine::about());
	kernel_print(out, "kernel         %s, %luK pages\n", f.at_el2 ? "at EL2 (VHE)" : "at EL1",
		     kernel_page_size() >> 10);
	kernel_print(out, "pa_bits        %u\n", f.pa_bits);
	kernel_print(out, "ipa_bits       %u..%u\n", vmsa::min_stage2_bits,
		     f.pa_bits < vmsa::max_stage2_bits ? f.pa_bits : vmsa::max_stage2_bits);
	kernel_print(out, "granules       %s%s%s\n", f.granule_4k ? "4K " : "",
		     f.granule_16k ? "16K " : "", f.granule_64k ? "64K" : "");
	kernel_print(out, "lpa2           %s\n", yes_no(f.lpa2_4k));
	kernel_print(out, "vmid_bits      %u\n", f.vmid16 ? 16 : 8);
	kernel_print(out, "access_flag    %s\n", f.access_flag ? "hardware" : "by faults");
	kernel_print(out, "dirty_state    %s\n", f.dirty_state ? "hardware" : "by faults");
	kernel_print(out, "xnx            %s\n", yes_no(f.xnx));
	kernel_print(out, "fwb            %s\n", yes_no(f.fwb));
	kernel_print(out, "tlb_range      %s\n", yes_no(f.range_tlbi));
	kernel_print(out, "ttl            %s\n", yes_no(f.ttl));
	kernel_print(out, "bbm            level %u\n", f.bbm);
	cursor->done = true;
}

void show_config(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const auto &tree = guest->tree();
	const auto &g = tree.geometry();

	kernel_print(out, "name       %s\n", guest->name);
	kernel_print(out, "engine     %s\n", engine::name());
	kernel_print(out, "granule    %s\n", size_text(Granule::page_size).chars);
	kernel_print(out, "ipa_bits   %u\n", g.input_bits);
	kernel_print(out, "start      level %d, %u %s\n", g.start, g.root_tables,
		     g.root_tables == 1 ? "table" : "concatenated tables");
	kernel_print(out, "vtcr_el2   0x%016lx\n", engine::vtcr_of(guest->tree().geometry()));
	kernel_print(out, "vttbr_el2  0x%016lx\n",
		     guest->tlb.admitted() ? guest->tlb.registers().vttbr
					   : vmsa::vttbr<Format>(tree.root_address(), 0));
	kernel_print(out, "ram        %s\n", size_text(guest->ram.size()).chars);
	cursor->done = true;
}

void show_maps(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	vmsa::Row<Format> row;

	if (!next_row(guest->tree(), Ipa{cursor->at}, row)) {
		cursor->done = true;
		return;
	}

	const int digits = ipa_digits(*guest);

	kernel_print(out, "%0*lx-%0*lx %s %s  %lu x %s\n", digits, row.region.first.raw(), digits,
		     row.region.last.raw(), access_text(row.attributes.access).chars,
		     memory_text(row.attributes.memory), row.leaves,
		     size_text(Granule::size(row.level)).chars);
	cursor->at = row.region.last.raw() + 1;
	cursor->done = row.region.last.raw() == guest->tree().geometry().last_input();
}

namespace
{

using TreeCursor = vmsa::TableCursor<Guest::Tree>;
using TreeStep = vmsa::TableStep<Guest::Tree>;

TreeCursor load_cursor(const stage2_cursor &c)
{
	return c.started ? TreeCursor{Ipa{c.at}, c.level, c.done} : TreeCursor{};
}

void save_cursor(const TreeCursor &from, stage2_cursor &to)
{
	to = {.at = from.at.raw(), .level = from.level, .started = true, .done = from.done};
}

} // namespace

void show_tables(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	TreeCursor c = load_cursor(*cursor);
	TreeStep step;

	if (next_step(guest->tree(), c, step)) {
		const int indent = 2 * (step.level - guest->tree().geometry().start);

		kernel_print(out, "%*slevel %d [0x%03zx] %0*lx 0x%016lx ", indent, "", step.level,
			     step.index, ipa_digits(*guest), step.first.raw(), step.descriptor);
		print_descriptor(out, step.descriptor, step.level);
	}
	save_cursor(c, *cursor);
}

namespace
{

void print_table(const Guest &guest, seq_file *out, const vmsa::Descriptor *table, Ipa first,
		 vmsa::Level level)
{
	const size_t count = guest.tree().entries(level);
	const stage2_tables_table record = {.pa = guest.tables.physical(table).raw(),
					    .first = first.raw(),
					    .level = level,
					    .descriptors = static_cast<unsigned int>(count)};

	kernel_print_bytes(out, &record, sizeof(record));
	kernel_print_bytes(out, table, count * sizeof(*table));
}

void print_header(const Guest &guest, seq_file *out)
{
	const auto &g = guest.tree().geometry();
	stage2_tables_header header = {.magic = {},
				       .version = STAGE2_TABLES_VERSION,
				       .granule_shift = Granule::page_shift,
				       .input_bits = g.input_bits,
				       .start_level = g.start,
				       .vtcr = engine::vtcr_of(g),
				       .root = guest.tree().root_address().raw()};

	std::memcpy(header.magic, STAGE2_TABLES_MAGIC, sizeof(header.magic));
	kernel_print_bytes(out, &header, sizeof(header));
}

} // namespace

void show_tables_bin(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const auto &tree = guest->tree();

	if (!cursor->started) {
		print_header(*guest, out);
		print_table(*guest, out, tree.root(), Ipa{}, tree.geometry().start);
		*cursor = {.at = 0, .level = tree.geometry().start, .started = true, .done = false};
		return;
	}

	TreeCursor c = load_cursor(*cursor);
	TreeStep step;

	while (next_step(tree, c, step)) {
		if (Format::is_table(step.descriptor, step.level)) {
			print_table(*guest, out, tree.child(step.descriptor), step.first,
				    step.level + 1);
			break;
		}
	}
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
	guest->tree().steps(
		ipa, [&](vmsa::Level level, size_t index, vmsa::Pa, vmsa::Descriptor d) {
			kernel_print(out, "level %d [0x%03zx] 0x%016lx ", level, index, d);
			print_descriptor(out, d, level);
			reached = level;
		});

	const auto translation = guest->tree().translate(ipa);

	if (translation)
		kernel_print(out, "0x%lx -> 0x%lx\n", ipa.raw(), translation.value().pa.raw());
	else
		kernel_print(out, "0x%lx -> translation fault, level %d\n", ipa.raw(), reached);
}

void show_stats(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const auto &tree = guest->tree();
	const auto census = vmsa::census(tree);
	uint64_t mapped = 0;

	for (vmsa::Level level = tree.geometry().start; level <= vmsa::last_level; level++)
		mapped += census.leaves[level] << Granule::shift(level);
	kernel_print(out, "tables         %lu\n", census.tables);
	kernel_print(out, "table_bytes    %zu\n", guest->tables.used());
	kernel_print(out, "mapped_bytes   %lu\n", mapped);
	kernel_print(out, "ram_bytes      %lu\n", guest->ram.size());
	for (vmsa::Level level = tree.geometry().start; level <= vmsa::last_level; level++) {
		if (Format::allows_leaf(level))
			kernel_print(out, "leaves_%-8s%lu\n", size_text(Granule::size(level)).chars,
				     census.leaves[level]);
	}
	kernel_print(out, "splits         %lu\n", guest->mapping.breaks());
	kernel_print(out, "invalidations  %lu\n", guest->tlb.invalidations());
	cursor->done = true;
}

} // namespace stage2

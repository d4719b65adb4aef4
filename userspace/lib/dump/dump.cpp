// SPDX-License-Identifier: GPL-2.0-only
#include "dump.hpp"

#include <algorithm>
#include <utility>

namespace dump
{

// The library's view of where tables live. read() has seen to it that every pointer() there is to ask
// for is there.
class Dump::Memory {
    public:
	explicit Memory(const Dump &dump) : dump_{dump}
	{
	}

	vmsa::Descriptor *allocate(size_t) // the root, once
	{
		return descriptors(dump_.tables_[0]);
	}
	void free(vmsa::Descriptor *, size_t)
	{
	}
	vmsa::Pa physical(vmsa::Descriptor *table)
	{
		return vmsa::Pa{dump_.table_of(table).pa};
	}
	vmsa::Descriptor *pointer(vmsa::Pa pa)
	{
		return descriptors(*dump_.find(pa.raw()));
	}

    private:
	// Nothing here writes to them.
	vmsa::Descriptor *descriptors(const Table &table)
	{
		return const_cast<vmsa::Descriptor *>(dump_.begin_of(table));
	}

	const Dump &dump_;
};

// use(a library's Tree)
template <class Use> auto Dump::with_tree(const Use &use) const
{
	return formats::with_stage2_format(format(), [&]<class F>() {
		Memory memory{*this};
		vmsa::Tree<F, Memory> tree{memory};

		(void)tree.create(geometry());
		return use(static_cast<const vmsa::Tree<F, Memory> &>(tree));
	});
}

size_t Dump::descriptors_of(const Table &table) const
{
	const size_t next = static_cast<size_t>(&table - tables_.data()) + 1;

	return (next < tables_.size() ? tables_[next].at : descriptors_.size()) - table.at;
}

uint64_t Dump::table_bytes() const
{
	return (geometry().root_tables + tables_.size() - 1) << format().page_shift;
}

// All but the root are of one size.
const Table &Dump::table_of(const vmsa::Descriptor *descriptor) const
{
	const auto at = static_cast<size_t>(descriptor - descriptors_.data());
	const size_t root = descriptors_of(tables_[0]);

	return tables_[at < root ? 0 : 1 + ((at - root) >> (format().page_shift - 3))];
}

void Dump::index()
{
	by_pa_.resize(tables_.size());
	for (uint32_t i = 0; i < by_pa_.size(); i++)
		by_pa_[i] = i;
	std::ranges::sort(by_pa_, {}, [&](uint32_t i) { return std::pair{tables_[i].pa, i}; });
}

const Table *Dump::find(uint64_t pa) const
{
	const auto found =
		std::ranges::lower_bound(by_pa_, pa, {}, [&](uint32_t i) { return tables_[i].pa; });

	return found != by_pa_.end() && tables_[*found].pa == pa ? &tables_[*found] : nullptr;
}

void Dump::write(const Sink &sink) const
{
	sink(&header_, sizeof(header_));
	for (const Table &table : tables_) {
		const auto count = static_cast<unsigned>(descriptors_of(table));
		const stage2_tables_table record = {table.pa, table.first, table.level, count};

		sink(&record, sizeof(record));
		sink(begin_of(table), count * sizeof(vmsa::Descriptor));
	}
}

void Dump::for_each_row(rows::Detail detail,
			const std::function<void(const rows::Row &)> &visit) const
{
	with_tree([&](const auto &tree) { rows::for_each_row(tree, detail, visit); });
}

namespace
{

template <class T>
void steps_below(const T &tree, const vmsa::Descriptor *table, vmsa::Level level, uint64_t first,
		 const std::function<void(const Step &)> &visit)
{
	const uint64_t pa = tree.memory().physical(const_cast<vmsa::Descriptor *>(table)).raw();

	for (size_t i = 0; i < tree.entries(level); i++) {
		const vmsa::Descriptor d = table[i];
		const uint64_t at = first + (uint64_t{i} << T::Granule::shift(level));

		if (!d)
			continue;
		visit({level, i, at, pa, d});
		if (T::Format::is_table(d, level))
			steps_below(tree, tree.child(d), level + 1, at, visit);
	}
}

} // namespace

void Dump::for_each_step(const std::function<void(const Step &)> &visit) const
{
	with_tree([&](const auto &tree) {
		steps_below(tree, tree.root(), tree.geometry().start, 0, visit);
	});
}

std::vector<Step> Dump::walk(uint64_t input) const
{
	std::vector<Step> steps;

	with_tree([&]<class T>(const T &tree) {
		tree.steps(typename T::Input{input}, [&](vmsa::Level level, size_t index,
							 vmsa::Pa table, vmsa::Descriptor d) {
			const uint64_t size = T::Granule::size(level);

			steps.push_back({level, index, input & ~(size - 1), table.raw(), d});
		});
	});
	return steps;
}

vmsa::Census Dump::census() const
{
	return with_tree([](const auto &tree) { return vmsa::census(tree); });
}

} // namespace dump

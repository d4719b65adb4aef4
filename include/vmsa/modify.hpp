// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Modify: call an updater for each leaf, and write the attributes that it returns. It gets and returns attributes,
// so it can neither make a table nor change an output. If it returns the attributes unchanged, nothing is written,
// because leaves that others made may have bits for which there is no attribute. It cannot set the contiguous
// hint: a group keeps its hint if all of it changes alike.
//
//   update(region, attributes) -> attributes
//
// It is called once or more for a leaf: to find out what is needed, to do it, and again if hardware changed the leaf in
// between, or could have. For the same arguments it must return the same, and do nothing else.
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/edit.hpp"

namespace vmsa
{

template <class U, class Format>
concept AttributeUpdate = requires(const U &update, Region<typename Format::Input> region,
				   typename Format::Attributes a)
{
	{
		update(region, a)
		} -> std::convertible_to<typename Format::Attributes>;
};

template <class Format, class Update> struct UpdateLeaves : LeafOperation {
	static constexpr bool uniform = false;

	using Input = typename Format::Input;

	const Update &update;
	const ChangeRules &rules;

	constexpr auto before(Descriptor d) const
	{
		return rules.mair.decode(Format::attributes(d));
	}

	// An index that another one of the same type stands beside stays.
	template <class Attributes>
	constexpr Attributes after(Region<Input> region, const Attributes &before) const
	{
		const Attributes a = update(region, before);

		return a.memory == before.memory ? a : rules.mair.encode(a);
	}

	// Where the region is only a part of a block, the updater sees what the cut will make of it.
	constexpr Errc check(Descriptor d, Region<Input> region, Level) const
	{
		const auto before = this->before(d);
		const auto after = this->after(region, before);
		auto unnoted = after;

		// Only what the updater changed can be at fault, and what is noted contradicts nothing.
		unnoted.software = before.software;
		unnoted.accessed = before.accessed;
		if (rules.missing(after) & ~features_asked(before))
			return Errc::reserved_attributes;
		if (!(unnoted == before))
			return Format::check(after);
		return Format::software.get(Format::software.put(after.software)) == after.software
			       ? Errc::none
			       : Errc::reserved_attributes;
	}

	constexpr Descriptor edit(Descriptor d, Region<Input> region, Level) const
	{
		const auto before = this->before(d);
		const Descriptor after = Format::encode(this->after(region, before));
		const Descriptor bits = Format::whole_fields(after ^ Format::encode(before)) &
					Format::encoded_bits & ~Format::contiguous;

		return (d & ~bits) | (after & bits);
	}
};

// Calls update(region, attributes) for each leaf of `region`, all of which must be mapped. Errors: those of
// check_region; not_mapped (naming the hole); reserved_attributes (also if the machine lacks a feature for it),
// forbidden_attributes, no_memory and needs_break (naming the leaf).
template <AnyTree T, AnyBatch Batch, AttributeUpdate<typename T::Format> Update>
constexpr Result<void> modify(T &tree, Batch &batch, Region<typename T::Input> region,
			      const Update &update)
{
	if (const Error e = check_region(tree, region); e.code != Errc::none)
		return e;

	const UpdateLeaves<typename T::Format, Update> operation{{}, update, batch.rules()};

	return edit(tree, batch, operation, region);
}

// How many tables would that take? Errors: as modify, but for no_memory.
template <AnyTree T, AttributeUpdate<typename T::Format> Update>
constexpr Result<size_t> tables_to_modify(const T &tree, const ChangeRules &rules,
					  Region<typename T::Input> region, const Update &update)
{
	return tables_to_edit(tree, rules,
			      UpdateLeaves<typename T::Format, Update>{{}, update, rules}, region);
}

} // namespace vmsa

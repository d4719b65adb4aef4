// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Image: tables for another machine, or for later. They are built in a buffer of the caller, for the physical address
// `base` that they will have. Write descriptors(), of bytes() bytes, to a file or to flash; the root comes first.
//
//   Image<Format<El1And0, Granule4K>> image{buffer};       // 64 tables: Descriptor buffer[64 * 512]
//   image.create(stage1_geometry<Granule4K>(39, 40).value(), Pa{0x4000'0000});
//   image.map({Va{0x8000'0000}, 2 * MiB}, Pa{0x8000'0000}, normal | rwx);
//
// Any other change goes through edit(). All of it is constexpr: static_tables.hpp has the compiler
// build an image.
#pragma once

#include "vmsa/geometry.hpp"
#include "vmsa/map.hpp"
#include "vmsa/seen_tables.hpp"
#include "vmsa/tlb.hpp"

#include <bit>
#include <span>

namespace vmsa
{

static_assert(std::endian::native == std::endian::little, "descriptors are stored as they are");

// The TableMemory of an image. An index into the buffer and an address differ by a constant, so allocation is O(1), and
// the bytes contain no pointers.
template <PageGranule Granule> class ImageMemory {
    public:
	// Tables are made in `buffer`, which outlives it.
	constexpr explicit ImageMemory(std::span<Descriptor> buffer) : buffer_{buffer}
	{
	}
	ImageMemory(const ImageMemory &) = delete;
	ImageMemory &operator=(const ImageMemory &) = delete;

	constexpr Pa base() const // where the buffer will lie
	{
		return base_;
	}
	constexpr std::span<const Descriptor> used() const // what was handed out
	{
		return buffer_.first(used_);
	}
	// In bytes, of whole tables.
	constexpr size_t capacity() const
	{
		return buffer_.size() / Granule::entries * Granule::table_bytes;
	}

	// The buffer holds `found` descriptors already, a root first, and that is what is handed out
	// for one.
	constexpr void start(Pa base, size_t found = 0)
	{
		base_ = base;
		found_ = found;
		used_ = free_ = 0;
	}

	constexpr void rebase(Pa base) // another base; the tables are not touched
	{
		base_ = base;
	}

	// The root comes first and `base` is aligned to it; everything else is one table.
	constexpr Descriptor *allocate(size_t bytes)
	{
		const size_t n = bytes / sizeof(Descriptor);
		size_t at = used_;

		if (found_) {
			used_ = found_;
			found_ = 0;
			return buffer_.data();
		}
		if (free_ && n == Granule::entries) {
			at = free_ - 1;
			free_ = buffer_[at] >> link_shift;
		} else if (n > buffer_.size() - used_) {
			return nullptr;
		} else {
			used_ += n;
		}
		for (size_t i = 0; i < n; i++)
			buffer_[at + i] = 0;
		return &buffer_[at];
	}

	// What was allocated last shrinks the image again, so that an operation that failed leaves
	// it as it was. Any other table stays in it, free: its entry 0 links to the next.
	constexpr void free(Descriptor *table, size_t bytes)
	{
		const size_t at = index(table);
		const size_t n = bytes / sizeof(Descriptor);

		if (at + n == used_) {
			used_ = at;
			return;
		}
		buffer_[at] = free_ << link_shift;
		free_ = at + 1;
	}

	constexpr Pa physical(const Descriptor *table) const // where it will lie
	{
		return base_ + index(table) * sizeof(Descriptor);
	}

	constexpr Descriptor *pointer(Pa pa) const // where it is in the buffer
	{
		return buffer_.data() + (pa - base_) / sizeof(Descriptor);
	}

    private:
	// Bit 0 of a free table's entry stays clear.
	static constexpr unsigned link_shift = 1;

	constexpr size_t index(const Descriptor *table) const
	{
		return static_cast<size_t>(table - buffer_.data());
	}

	std::span<Descriptor> buffer_;
	Pa base_;
	size_t found_ = 0;
	size_t used_ = 0;
	size_t free_ = 0; // index of the first free table, plus 1
};

static_assert(TableMemory<ImageMemory<Granule4K>>);

// Tables in a buffer, for a machine that will find them at another address. Locking: one writer, or readers.
template <DescriptorFormat F> class Image {
    public:
	using Format = F;
	using Granule = typename F::Granule;
	using Input = typename F::Input;
	using Memory = ImageMemory<Granule>;

	// `buffer` needs no alignment of its own: only where the bytes will lie counts. It outlives
	// the image.
	constexpr explicit Image(std::span<Descriptor> buffer) : memory_{buffer}, tree_{memory_}
	{
	}

	// Makes an image that maps nothing: only a root. Errors: unaligned_base, beyond_output (the buffer does
	// not fit below the output's end), no_memory.
	constexpr Result<void> create(const Geometry &geometry, Pa base)
	{
		if (const Error e = check_base(geometry, base, memory_.capacity());
		    e.code != Errc::none)
			return e;
		memory_.start(base);
		return tree_.create(geometry);
	}

	// Opens an image: the first `bytes` of the buffer are one for `base`. It checks where each table entry points
	// before it follows the entry, and that no two entries point to one table. Errors: unaligned_base;
	// beyond_output; stray_table, naming an address that is no table of this image; or the entry and the table,
	// if another entry points to it, too; or all tables, if they have more entries than tables.
	constexpr Result<void> open(const Geometry &geometry, Pa base, size_t bytes)
	{
		const size_t root_bytes = geometry.root_bytes<Granule>();
		const Region<Pa> whole{base, bytes};

		if (const Error e = check_base(geometry, base, bytes); e.code != Errc::none)
			return e;
		if (bytes < root_bytes || bytes > memory_.capacity() ||
		    bytes % Granule::table_bytes)
			return Error{Errc::stray_table, whole};
		memory_.start(base, bytes / sizeof(Descriptor));
		if (const auto root = tree_.create(geometry); !root)
			return root;

		// In a loop, or with tables shared, there are more steps to make than tables.
		const Region<Pa> tables = Region<Pa>::inclusive(base + root_bytes, whole.last);

		for (SeenTables seen;; seen = seen.next()) {
			size_t left = (bytes - root_bytes) / Granule::table_bytes;

			if (const Error e =
				    check_below(tree_.root(), geometry.start, tables, seen, left);
			    e.code != Errc::none)
				return e;
			if (!seen.has_more())
				return {};
		}
	}

	// Maps `region` to the contiguous output from `pa` on. Errors: as map(tree, ...).
	constexpr Result<void> map(Region<Input> region, Pa pa,
				   const typename F::Attributes &attributes, MapLimits limits = {})
	{
		return edit([&](auto &tree, auto &batch) {
			return vmsa::map(tree, batch, region, Linear<Input>{region.first, pa},
					 attributes, limits);
		});
	}

	// change(tree, batch): unmap(tree, batch, region), protect(tree, batch, region, access), ...
	template <TreeChange<Tree<F, Memory>, Batch<F, Memory, NoTlb>> Change>
	constexpr Result<void> edit(const Change &change)
	{
		NoTlb nobody;
		constexpr ChangeRules rules{.live = false};
		Batch<F, Memory, NoTlb> batch{memory_, nobody, rules};

		return change(tree_, batch);
	}

	// The same image for another base: every table descriptor is rewritten, every output stays.
	// Errors: unaligned_base, beyond_output.
	constexpr Result<void> relocate(Pa base)
	{
		if (const Error e = check_base(tree_.geometry(), base, bytes());
		    e.code != Errc::none)
			return e;
		move_below(tree_.root(), tree_.geometry().start, base - memory_.base());
		memory_.rebase(base);
		return {};
	}

	constexpr const Tree<F, Memory> &tree() const // for reading
	{
		return tree_;
	}

	// For TTBR or VTTBR: the base.
	constexpr Pa root_address() const
	{
		return memory_.base();
	}

	// What must be at the base on the other machine.
	constexpr std::span<const Descriptor> descriptors() const
	{
		return memory_.used();
	}
	constexpr size_t bytes() const // the size of descriptors()
	{
		return memory_.used().size_bytes();
	}

    private:
	// The root is the largest thing to align, and comes first.
	static constexpr Error check_base(const Geometry &geometry, Pa base, size_t bytes)
	{
		const uint64_t limit = geometry.last_output();

		if (!base.is_aligned(geometry.root_bytes<Granule>()))
			return {Errc::unaligned_base, base.raw(), base.raw()};
		if (base.raw() > limit || bytes > limit - base.raw() + 1)
			return {Errc::beyond_output, base.raw(), base.raw() + bytes - 1};
		return {};
	}

	constexpr Error check_below(const Descriptor *table, Level level, Region<Pa> tables,
				    SeenTables &seen, size_t &left) const
	{
		for (size_t i = 0; i < tree_.entries(level); i++) {
			if (!F::is_table(table[i], level))
				continue;

			const Pa pa = F::next_table(table[i]);

			if (!tables.contains(pa))
				return {Errc::stray_table, pa.raw(), pa.raw()};
			if (seen.again((pa - tables.first) / Granule::table_bytes))
				return {Errc::stray_table, memory_.physical(table + i).raw(),
					pa.raw()};
			if (!left--)
				return {Errc::stray_table, tables};
			if (level + 1 == last_level)
				continue;
			if (const Error e = check_below(tree_.child(table[i]), level + 1, tables,
							seen, left);
			    e.code != Errc::none)
				return e;
		}
		return {};
	}

	// Modulo 2^64, as `by` is. The bits of a table descriptor beside the address stay.
	constexpr void move_below(Descriptor *table, Level level, uint64_t by)
	{
		if (level == last_level)
			return;
		for (size_t i = 0; i < tree_.entries(level); i++) {
			const Descriptor d = table[i];

			if (!F::is_table(d, level))
				continue;

			const Pa pa = F::next_table(d);

			move_below(tree_.child(d), level + 1, by);
			table[i] = d ^ F::encode_output(pa) ^ F::encode_output(pa + by);
		}
	}

	Memory memory_;
	Tree<F, Memory> tree_;
};

} // namespace vmsa

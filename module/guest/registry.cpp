// SPDX-License-Identifier: GPL-2.0-only
#include "registry.hpp"

#include "kernel/kernel.hpp"
#include "stage2/numbers.hpp"
#include "words/error_log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

using stage2::Guest;

stage2_guest::stage2_guest(std::string_view n)
{
	name[n.copy(name, name_bytes - 1)] = '\0';
}

stage2_guest::~stage2_guest()
{
	if (space)
		space->dispose();
}

void stage2_guest_hold(stage2_guest *guest)
{
	__atomic_fetch_add(&guest->holders, 1, __ATOMIC_RELAXED);
}

void stage2_guest_drop(stage2_guest *guest)
{
	if (__atomic_fetch_sub(&guest->holders, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	kernel_lock_destroy(guest->lock);
	guest->~stage2_guest();
	kernel_free(guest);
}

namespace stage2::registry
{

namespace
{

constinit Guest *guests = nullptr; // under the lock
constinit kernel_lock *lock = nullptr;

enum { name_word, granule_word, ipa_bits_word, ram_word, tables_word, vcpus_word, create_words };

// By page_shift.
constexpr Symbol granule_symbols[] = {{"4k", 12}, {"16k", 14}, {"64k", 16}};

constexpr Word words[create_words] = {
	{"name", Word::Kind::name, true},
	{"granule", Word::Kind::symbol, false, granule_symbols},
	{"ipa_bits", Word::Kind::number, false},
	{"ram", Word::Kind::number, false},
	{"tables", Word::Kind::number, false},
	{"vcpus", Word::Kind::number, false},
};

constexpr uint64_t default_page_shift = 12;
constexpr uint64_t default_ipa_bits = 40;
constexpr uint64_t default_ram = 64 * vmsa::MiB;

constexpr bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

// It becomes the name of a folder.
int check_name(const Request &request, const Value &name)
{
	if (name.text.empty())
		return request.refuse(EINVAL, name.column, "the name is empty");
	if (name.text.size() >= Guest::name_bytes)
		return request.refuse(ENAMETOOLONG, name.column,
				      "the name is longer than %zu characters",
				      Guest::name_bytes - 1);
	if (name.text[0] == '.')
		return request.refuse(EINVAL, name.column, "a name cannot begin with a dot");
	for (size_t i = 0; i < name.text.size(); i++) {
		if (!is_name_char(name.text[i]))
			return request.refuse(EINVAL, name.column + i,
					      "a name may have letters, digits, '_', '-' and '.'");
	}
	return 0;
}

// The link that names the guest, or the null one at the end of the list.
Guest **find(std::string_view name)
{
	Guest **link = &guests;

	while (*link && name != (*link)->name)
		link = &(*link)->next;
	return link;
}

// Takes it out of the list: the name is free, and the folder gone.
void unlist(Guest &guest)
{
	*find(guest.name) = guest.next;
	if (guest.dir)
		kernel_guest_dir_remove(guest.dir);
}

// Everything a guest owns but the guest itself. Its files, if any are open, answer ENODEV then, and so
// do threads that run it: they leave first. Without the registry's lock: it can take long.
void end(Guest &guest)
{
	{
		const Guard guard{guest.lock};

		__atomic_store_n(&guest.removed, true, __ATOMIC_RELAXED);
		guest.vcpus.kick();
	}
	guest.vcpus.wait_until_none_runs();
	{
		const Guard guard{guest.lock};

		if (guest.space) {
			if (!guest.vcpus.may_be_loaded())
				guest.space->tlb().dismiss();
			guest.space->destroy();
		}
		guest.ram.release();
	}
	stage2_guest_drop(&guest);
}

int take_ram(Guest &guest, const Request &request, const Value &ram)
{
	const Ram::Taken taken = guest.ram.allocate(ram.number, guest.page());
	const auto asked = numbers::size(ram.number);

	const vmsa::Geometry &geometry = guest.space->geometry();

	switch (taken) {
	case Ram::Taken::all:
		if (guest.ram.last() <= geometry.last_output())
			return 0;
		return request.refuse(
			ENOMEM, ram.column,
			"the kernel gives RAM at 0x%lx, and this guest's tables reach 2^%u "
			"(with ipa_bits of more than 48 they reach 2^52, where the CPU has that)",
			guest.ram.last(), geometry.output_bits);
	case Ram::Taken::too_much:
		return request.refuse(ENOMEM, ram.column, "%s asked for, %s available", asked.chars,
				      numbers::size(Ram::most()).chars);
	case Ram::Taken::killed:
		return refuse_killed(request);
	case Ram::Taken::no_more:
		break;
	}
	return request.refuse(
		ENOMEM, ram.column,
		"%s asked for, and the kernel gives less: a memory cgroup has its limit "
		"(memory.max), or others were faster",
		asked.chars);
}

// Fills in a guest whose name is taken for it. 0, or the errno; the caller ends it then.
int furnish(Guest &guest, const Request &request, const Value *v, const vmsa::Geometry &geometry)
{
	guest.tables.set_limit(v[tables_word].given ? v[tables_word].number * guest.page()
						    : ~size_t{0});
	if (v[tables_word].given && v[tables_word].number < geometry.root_tables)
		return request.refuse(ENOMEM, v[tables_word].column,
				      "tables=%lu is too few: the root takes %u",
				      v[tables_word].number, geometry.root_tables);
	if (!guest.space->create(geometry))
		return request.refuse(ENOMEM, 0, "no memory for the root, %u tables",
				      geometry.root_tables);
	if (const int error = take_ram(guest, request, v[ram_word]))
		return error;
	if (!guest.vcpus.create(guest, static_cast<unsigned>(v[vcpus_word].number)))
		return request.refuse(ENOMEM, v[vcpus_word].given ? v[vcpus_word].column : 0,
				      "no memory for vcpus");
	return 0;
}

// From here on others can see it.
int show(Guest &guest, const Request &request, const Value &name)
{
	const Guard guard{lock};

	guest.dir = kernel_guest_dir_create(guest.name, &guest);
	if (!guest.dir)
		return request.refuse(ENOMEM, name.column,
				      "debugfs cannot make the guest's folder");
	guest.is_made = true;
	return 0;
}

// What a guest is to be.
struct Shape {
	const FormatFacts *format;
	vmsa::Geometry geometry;
};

int check_format(const Request &request, const Value *v, Shape &shape)
{
	const kernel_features &features = engine::machine().features;
	const unsigned most =
		Space::most_ipa_bits(features, static_cast<unsigned>(v[granule_word].number));
	// A small machine still gets a guest when nothing was asked for.
	const uint64_t bits = v[ipa_bits_word].given ? v[ipa_bits_word].number
						     : std::min(default_ipa_bits, uint64_t{most});

	if (!most)
		return request.refuse(
			EOPNOTSUPP, v[granule_word].column,
			"this CPU has no %s granule at stage 2 (it has%s%s%s)",
			numbers::exact_size(uint64_t{1} << v[granule_word].number).chars,
			features.granule_4k ? " 4K" : "", features.granule_16k ? " 16K" : "",
			features.granule_64k ? " 64K" : "");
	if (bits > most && most == features.pa_bits)
		return request.refuse(
			ERANGE, v[ipa_bits_word].column,
			"this CPU has %u bits of physical address, so ipa_bits must be %u..%u",
			most, vmsa::min_stage2_bits, most);
	if (bits < vmsa::min_stage2_bits || bits > most)
		return request.refuse(ERANGE, v[ipa_bits_word].column, "ipa_bits must be %u..%u",
				      vmsa::min_stage2_bits, most);
	shape.format = Space::find_format(static_cast<unsigned>(v[granule_word].number),
					  static_cast<unsigned>(bits));
	shape.geometry = Space::shape(*shape.format, static_cast<unsigned>(bits), features.pa_bits);
	return 0;
}

// All of them, in themselves and against the machine.
int check_numbers(const Request &request, const Value *v, Shape &shape)
{
	if (const int error = check_format(request, v, shape))
		return error;

	const uint64_t page = std::max(kernel_page_size(), shape.format->page());

	if (v[ram_word].number == 0 || v[ram_word].number % page)
		return request.refuse(EINVAL, v[ram_word].column,
				      "ram must be a multiple of %s, and not 0",
				      numbers::exact_size(page).chars);
	if (v[tables_word].given && v[tables_word].number > vmsa::TiB >> shape.format->page_shift)
		return request.refuse(ERANGE, v[tables_word].column,
				      "tables must be at most 2^%u, which is a TiB",
				      40 - shape.format->page_shift);
	if (v[vcpus_word].number < 1 || v[vcpus_word].number > Vcpus::most)
		return request.refuse(ERANGE, v[vcpus_word].column, "vcpus must be 1..%u",
				      Vcpus::most);
	return 0;
}

} // namespace

bool start()
{
	lock = kernel_lock_create(KERNEL_LOCK_REGISTRY);
	return lock;
}

void stop()
{
	while (guests) {
		Guest *guest = guests;

		unlist(*guest);
		end(*guest);
	}
	kernel_lock_destroy(lock);
	lock = nullptr;
}

namespace
{

// One that owns nothing but a lock, and an empty space; null without memory.
Guest *new_guest(std::string_view name, const FormatFacts &format)
{
	void *room = kernel_alloc(sizeof(Guest));

	if (!room)
		return nullptr;

	auto *guest = new (room) Guest{name};

	guest->lock = kernel_lock_create(KERNEL_LOCK_GUEST);
	guest->space = Space::make(format, guest->name, guest->tables);
	if (guest->lock && guest->space)
		return guest;
	stage2_guest_drop(guest);
	return nullptr;
}

// Its name is nobody else's from now on. 0, or the errno.
int take_name(Guest &guest, const Request &request, const Value &name)
{
	const Guard guard{lock};
	Guest **link = find(guest.name);

	if (*link)
		return request.refuse(EEXIST, name.column,
				      (*link)->is_made ? "a guest of that name exists already"
						       : "a guest of that name is being made");
	*link = &guest;
	return 0;
}

} // namespace

int create(const Request &request)
{
	Value v[create_words];
	Shape shape;
	Guest *guest;

	v[granule_word].number = default_page_shift;
	v[ram_word].number = default_ram;
	v[vcpus_word].number = 1;
	if (const int error = request.parse(words, v))
		return error;
	if (const int error = check_name(request, v[name_word]))
		return error;
	if (const int error = check_numbers(request, v, shape))
		return error;
	guest = new_guest(v[name_word].text, *shape.format);
	if (!guest)
		return request.refuse(ENOMEM, 0, "no memory for a guest");
	if (const int error = take_name(*guest, request, v[name_word])) {
		stage2_guest_drop(guest);
		return error;
	}

	int error = furnish(*guest, request, v, shape.geometry);

	if (!error)
		error = show(*guest, request, v[name_word]);
	if (!error)
		return 0;
	{
		const Guard guard{lock};

		unlist(*guest);
	}
	end(*guest);
	return error;
}

int remove(const Request &request)
{
	Value name;
	Guest *guest;

	if (const int error = request.parse({words, 1}, {&name, 1}))
		return error;
	{
		const Guard guard{lock};

		guest = *find(name.text);
		if (!guest)
			return request.refuse(ENOENT, name.column,
					      "there is no guest of that name");
		if (!guest->is_made)
			return request.refuse(ENOENT, name.column,
					      "the guest of that name is still being made");
		unlist(*guest);
	}
	end(*guest);
	return 0;
}

} // namespace stage2::registry

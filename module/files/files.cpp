// SPDX-License-Identifier: GPL-2.0-only
//
// The files of debugfs: their names, who answers them, and the C++ half of the seam.
#include "guest/registry.hpp"
#include "kernel/kernel.hpp"
#include "views.hpp"
#include "words/error_log.hpp"

#include <cerrno>

namespace stage2
{

namespace
{

constexpr unsigned short read_only = 0400;
constexpr unsigned short write_only = 0200;
constexpr unsigned short read_write = 0600;

// "guests/demo/map", as a user sees it from the module's folder.
struct Path {
	char text[64];

	Path(const Guest *guest, const char *file)
	{
		kernel_format(text, sizeof(text), "%s%s%s%s", guest ? "guests/" : "",
			      guest ? guest->name : "", guest ? "/" : "", file);
	}
};

template <int (*answer)(const Request &)>
int write(const stage2_file *file, Guest *, const char *text, unsigned long length)
{
	return answer(Request{file->name, {text, length}});
}

// The guest is locked meanwhile.
template <int (*answer)(Guest &, const Request &)>
int write(const stage2_file *file, Guest *guest, const char *text, unsigned long length)
{
	const Path path{guest, file->name};
	const Request request{path.text, {text, length}};
	const KillableGuard guard{guest->lock};

	if (!guard || kernel_is_killed())
		return refuse_killed(request);
	if (guest->removed)
		return refuse_removed(request);
	guest->changes++;
	return answer(*guest, request);
}

// The guest runs meanwhile: nothing is locked.
int write_run(const stage2_file *file, Guest *guest, const char *text, unsigned long length)
{
	const Path path{guest, file->name};

	return vcpu_run(*guest, Request{path.text, {text, length}});
}

template <int (*take)(Guest &, const Request &, void **)>
int begin(const stage2_file *file, Guest *guest, void **taken)
{
	const Path path{guest, file->name};

	return take(*guest, Request{path.text, ""}, taken);
}

// The same, of what needs the guest alone.
template <int (*take)(Guest &, const Request &, void **)>
int begin_alone(const stage2_file *file, Guest *guest, void **taken)
{
	const Path path{guest, file->name};
	const Request request{path.text, ""};
	const KillableGuard guard{guest->lock};

	if (const int error = check_turn(guard, *guest, request))
		return error;
	return take(*guest, request, taken);
}

} // namespace

} // namespace stage2

using namespace stage2;

const stage2_file stage2_top_files[] = {
	{"features", read_only, nullptr, nullptr, show_features},
	{"create", write_only, write<registry::create>, nullptr, nullptr},
	{"remove", write_only, write<registry::remove>, nullptr, nullptr},
	{"error_log", read_only, nullptr, nullptr, error_log::show},
	{},
};

const stage2_file stage2_guest_files[] = {
	{"config", read_only, nullptr, nullptr, show_config},
	{"map", write_only, write<guest_map>, nullptr, nullptr},
	{"unmap", write_only, write<guest_unmap>, nullptr, nullptr},
	{"protect", write_only, write<guest_protect>, nullptr, nullptr},
	{"fold", write_only, write<guest_fold>, nullptr, nullptr},
	{"mem", read_write, nullptr, nullptr, nullptr},
	{"maps", read_only, nullptr, nullptr, show_maps},
	{"tables", read_only, nullptr, nullptr, show_tables},
	{"tables.bin", read_only, nullptr, nullptr, show_tables_bin},
	{"walk", read_write, write<guest_set_walk>, nullptr, show_walk},
	{"regs", read_write, write<vcpu_set_registers>, nullptr, show_registers},
	{"run", read_write, write_run, nullptr, show_exits},
	{"demand", read_write, write<policy_set_demand>, nullptr, show_demand},
	{"dirty", read_write, write<policy_set_dirty>, begin_alone<policy_take_dirty>, show_ranges},
	{"accessed", read_write, write<policy_set_accessed>, begin_alone<policy_take_accessed>,
	 show_ranges},
	{"verify", read_only, nullptr, begin<take_verify>, show_verify},
	{"stats", read_only, nullptr, nullptr, show_stats},
	{},
};

int stage2_start(const char *engine)
{
	kernel_memory_start();
	if (const int error = engine::start(engine))
		return error;
	if (error_log::start() && registry::start())
		return 0;
	stage2_stop();
	kernel_log("no memory to begin with: free some, and load it again");
	return -ENOMEM;
}

void stage2_stop(void)
{
	registry::stop();
	error_log::stop();
	engine::stop();
}

int stage2_request_too_long(const stage2_file *file, stage2_guest *guest, unsigned long length)
{
	const Path path{guest, file->name};

	return Request{path.text, ""}.refuse(
		E2BIG, error_log::no_caret, "the request has %lu bytes, and at most %d are allowed",
		length, STAGE2_REQUEST_MAX);
}

int stage2_show_begin(const stage2_file *file, stage2_guest *guest)
{
	if (!guest)
		return 0;

	const bool shared = kernel_lock_share_killable(guest->lock);

	if (shared && !guest->removed)
		return 0;
	if (shared)
		kernel_lock_unshare(guest->lock);

	const Path path{guest, file->name};
	const Request request{path.text, ""};

	return shared ? refuse_removed(request) : refuse_killed(request);
}

void stage2_show_end(stage2_guest *guest)
{
	if (guest)
		kernel_lock_unshare(guest->lock);
}

long stage2_guest_memory(stage2_guest *guest, unsigned long ipa, void *buffer, unsigned long bytes,
			 bool write)
{
	const Path path{guest, "mem"};
	const KillableSharedGuard guard{guest->lock};

	if (const int error = check_turn(guard, *guest, Request{path.text, ""}))
		return error;

	const long copied = guest_copy(*guest, vmsa::Ipa{ipa}, buffer, bytes, write);

	if (copied < 0)
		return Request{path.text, ""}.refuse(EIO, error_log::no_caret,
						     "0x%lx is not mapped", ipa);
	return copied;
}

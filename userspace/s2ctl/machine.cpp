// SPDX-License-Identifier: GPL-2.0-only
#include "machine.hpp"

#include "debugfs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace s2ctl
{

std::string small_file(const std::string &path)
{
	const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
	std::string text(4096, '\0');
	const ssize_t n = ::read(file.descriptor(), text.data(), text.size());

	text.resize(n > 0 ? static_cast<size_t>(n) : 0);
	return text;
}

bool exists(const std::string &path)
{
	struct stat s;

	return stat(path.c_str(), &s) == 0;
}

bool module_is_loaded()
{
	return exists("/sys/module/stage2");
}

std::string how_to_load_the_module()
{
	return "the module is not loaded: insmod stage2.ko, or modprobe stage2" + elsewhere();
}

std::string lockdown()
{
	const std::string text = small_file("/sys/kernel/security/lockdown");
	const size_t begin = text.find('['), end = text.find(']');

	if (begin == std::string::npos || end == std::string::npos ||
	    text.compare(begin, 6, "[none]") == 0)
		return "";
	return text.substr(begin + 1, end - begin - 1);
}

std::string elsewhere()
{
	utsname machine;

	if (uname(&machine) == 0 && std::string_view{machine.machine} != "aarch64")
		return std::string{" (this machine is "} + machine.machine +
		       ", and the module is for arm64; `decode` and files of `dump` work anywhere)";
	return "";
}

} // namespace s2ctl

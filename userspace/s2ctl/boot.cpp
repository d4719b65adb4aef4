// SPDX-License-Identifier: GPL-2.0-only
#include "boot.hpp"

#include "machine.hpp"

#include <fstream>
#include <sstream>

namespace s2ctl::boot
{

namespace
{

// A file where a boot loader, or what configures it, keeps the kernel's options.
struct Source {
	const char *file;
	const char *key; // the line begins with it, blanks aside; "" for a file that is one line
	const char *fresh; // a line for a file that has none; nullptr: then it is not the place
	const char *afterwards;
};

constexpr Source sources[] = {
	// Armbian's script for U-Boot reads it.
	{"/boot/armbianEnv.txt", "extraargs=", "extraargs=", ""},
	// Debian's u-boot-menu, which writes extlinux.conf.
	{"/etc/default/u-boot", "U_BOOT_PARAMETERS=", "U_BOOT_PARAMETERS=\"ro quiet\"",
	 "u-boot-update"},
	{"/boot/extlinux/extlinux.conf", "append", nullptr, ""},
	// Raspberry Pi.
	{"/boot/firmware/cmdline.txt", "", nullptr, ""},
	{"/boot/cmdline.txt", "", nullptr, ""},
	{"/etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=", "GRUB_CMDLINE_LINUX_DEFAULT=\"\"",
	 "update-grub"},
	// Debian's flash-kernel, which makes boot.scr.
	{"/etc/default/flash-kernel", "LINUX_KERNEL_CMDLINE=", "LINUX_KERNEL_CMDLINE=\"\"",
	 "flash-kernel"},
	{"/boot/boot.cmd", "setenv bootargs", nullptr,
	 "mkimage -C none -A arm64 -T script -d /boot/boot.cmd /boot/boot.scr"},
};

std::string trimmed(const std::string &text)
{
	const size_t first = text.find_first_not_of(" \t\r\n");

	return first == text.npos
		       ? ""
		       : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string lower(std::string text)
{
	for (char &c : text)
		c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
	return text;
}

// Case does not matter to extlinux, and the key is a word to it.
bool begins(const std::string &line, const std::string &key)
{
	const std::string text = trimmed(line);

	return lower(text.substr(0, key.size())) == lower(key) &&
	       (key.empty() || key.back() == '=' || text.size() == key.size() ||
		text[key.size()] == ' ' || text[key.size()] == '\t');
}

// The line of the options: extlinux has one for each label, of which one is the default.
std::string find_line(const std::string &text, const std::string &key)
{
	std::istringstream lines{text};
	std::string line, wanted, label, first;

	while (std::getline(lines, line)) {
		if (trimmed(line).empty())
			continue;
		if (begins(line, "default") && key == "append")
			wanted = trimmed(trimmed(line).substr(7));
		if (begins(line, "label") && key == "append")
			label = trimmed(trimmed(line).substr(5));
		if (!begins(line, key))
			continue;
		if (first.empty())
			first = line;
		if (wanted.empty() || label == wanted)
			return line;
	}
	return first;
}

// Words end at blanks and quotes, and what is assigned begins behind the "=".
bool has_word(const std::string &text, const std::string &word)
{
	constexpr const char *ends = " \t\r\n\"'";

	for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
		const size_t next = at + word.size();
		const bool begins = at == 0 || text.find_first_of(ends, at - 1) == at - 1 ||
				    text[at - 1] == '=';

		if (begins && (next == text.size() || text.find_first_of(ends, next) == next))
			return true;
	}
	return false;
}

} // namespace

Verdict judge(const KeyValues &features, const std::string &command_line)
{
	const std::string engine = value_of(features, "engine"),
			  kernel = value_of(features, "kernel");

	if (kernel.starts_with("at EL2"))
		return {false, "at-el2",
			"This kernel runs at EL2: guests can run, and no option is needed"};
	if (engine.find("started at EL1") != engine.npos)
		return {false, "started-at-el1",
			"This kernel was started at EL1: no option helps; the firmware or "
			"the hypervisor below must start it at EL2"};
	if (has_word(command_line, option))
		return {false, "option-is-set",
			std::string{option} + " is in this kernel's command line already"};
	if (engine.starts_with("nvhe"))
		return {true, "turns-with-kvm",
			"KVM takes EL2 when it has a guest; with the option it does not"};
	if (features.empty())
		return {true, "not-loaded",
			"The module is not loaded, so it is not known whether it needs the "
			"option: a CPU older than Armv8.1 (Cortex-A53, A57, A72, A73) does"};
	return {true, "kvm-has-el2",
		"KVM has EL2, so guests cannot run without the option; everything else works"};
}

std::string with_option(const std::string &line)
{
	std::string text = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
	std::string quote;

	if (has_word(text, option))
		return line;
	if (!text.empty() && (text.back() == '"' || text.back() == '\'')) {
		quote = text.back();
		text.pop_back();
		text.erase(text.find_last_not_of(' ') + 1);
	}
	if (!text.empty() && text.back() != '=' && text.back() != '"' && text.back() != '\'')
		text += ' ';
	return text + option + quote;
}

Place find_place(const std::string &root)
{
	for (const Source &source : sources) {
		const std::string path = root + source.file;

		if (!exists(path))
			continue;

		std::stringstream text;

		text << std::ifstream{path}.rdbuf();

		const std::string line = find_line(text.str(), source.key);

		if (!line.empty() || source.fresh)
			return {source.file, line, with_option(line.empty() ? source.fresh : line),
				source.afterwards};
	}
	return {};
}

} // namespace s2ctl::boot

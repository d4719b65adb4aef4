# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What boards.rst says of packages and of s2ctl. Source it after steps.sh.
# shellcheck disable=SC2154 # steps.sh has the variables

# The package tells DKMS, which builds it for the running kernel.
package_builds() {
	all_files >/work/before
	timed dpkg --install /work/debs/{stage2-dkms,libvmsa-dev}_*.deb
	[[ $(dkms_module "$release") ]] || dkms_log
	[[ $(modinfo -F signer stage2) ]] || echo "the module is not signed"
	sh debian/tests/module
}

# The headers come first or last: the module is there when both are.
survives_an_upgrade() {
	timed dpkg --install /work/debs/linux-*.deb
	[[ $(dkms_module "$second") ]] || dkms_log
	modinfo -k "$second" -F vermagic stage2 | grep -q "^$second " || modinfo -k "$second" stage2
}

library_is_found() {
	quiet g++ -std=c++20 -Wall -Wextra -Werror -o /work/fifteen Documentation/examples/fifteen.cpp
	/work/fifteen
}

purge_leaves_nothing() {
	quiet dpkg --purge stage2-dkms libvmsa-dev linux-{image,headers}-cloud-arm64 "linux-"{image,headers}"-$second"
	all_files | diff /work/before -
}

# Uninstalled, the package has nothing in its way.
installs_s2ctl() {
	timed typed <<-'LINES'
		make s2ctl
		sudo make install-s2ctl
	LINES
	diff <(echo "s2ctl $version") <(s2ctl --version)
	find /usr/local -name 's2ctl*' -delete
	(cd /usr/local/share && rmdir --parents bash-completion/completions && rmdir man/man8)
}

# Of what was built just now: a second time the compiler would take as long. build-essential is a name for what
# is there.
packages_s2ctl() {
	DEB_BUILD_OPTIONS='nocheck parallel=2' timed dpkg-buildpackage --build=any --no-sign --no-check-builddeps \
		--no-pre-clean
}

uses_s2ctl() {
	local before=/work/before-s2ctl

	all_files >$before
	quiet dpkg --install ../s2ctl_*.deb
	diff <(echo "s2ctl $version") <(s2ctl --version)
	modprobe stage2
	s2ctl create me --ram 64M
	s2ctl map me 0x80000000 2M --prot rwx
	quiet s2ctl load me build/guests/hello.elf
	s2ctl run me | grep -q 'hello from EL1' || s2ctl run me
	s2ctl remove me
	sh debian/tests/decode
	modprobe -r stage2
	quiet dpkg --purge s2ctl
	all_files | diff $before -
}

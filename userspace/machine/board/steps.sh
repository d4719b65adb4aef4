# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What Documentation/boards.rst has a user type, one function a check. Source it after machine.sh, in the project's
# folder. docs.sh holds the lines of the page against those that are typed here.

release=$(uname -r)
version=$(<VERSION)
log=/work/log
MAKEFLAGS=-j$(nproc)
export MAKEFLAGS
# A kernel that is installed besides.
second=none

# typed: what a user types, line by line from stdin; here is no sudo, and none is needed.
typed() {
	local line

	# shellcheck disable=SC2162 # a backslash joins lines
	while read -u 3 line; do
		eval "${line#sudo }" </dev/null || return
	done 3<&0
}

# quiet COMMAND...: what it says counts only when it fails.
quiet() {
	"$@" >$log 2>&1 || { tail -n 40 $log; return 1; }
}

# timed COMMAND...: and how long it took is said, as a comment.
timed() {
	local start=$SECONDS

	quiet "$@" || return
	echo "# $((SECONDS - start)) s: ${FUNCNAME[1]}" >/dev/console
}

builds_module() {
	timed typed <<-'LINES'
		make modules
	LINES
}

installs_module() {
	quiet typed <<-'LINES'
		sudo make modules_install
	LINES
	[[ $(modinfo -F version stage2) == "$version" ]] || echo "modinfo: $(modinfo -F version stage2 2>&1)"
}

loads() {
	typed <<-'LINES'
		sudo modprobe stage2
	LINES
	[[ -e /sys/kernel/debug/stage2/create ]] || dmesg | tail -n 3
}

unloads() {
	typed <<-'LINES'
		sudo modprobe -r stage2
	LINES
}

maps() {
	typed >$log <<-'LINES'
		cd /sys/kernel/debug/stage2
		echo 'name=me ipa_bits=40 ram=64M' > create
		echo 'ipa=0x80000000 size=6M prot=rwx' > guests/me/map
		cat guests/me/maps
	LINES
	diff <(echo '0080000000-00805fffff rwx normal  3 x 2M') $log
}

builds_guests() {
	timed typed <<-'LINES'
		make guests
	LINES
}

runs_a_guest() {
	typed >$log <<-'LINES'
		build/programs/s2load /sys/kernel/debug/stage2/guests/me build/guests/hello.elf
		echo > /sys/kernel/debug/stage2/guests/me/run
		cat /sys/kernel/debug/stage2/guests/me/run
	LINES
	grep -qx 'output *hello from EL1, vCPU 0' $log || cat $log
	echo name=me >/sys/kernel/debug/stage2/remove
}

# The kernel is not asked here: check-package.sh has one that enforces signatures.
signs() {
	quiet typed <<-'LINES'
		openssl req -new -x509 -newkey rsa:2048 -nodes -days 36500 -subj '/CN=my modules/' \
			-addext extendedKeyUsage=codeSigning -outform DER -keyout key.priv -out key.der
		/lib/modules/$(uname -r)/build/scripts/sign-file sha256 key.priv key.der stage2.ko
	LINES
	[[ $(modinfo -F signer stage2.ko) == 'my modules' ]] || modinfo stage2.ko
}

removes_module() {
	typed <<-'LINES'
		sudo rm "$(modinfo -F filename stage2)"
		sudo depmod
	LINES
	rmdir "/lib/modules/$release"/{updates,extra} 2>/dev/null
	! modinfo stage2 2>/dev/null
}

# Everything there is, but for what only notes that something was done. mok: DKMS's own key.
all_files() {
	find / -xdev \( -path /work -o -path /tmp -o -path /run -o -path /var/log -o -path /var/cache -o -path /var/backups \
		-o -path /var/lib/dpkg -o -path "/lib/modules/$second" -o -path "/usr/lib/modules/$second" \) -prune -o -print |
		grep -v -e '^/boot/.*cloud' -e '^/etc/ld.so.cache' -e '^/var/lib/dkms/mok\.' | sort
}

# The module of DKMS in kernel $1.
dkms_module() {
	find "/lib/modules/$1/updates/dkms" -name 'stage2.ko*' 2>/dev/null
}

dkms_log() {
	dkms status
	cat $log /var/lib/dkms/stage2/*/build/make.log 2>/dev/null
}

dkms_installs() {
	all_files >/work/before
	timed typed <<-'LINES' || dkms_log
		sudo dkms add .
		sudo dkms install stage2/$(cat VERSION)
	LINES
	[[ $(dkms_module "$release") ]] || dkms_log
	[[ $(modinfo -F signer stage2) ]] || echo "the module is not signed"
}

dkms_removes() {
	quiet typed <<-'LINES'
		sudo dkms remove stage2/$(cat VERSION) --all
		sudo rm -r /usr/src/stage2-$(cat VERSION)
	LINES
	all_files | diff /work/before -
}

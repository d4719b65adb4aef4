#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# stand-in.sh [TESTS]: the farm with a board that nothing in it knows to be none (stand_in.yaml): a machine in QEMU with
# a system of its own, which is logged in to over a serial line, gets the suite by SSH, and is turned on and off by
# commands, which are
# stand-in.sh on|off

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
# shellcheck source=scripts/apt-arm64.sh
source "$(dirname "$0")/../apt-arm64.sh"
home=$top/build/farm/stand-in

turn_on() {
	qemu-system-aarch64 -machine virt,virtualization=on,gic-version=3 -cpu cortex-a76 -smp 2 -m 1G -display none \
		-kernel "$top/build/farm/vmlinuz" -initrd "$home/initramfs.gz" -append 'console=ttyAMA0' \
		-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:47122-:22 -device virtio-net-device,netdev=net \
		-chardev "serial,id=line,path=$home/board_end" -serial chardev:line -monitor none -daemonize -pidfile "$home/pid"
}

turn_off() {
	local pid

	[[ -e $home/pid ]] || return 0
	pid=$(<"$home/pid")
	rm "$home/pid"
	kill "$pid" 2>/dev/null || return 0
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.1
	done
}

# What its system is made of, unpacked; of the kernel's package only the modules for its network.
packages() {
	local release kept deb

	release=$(<"$("$top/scripts/fetch-kernel.sh" 6.12)/release")
	kept=$cache/stand-in/$release
	if [[ ! -d $kept ]]; then
		arm64_refresh
		rm -rf "$kept.part"
		arm64_download "$kept.part/debs" "linux-image-$release" dropbear-bin openssh-sftp-server libtomcrypt1 \
			libtommath1 libgmp10 libcrypt1 libc6 zlib1g
		for deb in "$kept.part"/debs/*.deb; do
			[[ $deb == */linux-image-* ]] || dpkg-deb -x "$deb" "$kept.part"
		done
		mkdir "$kept.part/modules"
		dpkg-deb --fsys-tarfile "$kept.part"/debs/linux-image-*.deb |
			tar -x -C "$kept.part/modules" --wildcards --transform='s|.*/||' \
				'*/virtio_mmio.ko*' '*/failover.ko*' '*/net_failover.ko*' '*/virtio_net.ko*'
		unxz -qq "$kept.part/modules"/*.xz || true
		rm -r "$kept.part/debs"
		mv "$kept.part" "$kept"
	fi
	echo "$kept"
}

make_system() {
	local root=$home/root arm64

	arm64=$(packages)
	rm -rf "$home"
	mkdir -p "$root"/{bin,etc/dropbear,root/.ssh,lib/modules,usr/sbin,usr/lib}
	cp "$arm64"/modules/*.ko "$root/lib/modules/"
	cp -L "$arm64"/usr/sbin/dropbear "$root/usr/sbin/"
	cp -L "$arm64"/usr/lib/openssh/sftp-server "$root/usr/lib/"
	cp -L "$arm64"/lib/aarch64-linux-gnu/{libc.so.6,libcrypt.so.1,libz.so.1,ld-linux-aarch64.so.1} \
		"$arm64"/usr/lib/aarch64-linux-gnu/lib{tomcrypt.so.1,tommath.so.1,gmp.so.10} "$root/lib/"
	ssh-keygen -q -t ed25519 -N '' -f "$home/key"
	cp "$home/key.pub" "$root/root/.ssh/authorized_keys"
	echo "root:$(openssl passwd -6 secret):0:0:root:/root:/bin/sh" >"$root/etc/passwd"
	echo stand-in >"$root/etc/hostname"
	cat >"$root/init" <<-'END'
		#!/bin/busybox sh
		. /mounts
		mkdir -p /run /var/log
		chmod 700 /root /root/.ssh
		hostname -F /etc/hostname
		for module in virtio_mmio failover net_failover virtio_net; do
			insmod /lib/modules/$module.ko
		done
		ip link set lo up
		ip link set eth0 up
		ip addr add 10.0.2.15/24 dev eth0
		/usr/sbin/dropbear -R
		while :; do
			getty -L 115200 ttyAMA0 vt100
		done
	END
	"$top/scripts/initramfs.sh" "$home/initramfs.gz" "$root"
}

case ${1-} in
on) turn_on ;;
off) turn_off ;;
*)
	make_system
	# The cable between the two.
	socat "PTY,link=$home/console,raw,echo=0" "PTY,link=$home/board_end,raw,echo=0" &
	cable=$!
	trap 'turn_off; kill $cable' EXIT
	"$top/scripts/farm.sh" --env "$top/scripts/farm/stand_in.yaml" --tests "${1:-*}"
	;;
esac

# SPDX-License-Identifier: GPL-2.0-only
#
# The machine itself: reports of KCSAN do not stop it while others write to the serial line (userspace/machine/init).
. /lib.sh
needs kcsan

# Many lines, so that some report is due while the line is locked.
chatter() {
	for n in $(seq 1 500); do
		echo "$1 says line $n"
	done
}

it 'goes on while three processes print, and the kernel reports races of its own'
for who in one another 'a third'; do
	chatter "$who" &
done
wait

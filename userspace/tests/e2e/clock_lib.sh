# SPDX-License-Identifier: GPL-2.0-only
#
# The time, for main and for tests. A machine that counts instructions is up within a second: 0.98 is 98, and not 098,
# which is no number.

# Hundredths of a second since boot, as $now.
clock() {
	read -r now _ </proc/uptime
	now=$((${now%.*} * 100 + 1${now#*.} - 100))
}

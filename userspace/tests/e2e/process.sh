# SPDX-License-Identifier: GPL-2.0-only
#
# The library in a process, from which Linux hides what the machine has.
. /lib.sh

it 'runs the program of the README'
/bin/fifteen || problem "it ends with $?: the number of an error"

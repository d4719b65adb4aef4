# SPDX-License-Identifier: GPL-2.0-only
#
# The words that tests of traces are written in, besides those of lib.sh:
#
#   traces [EVENT...]    from here on, these events are traced, and no others; "stage2_" is understood
#   lines                what was traced since, without times and CPUs
#   traced LINES         just that was traced, and in that order

tracing=/sys/kernel/tracing
# shellcheck disable=SC2034 # for tests
events=$tracing/events/stage2
every='bbm cut enter exit fault fold map oom protect table_alloc table_free tlbi unmap'
# shellcheck disable=SC2034
every_event=$(printf ' stage2_%s' $every)
every_event=${every_event# }


traces() {
	settle
	echo 0 >$events/enable
	echo >$tracing/trace
	for event; do
		echo 1 >"$events/stage2_$event/enable"
	done
}

lines() {
	sed -n 's/^ *[^ ].* [0-9.]*: \(stage2_[a-z_]*: .*\)$/\1/p' $tracing/trace
}

traced() {
	settle
	same "$1" "$(lines)"
}

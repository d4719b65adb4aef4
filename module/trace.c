// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trace events, as the C++ parts fire them.
 */
#include <linux/io.h>
#include <linux/types.h>

#include "kernel.h"

#define CREATE_TRACE_POINTS
#include <trace/events/stage2.h>

// SPDX-License-Identifier: GPL-2.0-only
//
// All guests: making one, ending one, and keeping one alive while a file of it is open.
#pragma once

#include "guest.hpp"

namespace stage2::registry
{

bool start();
// Ends every guest. No file of any is open.
void stop();

int create(const Request &request);
int remove(const Request &request);

} // namespace stage2::registry

// SPDX-License-Identifier: GPL-2.0-only
//
// The labs that most suites work in. To compile them in each suite takes several times as long.
#include "support/lab.hpp"

namespace support
{

template class Lab<vmsa::Format<vmsa::El1And0, vmsa::Granule4K>>;
template class Lab<vmsa::Format<vmsa::Stage2, vmsa::Granule4K>>;
template class Lab<vmsa::Format<vmsa::Stage2, vmsa::Granule16K>>;
template class Lab<vmsa::Format<vmsa::Stage2, vmsa::Granule64K>>;

} // namespace support

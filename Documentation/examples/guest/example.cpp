// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A guest of one's own. Copy this folder to anywhere, and then, in stage2's folder:
//
//   make guest DIR=/where/it/is        makes an .elf of each .cpp there
//
// In the machine (make shell has /share, which is build/shell/share here):
//
//   s2ctl create me --ram 16M
//   s2ctl map me 0x80000000 4M --prot rwx
//   s2ctl load me /share/example.elf x1=7
//   s2ctl run me
//
// guest.hpp says what there is to stand on. main's parameters are x0 to x6; what it returns is the status of the run.
#include "guest.hpp"

using namespace guest;

int main(uint64_t vcpu, uint64_t x1, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)
{
	print("vCPU ", vcpu, " was started with x1=", Hex{x1}, "\n");
	return 0;
}

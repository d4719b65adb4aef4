// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a module's symbol that the kernel does not export
// flags: -mgeneral-regs-only
// exports: _printk
// expect: report(): needs kvm_secret: not exported by the kernel
// expect: report(): needs tables::flush(): not exported by the kernel
namespace tables
{
void flush();
}
extern "C" void _printk(const char *format, ...);
extern "C" void kvm_secret();

void report()
{
	_printk("flushed\n");
	tables::flush();
	kvm_secret();
}

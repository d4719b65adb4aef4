# SPDX-License-Identifier: GPL-2.0-only
"""The machine kunit.py boots: an arm64 one whose kernel starts at EL2, so that KVM is up.

A warning ends the run at once (panic_on_warn), a panic ends the machine (panic=-1); kunit.sh sees by the lines' times
how long a test took. With STAGE2_COUNT
in the environment CNTVCT_EL0 advances by one an instruction, and two boots do the same, as with
scripts/boot.sh --count. STAGE2_CPU is another CPU than QEMU's max.
"""
import os

from ..qemu_config import QemuArchParams

cpu = os.environ.get('STAGE2_CPU') or 'max,pauth-impdef=on'
smp = ['-smp', '2']
words = ''
if os.environ.get('STAGE2_COUNT'):
    cpu += ',cntfrq=1000000000'
    smp = ['-smp', '1', '-icount', 'shift=0,sleep=off', '-rtc', 'base=2024-01-01,clock=vm']
    words = ' nokaslr'

QEMU_ARCH = QemuArchParams(
    linux_arch='arm64',
    kconfig='''
CONFIG_SERIAL_AMBA_PL011=y
CONFIG_SERIAL_AMBA_PL011_CONSOLE=y''',
    qemu_arch='aarch64',
    kernel_path='arch/arm64/boot/Image.gz',
    kernel_command_line='console=ttyAMA0 printk.time=1 panic_on_warn=1 panic=-1 kmemleak.verbose=1' + words,
    extra_qemu_params=[
        '-machine', 'virt,virtualization=on,gic-version=3,dtb-randomness=off',
        '-cpu', cpu,
        *smp,
        '-nic', 'none',
    ])

// SPDX-License-Identifier: GPL-2.0-only
//
// The operations of host.cpp as the Rust crate aarch64-paging does them, on the same guest, with tables from the same
// kind of arena. scripts/bench-host.sh builds it, if it is told where the crate is, and host.cpp calls it.
use aarch64_paging::Mapping;
use aarch64_paging::descriptor::{PhysicalAddress, Stage2Attributes};
use aarch64_paging::paging::{Constraints, MemoryRegion, PageTable, Stage2, Translation};
use std::alloc::{Layout, alloc_zeroed};
use std::ffi::{CStr, c_char};
use std::ptr::NonNull;

type Flags = Stage2Attributes;

const PAGE: usize = 4096;
const BLOCK: usize = 2 << 20;
const GIB: usize = 1 << 30;
const PAGES: usize = GIB / PAGE;
const START: usize = 4 * GIB;
const RAM: usize = 2 * GIB;
const NORMAL: Flags = Flags::MEMATTR_NORMAL_OUTER_WB
    .union(Flags::MEMATTR_NORMAL_INNER_WB)
    .union(Flags::SH_INNER)
    .union(Flags::ACCESS_FLAG)
    .union(Flags::VALID);
const RW: Flags = NORMAL.union(Flags::S2AP_ACCESS_RW);
// A page's, a block's has no TABLE_OR_PAGE.
const ONLY_WRITE: Flags = Flags::S2AP_ACCESS_WO;

// As host.cpp's Memory.
struct Arena {
    next: usize,
    free: usize,
}

impl Translation<Flags> for Arena {
    fn allocate_table(&mut self) -> (NonNull<PageTable<Flags>>, PhysicalAddress) {
        let at = if self.free != 0 {
            let at = self.free;
            // SAFETY: a freed table holds the next.
            self.free = unsafe { *(at as *const usize) };
            at
        } else {
            self.next += PAGE;
            self.next - PAGE
        };
        // SAFETY: a page of the arena, and nobody else's.
        unsafe { std::ptr::write_bytes(at as *mut u8, 0, PAGE) };
        (
            NonNull::new(at as *mut PageTable<Flags>).unwrap(),
            PhysicalAddress(at),
        )
    }

    unsafe fn deallocate_table(&mut self, table: NonNull<PageTable<Flags>>) {
        let at = table.as_ptr() as usize;

        // SAFETY: it was a table of the arena.
        unsafe { *(at as *mut usize) = self.free };
        self.free = at;
    }

    fn physical_to_virtual(&self, pa: PhysicalAddress) -> NonNull<PageTable<Flags>> {
        NonNull::new(pa.0 as *mut PageTable<Flags>).unwrap()
    }
}

struct Guest(Mapping<Arena, Stage2>);

impl Guest {
    fn new() -> Self {
        // SAFETY: its size is not zero. It is never given back.
        let arena = unsafe { alloc_zeroed(Layout::from_size_align(4 << 20, 64 << 10).unwrap()) };

        Self(Mapping::new(
            Arena {
                next: arena as usize,
                free: 0,
            },
            0,
            Stage2,
        ))
    }

    fn map(&mut self, first: usize, size: usize, constraints: Constraints) {
        let pa = PhysicalAddress(first - START + RAM);

        self.0
            .map_range(&MemoryRegion::new(first, first + size), pa, RW, constraints)
            .unwrap();
    }

    fn fill(&mut self) {
        self.map(START, GIB, Constraints::NO_BLOCK_MAPPINGS);
    }

    fn unmap(&mut self, first: usize, size: usize) {
        let region = MemoryRegion::new(first, first + size);

        self.0
            .map_range(
                &region,
                PhysicalAddress(0),
                Flags::empty(),
                Constraints::NO_BLOCK_MAPPINGS,
            )
            .unwrap();
    }

    // (leaves in tables of pages, the sum of their outputs)
    fn look(&self, first: usize, size: usize) -> (usize, usize) {
        let mut found = (0, 0);

        self.0
            .walk_range(
                &MemoryRegion::new(first, first + size),
                &mut |_, descriptor, level| {
                    if level == 3 && descriptor.is_valid() {
                        found.0 += 1;
                        found.1 += descriptor.output_address().0;
                    }
                    Ok(())
                },
            )
            .unwrap();
        found
    }
}

// `order`: of the pages, as host.cpp takes them. begin() and end() are its own.
#[unsafe(no_mangle)]
pub extern "C" fn bench_crate(
    order: *const usize,
    begin: extern "C" fn(),
    end: extern "C" fn(*const c_char, usize),
) {
    // SAFETY: there are as many.
    let order = unsafe { std::slice::from_raw_parts(order, PAGES) };
    let counted = |name: &CStr, count, act: &mut dyn FnMut()| {
        begin();
        act();
        end(name.as_ptr(), count);
    };
    let sum = PAGES * RAM + PAGES * (PAGES - 1) / 2 * PAGE;
    let all = MemoryRegion::new(START, START + GIB);

    let mut guest = Guest::new();
    counted(c"crate map_4k", PAGES, &mut || guest.fill());
    counted(c"crate walk_4k", PAGES, &mut || {
        assert_eq!(guest.look(START, GIB).0, PAGES)
    });
    counted(c"crate translate", PAGES, &mut || {
        let outputs = order.iter().map(|i| guest.look(START + i * PAGE, PAGE).1);

        assert_eq!(outputs.sum::<usize>(), sum);
    });
    counted(c"crate protect_4k", PAGES, &mut || {
        guest
            .0
            .modify_range(&all, &|_, d| d.modify_flags(Flags::empty(), ONLY_WRITE))
            .unwrap();
    });

    let mut guest = Guest::new();
    counted(c"crate map_2m", GIB / BLOCK, &mut || {
        guest.map(START, GIB, Constraints::empty())
    });
    counted(c"crate cut_2m", 64, &mut || {
        for i in 0..64 {
            let at = START + i * BLOCK;

            // Nothing changes, but for one page of it.
            guest
                .0
                .modify_range(&MemoryRegion::new(at, at + PAGE), &|_, _| Ok(()))
                .unwrap();
        }
    });
    assert_eq!(guest.look(START, GIB).0, 64 * BLOCK / PAGE);

    let mut guest = Guest::new();
    counted(c"crate map_random", PAGES, &mut || {
        for i in order {
            guest.map(START + i * PAGE, PAGE, Constraints::empty());
        }
    });
    assert_eq!(guest.look(START, GIB), (PAGES, sum));
    counted(c"crate unmap_single", PAGES, &mut || {
        for i in order {
            guest.unmap(START + i * PAGE, PAGE);
        }
    });
    assert_eq!(guest.look(START, GIB).0, 0);

    let mut guest = Guest::new();
    guest.fill();
    counted(c"crate unmap_ragged", PAGES - 12, &mut || {
        guest.unmap(START + 5 * PAGE, GIB - 12 * PAGE)
    });
    assert_eq!(guest.look(START, GIB).0, 12);
}

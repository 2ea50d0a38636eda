//! Panic handler and, for the variant that needs one, allocator.
#![allow(unsafe_code)] // An allocator is an unsafe trait, and ending a program is no safe operation.

use core::panic::PanicInfo;

#[panic_handler]
fn end(_: &PanicInfo<'_>) -> ! {
    trap()
}

// The `core` and `alloc` that come ready-made for hosts carry tables and code for unwinding, which
// name these two. Nothing unwinds here, so neither is ever called.
#[cfg(all(target_os = "linux", feature = "front-door"))]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() -> ! {
    trap()
}

#[cfg(all(target_os = "linux", feature = "front-door"))]
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    trap()
}

#[cfg(target_arch = "x86_64")]
fn trap() -> ! {
    // SAFETY: an undefined instruction touches no memory and never goes on.
    unsafe { core::arch::asm!("ud2", options(noreturn, nomem, nostack)) }
}

#[cfg(target_arch = "wasm32")]
fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "wasm32")))]
fn trap() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// Memory from one fixed block. Only the variant with the front door has it: should anything in
/// the other one allocate, there is no allocator to be found and the build fails.
#[cfg(feature = "front-door")]
mod memory {
    use core::alloc::{GlobalAlloc, Layout};
    use core::cell::UnsafeCell;
    use core::ptr::null_mut;
    use core::sync::atomic::{AtomicUsize, Ordering};

    /// A block that is handed out from its beginning; the last piece can be given back.
    struct Block {
        bytes: UnsafeCell<[u8; SIZE]>,
        used: AtomicUsize,
    }

    // SAFETY: pieces that are handed out do not overlap, because `used` is moved atomically, and
    // nothing else touches the bytes.
    unsafe impl Sync for Block {}

    // SAFETY: `alloc` gives aligned pieces inside of the block, each one only once until it was
    // given back, or null.
    unsafe impl GlobalAlloc for Block {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let base = self.bytes.get().cast::<u8>();
            let mut begin = 0;
            let fits = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                let padding = (base as usize).checked_add(used)?.wrapping_neg() & (layout.align() - 1);
                begin = used.checked_add(padding)?;
                begin.checked_add(layout.size()).filter(|end| *end <= SIZE)
            });
            // SAFETY: `begin + size` is inside of the block.
            if fits.is_ok() { unsafe { base.add(begin) } } else { null_mut() }
        }

        unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
            let begin = (piece as usize).wrapping_sub(self.bytes.get() as usize);
            // Only the last piece goes back; others stay until the program ends.
            let end = begin.wrapping_add(layout.size());
            let _ = self.used.compare_exchange(end, begin, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    #[global_allocator]
    static BLOCK: Block = Block { bytes: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) };

    const SIZE: usize = 16 << 20;
}

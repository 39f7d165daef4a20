//! Threads that do nothing but keep the processors busy.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

pub(crate) struct Load {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<u64>>,
}

impl Load {
    pub(crate) fn start(threads: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let busy = |number: u32| {
            let is_over = is_over.clone();
            thread::spawn(move || {
                let mut sum = u64::from(number);
                while !is_over.load(Ordering::Relaxed) {
                    sum = black_box(sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
                }
                sum
            })
        };
        let threads = (0..threads).map(busy).collect();
        Self { is_over, threads }
    }

    pub(crate) fn stop(self) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("adding up does not panic");
        }
    }
}

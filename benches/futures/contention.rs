//! Making, polling and dropping a sleep on several threads at once, as the threads of a server do.
//!
//! Two figures: the threads' own processor time for each, which counts what they did, and the time that passed over
//! those of all threads, which also has their waiting for each other. With more threads than processors the latter
//! cannot fall further.

use std::sync::{Arc, Barrier};
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

use crate::clock::timed;
use crate::job::Rounds;
use crate::once::{Delays, PollOnce, finish, repeat};
use crate::peers::Peer;
use crate::waker::Alert;

struct Contention<P> {
    peer: P,
    /// One for each thread.
    delays: Vec<Delays>,
    each: u64,
    done: u64,
    alert: Arc<Alert>,
    waker: Waker,
}

/// Sets it up, for so many threads.
pub(crate) fn start<P: Peer>(threads: usize, operations: u64) -> Box<dyn Rounds> {
    let (alert, waker) = Alert::new();
    let delays = (0..threads as u64).map(Delays::new).collect();
    Box::new(Contention { peer: P::start(threads), delays, each: operations / threads as u64, done: 0, alert, waker })
}

impl<P: Peer> Rounds for Contention<P> {
    fn round(&mut self) -> Result<Vec<f64>, String> {
        let (peer, each, waker) = (&self.peer, self.each, &self.waker);
        let barrier = &Barrier::new(self.delays.len());
        let work = |delays| {
            // The waker is this thread's own, or they would contend for its count.
            let waker = Waker::from(Arc::new(Forwards(waker.clone())));
            let mut wrong = 0;
            barrier.wait();
            let begun = Instant::now();
            let cpu = peer.within(|| timed(|| wrong = repeat::<PollOnce, P>(peer, each, delays, &waker)));
            (wrong, cpu, begun, Instant::now())
        };
        let work = &work;
        let took: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = self.delays.iter().map(|delays| scope.spawn(move || work(delays))).collect();
            threads.into_iter().map(|thread| thread.join().expect("nothing in it panics")).collect()
        });
        let all = each * self.delays.len() as u64;
        self.done += all;
        let wrong: u64 = took.iter().map(|taken| taken.0).sum();
        if wrong > 0 {
            return Err(format!("{wrong} of {all} were over at the first poll"));
        }
        let cpu: Duration = took.iter().map(|taken| taken.1).sum();
        let begun = took.iter().map(|taken| taken.2).min().expect("there is a thread");
        let ended = took.iter().map(|taken| taken.3).max().expect("there is a thread");
        Ok([cpu, ended - begun].map(|taken| taken.as_nanos() as f64 / all as f64).to_vec())
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        finish(&self.peer, self.done, &self.alert)
    }
}

/// Wakes another.
struct Forwards(Waker);

impl std::task::Wake for Forwards {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
}

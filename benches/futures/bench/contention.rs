//! Making, polling and dropping a sleep on several threads at once, as the threads of a server do: on threads of their
//! own, and in tasks on the runtime's workers.

use std::sync::Arc;
use std::time::Instant;

use harness::{Alert, Rounds, at_once, of_process, timed};
use tokio::task::yield_now;

use crate::crowd::WORKERS;
use crate::once::{Delays, PollOnce, finish, repeat};
use crate::peers::{In, Peer};

/// So many sleeps are polled before a task lets the runtime go on: fewer than tokio's cooperative budget allows.
const BETWEEN_YIELDS: u64 = 64;

struct Contention<P> {
    peer: Arc<In<P>>,
    /// One for each thread.
    delays: Vec<Arc<Delays>>,
    each: u64,
    done: u64,
    alert: Arc<Alert>,
}

impl<P: Peer> Contention<P> {
    fn new(threads: usize, operations: u64) -> Self {
        let delays = (0..threads as u64).map(|seed| Arc::new(Delays::new(seed))).collect();
        let (peer, alert) = (Arc::new(In::<P>::start(threads)), Arc::default());
        Self { peer, delays, each: operations / threads as u64, done: 0, alert }
    }
}

/// Sets it up, for so many threads.
pub(crate) fn start<P: Peer>(threads: usize, operations: u64) -> Box<dyn Rounds> {
    Box::new(Contention::<P>::new(threads, operations))
}

impl<P: Peer> Rounds for Contention<P> {
    fn round(&mut self) -> Result<Vec<f64>, String> {
        let Self { peer, delays, each, alert, .. } = self;
        let took = at_once(delays.len(), *each, |thread, begin| {
            let waker = alert.waker();
            let mut wrong = 0;
            begin();
            let every = 0..*each;
            let cpu = peer.within(|peer| timed(|| wrong = repeat::<PollOnce, P>(peer, every, &delays[thread], &waker)));
            expect_none(wrong, *each).map(|()| cpu)
        });
        self.done += self.each * self.delays.len() as u64;
        took
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        finish(&*self.peer, self.done, &self.alert)
    }
}

fn expect_none(wrong: u64, of: u64) -> Result<(), String> {
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} of {of} were over at the first poll")) }
}

/// The same in a task on each of the runtime's workers.
struct Workers<P>(Contention<P>);

pub(crate) fn start_workers<P: Peer>(operations: u64) -> Box<dyn Rounds> {
    Box::new(Workers(Contention::<P>::new(WORKERS, operations)))
}

impl<P: Peer> Rounds for Workers<P> {
    /// The time that passed over all operations, and the processor time of the process.
    fn round(&mut self) -> Result<Vec<f64>, String> {
        let Contention { peer, delays, each, done, alert } = &mut self.0;
        let each = *each;
        let (cpu, begun) = (of_process(), Instant::now());
        let tasks = delays.iter().map(|delays| {
            let (peer, delays, waker) = (peer.clone(), delays.clone(), alert.waker());
            let runtime = peer.runtime.handle().clone();
            runtime.spawn(async move {
                let mut wrong = 0;
                for first in (0..each).step_by(BETWEEN_YIELDS as usize) {
                    wrong += peer.within(|peer| {
                        repeat::<PollOnce, P>(peer, first..each.min(first + BETWEEN_YIELDS), &delays, &waker)
                    });
                    yield_now().await;
                }
                wrong
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut wrong = 0;
        for task in tasks {
            wrong += peer.runtime.block_on(task).map_err(|error| error.to_string())?;
        }
        let operations = each * delays.len() as u64;
        let took = [begun.elapsed(), of_process() - cpu].map(|took| took.as_nanos() as f64 / operations as f64);
        *done += operations;
        expect_none(wrong, operations).map(|()| took.to_vec())
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        Box::new(self.0).finish()
    }
}

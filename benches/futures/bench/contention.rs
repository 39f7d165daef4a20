//! Making, polling and dropping a sleep on several threads at once, as the threads of a server do: on threads of their
//! own, and in tasks on the runtime's workers.

use std::sync::Arc;
use std::time::Instant;

use harness::{Rounds, at_once, checked, expect, of_process, timed};
use tokio::task::yield_now;

use crate::crowd::WORKERS;
use crate::once::{Delays, PollOnce, WRONG, finish, repeat};
use crate::peers::{In, Peer};

/// So many sleeps are polled before a task lets the runtime go on: fewer than tokio's cooperative budget allows.
const BETWEEN_YIELDS: u64 = 64;

/// What is shared by so many threads, and the delays of each.
fn set_up<P: Peer>(threads: usize) -> (Arc<In<P>>, Vec<Arc<Delays>>) {
    (Arc::new(In::start(threads)), (0..threads as u64).map(|seed| Arc::new(Delays::new(seed))).collect())
}

/// Sets it up, for so many threads.
pub(crate) fn start<P: Peer>(threads: usize, operations: u64) -> Box<dyn Rounds> {
    let (peer, delays) = set_up::<P>(threads);
    let (each, in_the_end) = (operations / threads as u64, peer.clone());
    let round = move || {
        at_once(threads, each, |thread, begin| {
            let waker = peer.alert.waker();
            let mut wrong = 0;
            begin();
            let cpu =
                peer.within(|peer| timed(|| wrong = repeat::<PollOnce, P>(peer, 0..each, &delays[thread], &waker)));
            expect(wrong, 0, WRONG).map(|()| cpu)
        })
    };
    checked(each * threads as u64, round, move |done| finish(&in_the_end, done))
}

/// The same in a task on each of the runtime's workers: the time that passed over all operations, and the processor
/// time of the process.
pub(crate) fn start_workers<P: Peer>(operations: u64) -> Box<dyn Rounds> {
    let (peer, delays) = set_up::<P>(WORKERS);
    let (each, in_the_end) = (operations / WORKERS as u64, peer.clone());
    let round = move || {
        let (cpu, begun) = (of_process(), Instant::now());
        let tasks = delays.iter().map(|delays| peer.runtime.spawn(in_task(peer.clone(), delays.clone(), each)));
        let tasks: Vec<_> = tasks.collect();
        let mut wrong = 0;
        for task in tasks {
            wrong += peer.runtime.block_on(task).map_err(|error| error.to_string())?;
        }
        let took = [begun.elapsed(), of_process() - cpu].map(|took| took.as_nanos() as f64 / operations as f64);
        expect(wrong, 0, WRONG).map(|()| took.to_vec())
    };
    checked(each * WORKERS as u64, round, move |done| finish(&in_the_end, done))
}

async fn in_task<P: Peer>(peer: Arc<In<P>>, delays: Arc<Delays>, each: u64) -> u64 {
    let waker = peer.alert.waker();
    let mut wrong = 0;
    for first in (0..each).step_by(BETWEEN_YIELDS as usize) {
        let which = first..each.min(first + BETWEEN_YIELDS);
        wrong += peer.within(|peer| repeat::<PollOnce, P>(peer, which, &delays, &waker));
        yield_now().await;
    }
    wrong
}

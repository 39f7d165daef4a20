//! Sleeps that are moved while they wait: idle timeouts of connections, each put off at every sign of life.
//!
//! Deadlines only grow, as those of a running clock do, and the clock is not read for them, but by a peer that takes
//! delays.

use std::pin::Pin;
use std::task::Context;
use std::time::{Duration, Instant};

use fastrand::Rng;
use harness::{Rounds, expect, ns_each};

use crate::block_on::until_over;
use crate::peers::{In, Resets};

/// Until the first is due, which is after everything was measured.
const FIRST: Duration = Duration::from_secs(120);
/// Over which the deadlines of many are spread at first; those that are moved go behind them.
const SPREAD: Duration = Duration::from_secs(60);
/// By how much each deadline is later than the one before.
const STEP: Duration = Duration::from_micros(10);
const SEED: u64 = 0x0072_6573_6574;
/// Once all were measured they are moved to within this time, to see that they do fire.
const SOON: Duration = Duration::from_millis(100);

struct Moved<P: Resets> {
    peer: In<P>,
    sleeps: Vec<Pin<Box<P::Sleep>>>,
    operations: u64,
    next: P::Moment,
    random: Rng,
}

/// Arms so many, of which a random one is moved at each operation.
pub(crate) fn start<P: Resets>(sleeps: usize, operations: u64) -> Box<dyn Rounds> {
    let peer = In::<P>::start(1);
    let waker = peer.alert.waker();
    let mut context = Context::from_waker(&waker);
    let (sleeps, next) = peer.within(|peer| {
        let sleeps = (0..sleeps).map(|place| {
            let mut sleep = Box::pin(peer.movable(FIRST + SPREAD.mul_f64(place as f64 / sleeps as f64)));
            let polled = sleep.as_mut().poll(&mut context);
            assert!(polled.is_pending(), "one that is due in minutes was ready");
            sleep
        });
        (sleeps.collect(), peer.moment(Instant::now() + FIRST + SPREAD))
    });
    Box::new(Moved { peer, sleeps, operations, next, random: Rng::with_seed(SEED) })
}

impl<P: Resets> Rounds for Moved<P> {
    fn round(&mut self) -> Result<Vec<f64>, String> {
        let Self { peer, sleeps, operations, next, random, .. } = self;
        let ns = peer.within(|_| {
            ns_each(*operations, || {
                for _ in 0..*operations {
                    *next = *next + STEP;
                    // With one sleep there is nothing to be drawn, and only its own cost is measured.
                    let place = if sleeps.len() == 1 { 0 } else { random.usize(..sleeps.len()) };
                    P::reset(sleeps[place].as_mut(), *next);
                }
            })
        });
        expect(peer.alert.count(), 0, "tasks woken by sleeps that are due in minutes").map(|()| vec![ns])
    }

    fn finish(mut self: Box<Self>) -> Result<(), String> {
        let count = self.sleeps.len();
        self.peer.within(|peer| {
            let soon = Instant::now() + SOON;
            let due = (0..count).map(|place| soon + SOON.mul_f64(place as f64 / count as f64));
            let mut sleeps: Vec<_> = self.sleeps.iter_mut().map(Pin::as_mut).zip(due).collect();
            // All of them, before any is waited for.
            sleeps.iter_mut().for_each(|(sleep, due)| P::reset(sleep.as_mut(), peer.moment(*due)));
            sleeps.into_iter().try_for_each(|(sleep, due)| until_over(sleep, due, P::EARLY))
        })
    }
}

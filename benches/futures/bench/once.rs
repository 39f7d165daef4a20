//! Sleeps and timeouts that are made, looked at once at most, and dropped: what most timeouts come to.

use std::array;
use std::future::{Future, pending, ready};
use std::hint::black_box;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use fastrand::Rng;
use harness::{Rounds, checked, expect, ns_each};

use crate::block_on::until_over;
use crate::peers::{In, Limits, Peer};

/// Timeouts of a server, none of which is over while it is measured.
const DELAYS_MS: Range<u64> = 60_000..120_000;
/// How many different ones there are; they are used in turn.
const DELAYS: usize = 1024;
/// Of sleeps and timeouts.
pub(crate) const WRONG: &str = "not what they must be at the first poll";
const SEED: u64 = 0x6675_7475_7265;
/// Waited for at the end, in turn, to see that sleeps do end.
const WAITED_FOR: [Duration; 4] = [Duration::ZERO, Duration::from_micros(100), Duration::from_millis(2), PAST_A_SLOT];
/// Longer than the coarsest of the contenders takes at once.
const PAST_A_SLOT: Duration = Duration::from_millis(11);

/// One of the jobs, for a peer.
pub(crate) trait Deed<P> {
    /// Whether an operation arms a timer and cancels it.
    const ARMS: bool;

    /// One operation; whether it went as it must.
    fn act(peer: &P, delay: Duration, context: &mut Context<'_>) -> bool;
}

pub(crate) struct Create;
pub(crate) struct PollOnce;
pub(crate) struct AroundReady;
pub(crate) struct AroundPending;

impl<P: Peer> Deed<P> for Create {
    const ARMS: bool = false;

    fn act(peer: &P, delay: Duration, _context: &mut Context<'_>) -> bool {
        // Where it lies has an address, so that it is really made.
        black_box(&mut pin!(peer.sleep(delay)));
        true
    }
}

impl<P: Peer> Deed<P> for PollOnce {
    const ARMS: bool = true;

    fn act(peer: &P, delay: Duration, context: &mut Context<'_>) -> bool {
        pin!(peer.sleep(delay)).poll(context).is_pending()
    }
}

impl<P: Limits> Deed<P> for AroundReady {
    const ARMS: bool = false;

    fn act(peer: &P, delay: Duration, context: &mut Context<'_>) -> bool {
        let number = black_box(delay);
        let polled = black_box(&mut pin!(peer.timeout(delay, ready(number)))).as_mut().poll(context);
        matches!(polled, Poll::Ready(Ok(same)) if same == number)
    }
}

impl<P: Limits> Deed<P> for AroundPending {
    const ARMS: bool = true;

    fn act(peer: &P, delay: Duration, context: &mut Context<'_>) -> bool {
        pin!(peer.timeout(delay, pending::<()>())).poll(context).is_pending()
    }
}

/// Delays that are drawn before, and used in turn.
pub(crate) struct Delays([Duration; DELAYS]);

impl Delays {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Rng::with_seed(SEED + seed);
        Self(array::from_fn(|_| Duration::from_millis(random.u64(DELAYS_MS))))
    }

    fn at(&self, operation: u64) -> Duration {
        self.0[operation as usize % DELAYS]
    }
}

/// Does these operations on this thread, and says how many went wrong.
pub(crate) fn repeat<D: Deed<P>, P: Peer>(peer: &P, which: Range<u64>, delays: &Delays, waker: &Waker) -> u64 {
    let mut context = Context::from_waker(waker);
    which.map(|operation| u64::from(!D::act(peer, delays.at(operation), &mut context))).sum()
}

/// Sets one of these jobs up, for one thread.
pub(crate) fn start<D: Deed<P> + 'static, P: Peer>(operations: u64) -> Box<dyn Rounds> {
    let (peer, delays) = (Arc::new(In::<P>::start(1)), Delays::new(0));
    let (waker, in_the_end) = (peer.alert.waker(), peer.clone());
    let round = move || {
        let mut wrong = 0;
        let all = || wrong = repeat::<D, P>(&peer.peer, 0..operations, &delays, &waker);
        let ns = peer.within(|_| ns_each(operations, all));
        expect(wrong, 0, WRONG).map(|()| vec![ns])
    };
    checked(operations, round, move |done| finish(&in_the_end, if D::ARMS { done } else { 0 }))
}

/// No task was woken, what was armed was cancelled, and a sleep that is waited for is over when it must be.
pub(crate) fn finish<P: Peer>(peer: &In<P>, cancelled: u64) -> Result<(), String> {
    expect(peer.alert.count(), 0, "tasks woken by what was dropped")?;
    peer.within(|peer| {
        peer.check(cancelled)?;
        WAITED_FOR.into_iter().try_for_each(|delay| {
            let deadline = Instant::now() + delay;
            until_over(pin!(peer.sleep(delay)), deadline, P::EARLY)
        })
    })
}

/// Something that every contender does too, and nothing else: a look at the machine's clock.
pub(crate) fn clock(operations: u64) -> Box<dyn Rounds> {
    let all = move || (0..operations).for_each(|_| _ = black_box(Instant::now()));
    Box::new(move || Ok(vec![ns_each(operations, all)]))
}

/// A clone of an `Arc` that is dropped again: the least that a future costs which owns a share in its driver.
pub(crate) fn share(operations: u64) -> Box<dyn Rounds> {
    let shared = Arc::new(0u64);
    let all = move || (0..operations).for_each(|_| drop(black_box(shared.clone())));
    Box::new(move || Ok(vec![ns_each(operations, &all)]))
}

//! Operations as values: what proptest shrinks, and what long random runs draw.

use std::time::Duration;

use fastrand::Rng;
use tickwheel::{Budget, Deadline, TimerId, Timestamp};

use crate::support::checked::Checked;
use crate::support::subject::Subject;

/// Bits below each level of the wheels, standard and small, and some beyond the last.
const EDGES: [u8; 14] = [4, 6, 8, 10, 14, 18, 20, 22, 26, 31, 32, 33, 40, 52];

/// A moment, told from the tick that holds now.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum At {
    /// So many ticks ahead.
    Near(u16),
    /// `2^bits` ticks ahead, give or take.
    Edge { bits: u8, off: i8 },
    /// On the ring of slots of `2^bits` ticks, so many slots on, give or take.
    Slot { bits: u8, ahead: u8, off: i8 },
    /// Any number of ticks ahead.
    Far(u64),
    /// So many nanoseconds before the end of time.
    End(u16),
    /// So many ticks ago.
    Past(u32),
}

/// A deadline; with `early_ns` it lies that much (less than a tick) before its tick.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct When {
    pub(crate) at: At,
    pub(crate) early_ns: u32,
    /// In ticks.
    pub(crate) slack: Option<u32>,
}

impl When {
    pub(crate) fn plain(at: At) -> Self {
        Self { at, early_ns: 0, slack: None }
    }

    fn moment(self, now: Timestamp, tick_ns: u64) -> Timestamp {
        let tick = now.as_nanos() / tick_ns;
        let give_or_take = |tick: u64, off: i8| tick.saturating_add_signed(off.into());
        let tick = match self.at {
            At::Near(ahead) => tick.saturating_add(ahead.into()),
            At::Edge { bits, off } => give_or_take(tick.saturating_add(1 << bits), off),
            At::Slot { bits, ahead, off } => {
                let slot = (tick >> bits).saturating_add(ahead.into());
                give_or_take(slot.saturating_mul(1 << bits), off)
            }
            At::Far(ahead) => tick.saturating_add(ahead),
            At::End(before_ns) => return Timestamp::from_nanos(u64::MAX - u64::from(before_ns)),
            At::Past(ago) => tick.saturating_sub(ago.into()),
        };
        Timestamp::from_nanos(tick.saturating_mul(tick_ns).saturating_sub(u64::from(self.early_ns) % tick_ns))
    }

    fn deadline(self, now: Timestamp, tick_ns: u64) -> Deadline {
        let deadline = Deadline::at(self.moment(now, tick_ns));
        match self.slack {
            Some(ticks) => deadline.with_slack(Duration::from_nanos(tick_ns.saturating_mul(ticks.into()))),
            None => deadline,
        }
    }

    pub(crate) fn random(rng: &mut Rng) -> Self {
        let bits = EDGES[rng.usize(..EDGES.len())];
        let at = match rng.u8(..16) {
            0..=5 => At::Near(rng.u16(..600)),
            6 => At::Near(rng.u16(..)),
            7 | 8 => At::Edge { bits, off: rng.i8(-1..=1) },
            9..=11 => At::Slot { bits, ahead: rng.u8(..130), off: rng.i8(-1..=1) },
            12 | 13 => At::Far(rng.u64(..) >> rng.u8(8..60)),
            14 => At::Past(rng.u32(..) >> rng.u8(..32)),
            _ if rng.u8(..8) == 0 => At::End(rng.u16(..)),
            _ => At::Near(0),
        };
        let early_ns = if rng.bool() { 0 } else { rng.u32(..) };
        let slack = (rng.u8(..8) == 0).then(|| rng.u32(..) >> rng.u8(8..32));
        Self { at, early_ns, slack }
    }
}

/// Where a turn takes the time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Jump {
    To(When),
    /// To when the container wants its next turn.
    NextTurn,
    /// To a nanosecond before the next timer is due, give or take.
    NextExpiry {
        off_ns: i8,
    },
}

/// What happens at each timer that a turn hands out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Handler {
    Nothing,
    Arm(When),
    Cancel(u16),
    Reset(u16, When),
    /// The turn is dropped here.
    Stop,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Op {
    Insert(When),
    InsertMany(u8, When),
    Cancel(u16),
    /// Cancels the one that was armed last: arm and cancel at once.
    CancelNewest,
    Reset(u16, When),
    TouchStale(u16),
    Turn {
        to: Jump,
        budget: Option<u8>,
        handler: Handler,
    },
    /// So many times: sleep until the next turn is wanted, and turn.
    Sleep(u8),
    Clear,
    Shrink,
    Reserve(u8),
}

impl Op {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        match rng.u16(..1000) {
            0..300 => Self::Insert(When::random(rng)),
            300..330 => Self::InsertMany(rng.u8(..40), When::random(rng)),
            330..450 => Self::Cancel(rng.u16(..)),
            450..480 => Self::CancelNewest,
            480..660 => Self::Reset(rng.u16(..), When::random(rng)),
            660..690 => Self::TouchStale(rng.u16(..)),
            690..940 => {
                let budget = rng.bool().then(|| rng.u8(..) >> rng.u8(..8));
                Self::Turn { to: Self::random_jump(rng), budget, handler: Self::random_handler(rng) }
            }
            940..980 => Self::Sleep(rng.u8(..8)),
            980 => Self::Clear,
            981..990 => Self::Shrink,
            _ => Self::Reserve(rng.u8(..)),
        }
    }

    fn random_jump(rng: &mut Rng) -> Jump {
        match rng.u16(..2000) {
            // The rare jump that nothing bounds; it may well go to the end of time.
            0 => Jump::To(When::random(rng)),
            1..200 => Jump::To(When { slack: None, early_ns: rng.u32(..), at: At::Far(rng.u64(..) >> rng.u8(40..63)) }),
            200..500 => {
                let bits = EDGES[rng.usize(..9)] / 2;
                Jump::To(When::plain(At::Slot { bits, ahead: rng.u8(..3), off: rng.i8(-1..=1) }))
            }
            500..1000 => Jump::To(When { slack: None, early_ns: rng.u32(..), at: At::Near(rng.u16(..300)) }),
            1000..1300 => Jump::To(When::plain(At::Near(rng.u16(..2)))),
            1300..1350 => Jump::To(When::plain(At::Past(rng.u32(..1000)))),
            1350..1700 => Jump::NextTurn,
            _ => Jump::NextExpiry { off_ns: rng.i8(-1..=1) },
        }
    }

    fn random_handler(rng: &mut Rng) -> Handler {
        match rng.u8(..10) {
            0 => Handler::Arm(When::random(rng)),
            1 => Handler::Cancel(rng.u16(..)),
            2 => Handler::Reset(rng.u16(..), When::random(rng)),
            3 => Handler::Stop,
            _ => Handler::Nothing,
        }
    }
}

/// The more of them, the longer a turn with a handler that arms may be.
const MOST_HANDLED: usize = 300;

impl<C: Subject> Checked<C> {
    pub(crate) fn apply(&mut self, op: Op) {
        match op {
            Op::Insert(when) => {
                self.insert(self.deadline(when));
            }
            Op::InsertMany(count, when) => (0..count).for_each(|_| {
                self.insert(self.deadline(when));
            }),
            Op::Cancel(pick) => self.pick(pick).into_iter().for_each(|id| self.cancel(id)),
            Op::CancelNewest => self.model().live().last().copied().into_iter().for_each(|id| self.cancel(id)),
            Op::Reset(pick, when) => {
                self.pick(pick).into_iter().for_each(|id| self.reset(id, self.deadline(when)));
            }
            Op::TouchStale(pick) => {
                let stale = self.model().stale();
                let id = (!stale.is_empty()).then(|| stale[usize::from(pick) % stale.len()]);
                id.into_iter().for_each(|id| self.check_stale(id));
            }
            Op::Turn { to, budget, handler } => {
                let budget = budget.map_or(Budget::UNLIMITED, |entries| Budget::entries(entries.into()));
                self.turn_with(self.time_of(to), budget, handler);
            }
            Op::Sleep(times) => (0..times).for_each(|_| {
                self.turn(self.time_of(Jump::NextTurn));
            }),
            Op::Clear => self.clear(),
            Op::Shrink => self.shrink_to_fit(),
            Op::Reserve(additional) => self.reserve(additional.into()),
        }
    }

    fn turn_with(&mut self, now: Timestamp, mut budget: Budget, handler: Handler) {
        self.open_turn(now);
        let mut handled = 0;
        while self.expire_next(&mut budget).is_some() {
            handled += 1;
            match handler {
                _ if handled > MOST_HANDLED => {}
                Handler::Nothing => {}
                Handler::Arm(when) => self.apply(Op::Insert(when)),
                Handler::Cancel(pick) => self.apply(Op::Cancel(pick)),
                Handler::Reset(pick, when) => self.apply(Op::Reset(pick, when)),
                Handler::Stop => return,
            }
        }
    }

    fn pick(&self, pick: u16) -> Option<TimerId> {
        let live = self.model().live();
        (!live.is_empty()).then(|| live[usize::from(pick) % live.len()])
    }

    fn deadline(&self, when: When) -> Deadline {
        when.deadline(self.model().now(), self.model().rules().tick_ns())
    }

    fn time_of(&self, jump: Jump) -> Timestamp {
        let now = self.model().now();
        match jump {
            Jump::To(when) => when.moment(now, self.model().rules().tick_ns()),
            Jump::NextTurn => self.timer().next_turn().unwrap_or(now),
            Jump::NextExpiry { off_ns } => {
                let expiry = self.model().next_expiry().unwrap_or(now);
                Timestamp::from_nanos(expiry.as_nanos().saturating_add_signed(off_ns.into()))
            }
        }
    }
}

//! The day: a server with its timers, and the visitors who set them off, all of it callbacks of one driver.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::ProgressBar;
use tickwheel::{CallbackGuard, CallbackStatus, Driver, Handle, ManualClock, TimerEvent, Timestamp};

use crate::Args;
use crate::book::{Book, Event, Outcome};
use crate::clients::{Action, Attempt, Client};

/// A connection without a request for so long is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(12 * 3600);
/// How often the other side is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(3600);
/// A connection that has not answered so often is closed.
const MOST_UNANSWERED: u32 = 3;
/// A request that is not served by then is answered with an error.
const REQUEST_DEADLINE: Duration = Duration::from_secs(5);
/// So long after midnight the first visitors have come.
const OPENING: Duration = Duration::from_secs(10 * 60);
const QUARTER: Duration = Duration::from_secs(900);
const HOUR: Duration = Duration::from_secs(3600);
/// Who it is where it is nobody in particular.
const NOBODY: u32 = u32::MAX;

/// What callbacks share.
struct Day {
    timers: Handle,
    world: Mutex<World>,
}

struct World {
    book: Book,
    seed: u64,
    /// Visitors who are about to come.
    awaited: usize,
    connections: Vec<Option<Box<Connection>>>,
    open: u64,
    progress: ProgressBar,
}

/// A timer that is armed, and when the book says that it is due.
struct Armed {
    guard: CallbackGuard,
    due: Timestamp,
}

struct Connection {
    client: Client,
    opened: Timestamp,
    last_request: Timestamp,
    idle: CallbackGuard,
    keep_alive: CallbackGuard,
    keep_alives: u32,
    unanswered: u32,
    is_vanished: bool,
    /// The visitor's next action, if there is to be one.
    action: Option<Armed>,
    request: Option<Request>,
}

struct Request {
    begun: Timestamp,
    deadline: CallbackGuard,
    /// The attempt that is under way or, after one that failed, the pause; nothing if it is stuck.
    step: Option<Armed>,
    failed: u32,
}

/// Simulates the day that `args` ask for, on a driver that follows `clock`.
pub(crate) fn simulate(
    clock: &ManualClock,
    driver: &Driver,
    args: &Args,
    progress: &ProgressBar,
) -> Result<Outcome, Box<dyn Error>> {
    let world = World {
        book: Book::new(args.timer.tick()),
        seed: args.seed,
        awaited: 0,
        connections: Vec::new(),
        open: 0,
        progress: progress.clone(),
    };
    let day = Arc::new(Day { timers: driver.handle(), world: Mutex::new(world) });
    day.start(args.connections)?;
    clock.advance(HOUR * args.hours);
    Ok(day.close(args))
}

impl Day {
    fn start(self: &Arc<Self>, connections: u32) -> Result<(), Box<dyn Error>> {
        let day = self.clone();
        self.timers.call_every(QUARTER, move |event| day.with(|world| world.end_quarter(event)))?.detach();
        let day = self.clone();
        self.timers.call_every(HOUR, move |event| day.with(|world| world.report(event)))?.detach();
        let between = OPENING / connections;
        self.with(|world| (0..connections).for_each(|n| self.await_arrival(world, Timestamp::ZERO + between * n)));
        Ok(())
    }

    fn with<R>(&self, work: impl FnOnce(&mut World) -> R) -> R {
        work(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Calls `call` with the world, the connection and its number, `delay` from `now` on, if there still is such a
    /// connection then.
    fn after(
        self: &Arc<Self>,
        now: Timestamp,
        delay: Duration,
        id: u32,
        call: fn(&Arc<Self>, &mut World, u32, Timestamp),
    ) -> Armed {
        let (day, due) = (self.clone(), now + delay);
        let guard = self.timers.call_at(due, move |event| day.with(|world| call(&day, world, id, event.now)));
        Armed { guard: guard.expect("the driver runs all day"), due }
    }

    /// Waits for a visitor who comes at `due`.
    fn await_arrival(self: &Arc<Self>, world: &mut World, due: Timestamp) {
        let day = self.clone();
        let arrive = move |event: TimerEvent| day.with(|world| day.arrive(world, due, event.now));
        self.timers.call_at(due, arrive).expect("the driver runs all day").detach();
        world.awaited += 1;
    }

    fn arrive(self: &Arc<Self>, world: &mut World, due: Timestamp, now: Timestamp) {
        let id = world.connections.len() as u32;
        world.awaited -= 1;
        world.book.happened(Event::Arrival, id, now, due);
        world.book.now.arrived += 1;
        world.open += 1;
        let mut client = Client::new(world.seed, id);
        let day = self.clone();
        let keep_alive = self.timers.call_every(KEEP_ALIVE, move |event| {
            day.with(|world| day.keep_alive(world, id, event));
        });
        let action = self.after(now, client.think(hour(now)), id, Self::act);
        let connection = Connection {
            client,
            opened: now,
            last_request: now,
            idle: self.after(now, IDLE_TIMEOUT, id, Self::time_out).guard,
            keep_alive: keep_alive.expect("the driver runs all day"),
            keep_alives: 0,
            unanswered: 0,
            is_vanished: false,
            action: Some(action),
            request: None,
        };
        world.connections.push(Some(Box::new(connection)));
    }

    /// The visitor does something.
    fn act(self: &Arc<Self>, world: &mut World, id: u32, now: Timestamp) {
        let World { book, connections, .. } = world;
        let connection = open(connections, id);
        let due = connection.action.take().map_or(Timestamp::MAX, |action| action.due);
        book.happened(Event::Action, id, now, due);
        match connection.client.act() {
            Action::Request => {
                book.now.requests += 1;
                book.withdrew(now, connection.last_request + IDLE_TIMEOUT);
                connection.last_request = now;
                connection.idle.reset(now + IDLE_TIMEOUT);
                let deadline = self.after(now, REQUEST_DEADLINE, id, Self::give_up).guard;
                let step = self.attempt(connection, id, now);
                connection.request = Some(Request { begun: now, deadline, step, failed: 0 });
            }
            Action::Leave => {
                book.now.left += 1;
                self.hang_up(world, id, now);
            }
            Action::Vanish => connection.is_vanished = true,
        }
    }

    /// Begins an attempt to serve a request.
    fn attempt(self: &Arc<Self>, connection: &mut Connection, id: u32, now: Timestamp) -> Option<Armed> {
        match connection.client.attempt() {
            (_, Attempt::Stuck) => None,
            (took, Attempt::Failed) => Some(self.after(now, took, id, Self::back_off)),
            (took, Attempt::Answered) => Some(self.after(now, took, id, Self::answer)),
        }
    }

    fn answer(self: &Arc<Self>, world: &mut World, id: u32, now: Timestamp) {
        let connection = open(&mut world.connections, id);
        let Some(request) = connection.request.take() else { return world.no_request(id) };
        world.book.happened(Event::Attempt, id, now, due(&request.step));
        world.book.withdrew(now, request.begun + REQUEST_DEADLINE);
        connection.action = Some(self.after(now, connection.client.think(hour(now)), id, Self::act));
    }

    fn back_off(self: &Arc<Self>, world: &mut World, id: u32, now: Timestamp) {
        let connection = open(&mut world.connections, id);
        let Some(request) = &mut connection.request else { return world.no_request(id) };
        world.book.happened(Event::Attempt, id, now, due(&request.step));
        let pause = connection.client.back_off(request.failed);
        request.failed += 1;
        request.step = Some(self.after(now, pause, id, Self::try_again));
    }

    fn try_again(self: &Arc<Self>, world: &mut World, id: u32, now: Timestamp) {
        let connection = open(&mut world.connections, id);
        let step = connection.request.as_mut().and_then(|request| request.step.take());
        world.book.happened(Event::Retry, id, now, due(&step));
        world.book.now.retries += 1;
        let step = self.attempt(connection, id, now);
        match &mut connection.request {
            Some(request) => request.step = step,
            None => world.no_request(id),
        }
    }

    /// The deadline of a request: it is answered with an error.
    fn give_up(self: &Arc<Self>, world: &mut World, id: u32, now: Timestamp) {
        let connection = open(&mut world.connections, id);
        let Some(request) = connection.request.take() else { return world.no_request(id) };
        world.book.happened(Event::RequestDeadline, id, now, request.begun + REQUEST_DEADLINE);
        world.book.withdrew(now, due(&request.step));
        world.book.now.too_late += 1;
        connection.action = Some(self.after(now, connection.client.think(hour(now)), id, Self::act));
    }

    /// Nothing was asked for so long: the connection is closed, and was idle just so long.
    fn time_out(self: &Arc<Self>, world: &mut World, id: u32, now: Timestamp) {
        let World { book, connections, .. } = world;
        let connection = open(connections, id);
        book.happened(Event::IdleTimeout, id, now, connection.last_request + IDLE_TIMEOUT);
        book.expect(connection.request.is_none(), || format!("{id} was closed as idle with a request under way"));
        book.now.idle += 1;
        self.hang_up(world, id, now);
    }

    fn keep_alive(self: &Arc<Self>, world: &mut World, id: u32, event: TimerEvent) {
        let World { book, connections, .. } = world;
        let connection = open(connections, id);
        connection.keep_alives += 1;
        let due = connection.opened + KEEP_ALIVE * connection.keep_alives;
        book.happened(Event::KeepAlive, id, event.now, due);
        book.expect(event.due == due && event.missed == 0, || format!("keep-alive of {id}: {event:?}"));
        book.now.keep_alives += 1;
        connection.unanswered = if connection.is_vanished { connection.unanswered + 1 } else { 0 };
        if connection.unanswered == MOST_UNANSWERED {
            book.now.vanished += 1;
            self.hang_up(world, id, event.now);
        }
    }

    /// Closes a connection: all of its timers are cancelled as their guards are dropped. Another visitor comes soon.
    fn hang_up(self: &Arc<Self>, world: &mut World, id: u32, now: Timestamp) {
        let mut connection = world.connections[id as usize].take().expect("what is closed was open");
        let pending =
            connection.waits_for().into_iter().filter(|(_, guard, _)| guard.status() == CallbackStatus::Pending);
        pending.for_each(|(_, _, due)| world.book.withdrew(now, due));
        world.open -= 1;
        self.await_arrival(world, now + connection.client.stay_away());
    }

    /// Closes the book: what is still armed must be what the connections that are open wait for.
    fn close(&self, args: &Args) -> Outcome {
        let (metrics, now) = (self.timers.metrics(), self.timers.now());
        self.with(|world| {
            let World { book, connections, awaited, .. } = world;
            let mut armed = 2 + *awaited;
            for (id, connection) in connections.iter().enumerate() {
                let Some(connection) = connection else { continue };
                for (what, guard, due) in connection.waits_for() {
                    armed += 1;
                    let is_so = guard.deadline() == due && due > now - Duration::from_millis(1);
                    book.expect(is_so, || format!("{what} of {id}: due at {due:?}, armed for {:?}", guard.deadline()));
                }
            }
            book.expect(metrics.pending == armed, || format!("{} timers pending, not {armed}", metrics.pending));
            let gone = metrics.cancelled + metrics.fired + metrics.pending as u64;
            book.expect(metrics.armed == gone, || format!("{} timers armed, {gone} accounted for", metrics.armed));
            let (events, withdrawn) = (book.outcome.events, book.withdrawn);
            let is_so = (events..=events + withdrawn).contains(&metrics.fired);
            book.expect(is_so, || format!("{} timers fired, {events} events, {withdrawn} withdrawn", metrics.fired));
            let quarters = book.outcome.quarters.len();
            book.expect(quarters == 4 * args.hours as usize, || format!("{quarters} quarters of an hour"));
            book.expect(metrics.panics == 0, || format!("{} callbacks panicked", metrics.panics));
            let outcome = std::mem::take(&mut book.outcome);
            let (armed, cancelled, reset, fired) = (metrics.armed, metrics.cancelled, metrics.reset, metrics.fired);
            Outcome { armed, cancelled, reset, fired, ..outcome }
        })
    }
}

impl World {
    fn no_request(&mut self, id: u32) {
        self.book.expect(false, || format!("a timer of a request fired for {id}, which has none"));
    }

    fn end_quarter(&mut self, event: TimerEvent) {
        let quarters = self.book.outcome.quarters.len() as u32 + 1;
        self.book.happened(Event::Report, NOBODY, event.now, Timestamp::ZERO + QUARTER * quarters);
        self.book.turn_page(self.open);
    }

    /// A full hour. The report has been armed for an hour and the last quarter for less, so that this comes first (C3).
    fn report(&mut self, event: TimerEvent) {
        let quarters = &self.book.outcome.quarters;
        let hours = (quarters.len() as u32 + 1) / 4;
        let before: u64 = quarters.iter().rev().take(3).map(|quarter| quarter.requests).sum();
        let requests = before + self.book.now.requests;
        self.progress.set_position(u64::from(hours));
        self.progress.set_message(format!("{hours:02}:00, {} open, {requests} requests", self.open));
        self.book.happened(Event::Report, NOBODY, event.now, Timestamp::ZERO + HOUR * hours);
    }
}

impl Connection {
    /// Its timers, and when the book says that each is due.
    fn waits_for(&self) -> Vec<(&'static str, &CallbackGuard, Timestamp)> {
        let mut timers = vec![
            ("idle timeout", &self.idle, self.last_request + IDLE_TIMEOUT),
            ("keep-alive", &self.keep_alive, self.opened + KEEP_ALIVE * (self.keep_alives + 1)),
        ];
        timers.extend(self.action.iter().map(|action| ("action", &action.guard, action.due)));
        if let Some(request) = &self.request {
            timers.push(("request", &request.deadline, request.begun + REQUEST_DEADLINE));
            timers.extend(request.step.iter().map(|step| ("attempt", &step.guard, step.due)));
        }
        timers
    }
}

/// A connection whose timer fired; one that is closed has no timers any more.
fn open(connections: &mut [Option<Box<Connection>>], id: u32) -> &mut Connection {
    connections[id as usize].as_deref_mut().expect("a closed connection has no timers")
}

/// The hour of the day, with its fraction.
fn hour(now: Timestamp) -> f64 {
    now.as_nanos() as f64 / 3.6e12
}

/// When a step is due; never, if there is none.
fn due(step: &Option<Armed>) -> Timestamp {
    step.as_ref().map_or(Timestamp::MAX, |step| step.due)
}

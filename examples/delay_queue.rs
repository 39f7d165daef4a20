//! The sessions of a server, which end when they are idle: an actor with a `DelayQueue`, in a tokio runtime whose own
//! timers are switched off.
//!
//! ```text
//! cargo run --release --example delay_queue
//! ```
//!
//! Users make requests at random and then go away, some of them by logging out. Each request pushes back the moment at
//! which the session expires. Everything is counted and checked: no session ends before it was idle for as long as it
//! may be, each ends once, and nothing is left behind.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::error::Error;
use std::time::Duration;

use tickwheel::{DelayQueue, Driver, Handle, Resolution, TimerError, TimerId, TimerWheel, Timestamp};
use tokio::sync::mpsc;

const USERS: u32 = 2_000;
const IDLE: Duration = Duration::from_millis(150);

enum Command {
    Request(u32),
    LogOut(u32),
}

struct Session {
    expires: TimerId,
    last_seen: Timestamp,
}

/// What became of the sessions.
#[derive(Default, Debug)]
struct Report {
    requests: u32,
    started: u32,
    logged_out: u32,
    expired: u32,
    /// How long after its last request a session expired, beyond what it may be idle.
    latest: Duration,
}

struct Sessions {
    table: HashMap<u32, Session>,
    idle: DelayQueue<u32>,
    report: Report,
}

impl Sessions {
    fn new(timers: &Handle) -> Self {
        Self { table: HashMap::new(), idle: DelayQueue::new(timers), report: Report::default() }
    }

    /// Serves until all users are gone and the last session has ended.
    async fn serve(mut self, mut commands: mpsc::Receiver<Command>) -> Result<Report, Box<dyn Error>> {
        let mut users_are_there = true;
        while users_are_there || !self.idle.is_empty() {
            tokio::select! {
                command = commands.recv(), if users_are_there => match command {
                    Some(Command::Request(user)) => self.request(user)?,
                    Some(Command::LogOut(user)) => self.log_out(user),
                    None => users_are_there = false,
                },
                // An empty queue would say so at once, again and again.
                expired = self.idle.next_expired(), if !self.idle.is_empty() => {
                    self.expire(expired?.map(|expired| expired.value));
                }
            }
        }
        assert!(self.table.is_empty(), "a session without a deadline was left behind");
        Ok(self.report)
    }

    fn request(&mut self, user: u32) -> Result<(), Box<dyn Error>> {
        self.report.requests += 1;
        let last_seen = self.idle.now();
        match self.table.entry(user) {
            Entry::Occupied(mut session) => {
                let session = session.get_mut();
                assert!(self.idle.reset_at(session.expires, last_seen + IDLE), "it is there, so it has a deadline");
                session.last_seen = last_seen;
            }
            Entry::Vacant(place) => {
                let expires = self.idle.insert_at(user, last_seen + IDLE)?;
                place.insert(Session { expires, last_seen });
                self.report.started += 1;
            }
        }
        Ok(())
    }

    fn log_out(&mut self, user: u32) {
        // It may have expired before.
        if let Some(session) = self.table.remove(&user) {
            assert_eq!(self.idle.remove(session.expires), Some(user));
            self.report.logged_out += 1;
        }
    }

    fn expire(&mut self, user: Option<u32>) {
        let Some(user) = user else { return };
        let session = self.table.remove(&user).expect("a session ends once");
        let was_idle = self.idle.now() - session.last_seen;
        assert!(was_idle >= IDLE, "user {user} was idle for {was_idle:?} only");
        self.report.expired += 1;
        self.report.latest = self.report.latest.max(was_idle - IDLE);
    }
}

/// A user who makes some requests and goes away, one in three by logging out.
async fn user(user: u32, timers: Handle, commands: mpsc::Sender<Command>) -> Result<(), TimerError> {
    let mut random = fastrand::Rng::with_seed(u64::from(user));
    timers.sleep(Duration::from_micros(random.u64(..200_000))).await?;
    for _ in 0..random.u32(1..12) {
        // The table outlives its users.
        _ = commands.send(Command::Request(user)).await;
        timers.sleep(Duration::from_micros(random.u64(..100_000))).await?;
    }
    if user % 3 == 0 {
        _ = commands.send(Command::LogOut(user)).await;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let timers = Driver::spawn(TimerWheel::new(Resolution::MILLISECOND))?;
    let start = timers.now();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;

    let report = runtime.block_on(async {
        let (sender, commands) = mpsc::channel(64);
        let users: Vec<_> =
            (0..USERS).map(|number| tokio::spawn(user(number, timers.handle(), sender.clone()))).collect();
        drop(sender);
        let report = Sessions::new(&timers).serve(commands).await?;
        for user in users {
            user.await??;
        }
        Ok::<_, Box<dyn Error>>(report)
    })?;

    assert_eq!(report.started, report.expired + report.logged_out, "each session ends once");
    assert!(report.started >= USERS && report.expired > 0 && report.logged_out > 0, "{report:?}");
    assert_eq!(timers.pending(), 0, "nothing is left in the driver");
    let Report { requests, started, expired, logged_out, latest } = report;
    println!("{requests} requests of {USERS} users in {:?}", timers.now() - start);
    println!("{started} sessions: {expired} expired, {logged_out} ended by logging out; none early, none lost");
    println!("the latest expired {latest:?} after it was idle for {IDLE:?}");
    Ok(())
}

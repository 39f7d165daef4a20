//! A whole async runtime for one thread in a hundred lines, whose timers are this crate's.
//!
//! ```text
//! cargo run --release --example executor
//! ```
//!
//! It is what `docs/runtimes.md` tells in small: a queue of tasks that are ready, a place to wait, and a driver that is
//! turned each time round. What it runs are 1,000 tasks that sleep, one after another and side by side; each checks
//! that it was not woken early, and at the end nothing may be pending.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use tickwheel::{Driver, Handle, LoopDriver, Resolution, TimerWheel};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Runs tasks on the thread that made it.
struct Executor {
    timers: LoopDriver,
    ready: Arc<Ready>,
    /// `None` once a task has ended.
    tasks: RefCell<Vec<Option<Task>>>,
}

/// The tasks that want to be polled, and the thread to wake for them.
struct Ready {
    queue: Mutex<VecDeque<usize>>,
    thread: Thread,
}

/// Wakes one task. A task that is in the queue already is not queued twice.
struct TaskWaker {
    task: usize,
    is_queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::AcqRel) {
            self.ready.queue.lock().unwrap().push_back(self.task);
            self.ready.thread.unpark();
        }
    }
}

impl Executor {
    fn new() -> io::Result<Self> {
        let thread = thread::current();
        let waiting = thread.clone();
        // A timer that is armed by another thread, for a moment before the one that is waited for, ends the wait.
        let timers =
            Driver::builder().for_event_loop(TimerWheel::new(Resolution::MILLISECOND), move || waiting.unpark())?;
        let ready = Arc::new(Ready { queue: Mutex::default(), thread });
        Ok(Self { timers, ready, tasks: RefCell::default() })
    }

    fn timers(&self) -> Handle {
        self.timers.handle()
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let mut tasks = self.tasks.borrow_mut();
        self.ready.queue.lock().unwrap().push_back(tasks.len());
        tasks.push(Some(Box::pin(task)));
    }

    /// Runs until every task has ended.
    fn run(&self) {
        let mut wakers: Vec<Arc<TaskWaker>> = Vec::new();
        let mut left = self.tasks.borrow().len();
        while left > 0 {
            // What is due wakes its tasks, and that is all a turn does to an executor.
            let turned = self.timers.turn(self.timers.now());
            let batch = std::mem::take(&mut *self.ready.queue.lock().unwrap());
            if batch.is_empty() && !turned.budget_exhausted {
                self.wait();
            }
            for task in batch {
                for task in wakers.len()..=task {
                    let (is_queued, ready) = (AtomicBool::new(true), self.ready.clone());
                    wakers.push(Arc::new(TaskWaker { task, is_queued, ready }));
                }
                left -= usize::from(self.poll(task, &wakers[task]));
            }
        }
    }

    /// Polls a task, and says whether it has ended.
    fn poll(&self, task: usize, waker: &Arc<TaskWaker>) -> bool {
        waker.is_queued.store(false, Ordering::Release);
        let Some(mut future) = self.tasks.borrow_mut()[task].take() else { return false };
        let polled = future.as_mut().poll(&mut Context::from_waker(&Waker::from(waker.clone())));
        if polled.is_pending() {
            self.tasks.borrow_mut()[task] = Some(future);
        }
        polled == Poll::Ready(())
    }

    /// Waits until a task is woken or a turn is wanted. A thread that was unparked before does not wait at all.
    fn wait(&self) {
        match self.timers.timeout() {
            Some(timeout) => thread::park_timeout(timeout),
            None => thread::park(),
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<String> {
    const TASKS: u64 = 1_000;
    let executor = Executor::new()?;
    let timers = executor.timers();
    let early = Rc::new(RefCell::new(0));
    for task in 0..TASKS {
        let (timers, early) = (timers.clone(), early.clone());
        executor.spawn(async move {
            for round in 1..=3 {
                let deadline = timers.now() + Duration::from_micros(task * 37 + round * 1_000);
                timers.sleep_until(deadline).await.expect("the driver outlives the tasks");
                *early.borrow_mut() += u64::from(timers.now() < deadline);
            }
        });
    }
    executor.run();

    let metrics = timers.metrics();
    match (*early.borrow(), metrics.pending, metrics.fired) {
        (0, 0, fired) if fired <= 3 * TASKS => Ok(format!(
            "{TASKS} tasks slept three times each: {fired} timers fired in {} turns, none early, the median {:?} late",
            metrics.turns,
            metrics.lateness.quantile(0.5)
        )),
        (early, pending, fired) => {
            Err(io::Error::other(format!("{early} were early, {pending} are pending, {fired} fired")))
        }
    }
}

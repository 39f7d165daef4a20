//! Threads that call callbacks, so that a slow one does not hold up the turn (L16).

use std::io;
use std::string::String;
use std::vec::Vec;

use super::activity::Activity;
use super::core::Core;
use super::fire::{Due, run};
use crate::sync::channel::{Receiver, Sender, unbounded};
use crate::sync::{Arc, Mutex, Ordering, fence, thread};

/// The callback pool of a driver. Its threads come and go with [`start`](Self::start) and [`stop`](Self::stop); what
/// is queued meanwhile waits.
pub(crate) struct Pool {
    core: Arc<Core>,
    activity: Arc<Activity>,
    threads: usize,
    name: String,
    queue: Sender<Job>,
    jobs: Receiver<Job>,
    workers: Mutex<Vec<thread::JoinHandle<()>>>,
}

enum Job {
    Call(Due),
    /// Ends the thread that meets it.
    Stop,
}

impl Pool {
    pub(crate) fn new(core: Arc<Core>, activity: Arc<Activity>, threads: usize, name: String) -> Self {
        let (queue, jobs) = unbounded();
        Self { core, activity, threads, name, queue, jobs, workers: Mutex::default() }
    }

    /// Starts the threads, unless they run.
    ///
    /// # Errors
    ///
    /// What the system says if it gives no more threads; those that it gave are ended again.
    pub(crate) fn start(&self) -> io::Result<()> {
        if !self.workers.lock().is_empty() {
            return Ok(());
        }
        for index in 0..self.threads {
            let (core, activity, jobs) = (self.core.clone(), self.activity.clone(), self.jobs.clone());
            let worker = Worker { core, activity, jobs };
            let name = std::format!("{}-{index}", self.name);
            match thread::Builder::new().name(name).spawn(move || worker.core.on_thread(|| worker.run())) {
                Ok(handle) => self.workers.lock().push(handle),
                Err(error) => {
                    self.stop();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn is_own_thread(&self) -> bool {
        let own = thread::current().id();
        self.workers.lock().iter().any(|worker| worker.thread().id() == own)
    }

    pub(crate) fn call(&self, due: Due) {
        self.activity.queue();
        // It fails only if there is no receiver, and the pool holds one itself.
        let _ = self.queue.send(Job::Call(due));
        // Whoever shuts the driver down says so first and then looks at the queue: one of the two finds the callback.
        fence(Ordering::SeqCst);
        if self.core.is_closed() {
            self.discard_queued();
        }
    }

    /// Ends the threads once they have called what is queued, and waits for them; a thread of the pool's own that asks
    /// for it is not waited for, and ends by itself.
    pub(crate) fn stop(&self) {
        let workers = core::mem::take(&mut *self.workers.lock());
        workers.iter().for_each(|_| drop(self.queue.send(Job::Stop)));
        let own = thread::current().id();
        for worker in workers.into_iter().filter(|worker| worker.thread().id() != own) {
            // A worker's panic is one of this crate's own code, and it was printed.
            let _ = worker.join();
        }
    }

    /// As [`stop`](Self::stop), for good, once the driver was shut down: what is queued is dropped.
    pub(crate) fn close(&self) {
        self.stop();
        fence(Ordering::SeqCst);
        self.discard_queued();
    }

    /// Drops what is queued; word to end stays for the thread that is to hear it.
    fn discard_queued(&self) {
        for _ in 0..self.jobs.len() {
            match self.jobs.try_recv() {
                Ok(Job::Call(due)) => work(&self.core, &self.activity, &due),
                Ok(Job::Stop) => drop(self.queue.send(Job::Stop)),
                Err(_) => return,
            }
        }
    }
}

struct Worker {
    core: Arc<Core>,
    activity: Arc<Activity>,
    jobs: Receiver<Job>,
}

impl Worker {
    fn run(&self) {
        while let Ok(Job::Call(due)) = self.jobs.recv() {
            work(&self.core, &self.activity, &due);
        }
    }
}

/// Calls a callback that was queued, or drops it if the driver was shut down.
fn work(core: &Arc<Core>, activity: &Activity, due: &Due) {
    let _at_work = activity.enter_queued();
    run(core, due);
}

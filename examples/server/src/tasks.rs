//! Tasks that are counted, so that all of them have ended where the server says that it has.
//!
//! A task that is only aborted still holds its timers for a moment. hyper spawns a task for each HTTP/2 request too,
//! and these outlive their connection's by as much.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::rt::Executor;
use tokio::task::JoinSet;

/// Spawns tasks, and ends them. A clone has the same ones.
#[derive(Clone, Default)]
pub(crate) struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Tasks that have ended are only taken off the list here.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Aborts the tasks, and waits until nothing is left of them.
    pub(crate) async fn end(&self) {
        let mut tasks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        self.spawn(task);
    }
}

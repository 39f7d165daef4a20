//! Two runtimes under one name, and waiting for what they do.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

/// A runtime of one thread, which a test runs on.
#[derive(Clone)]
pub(crate) enum Runtime {
    Tokio,
    Smol(Arc<smol::Executor<'static>>),
}

impl Runtime {
    pub(crate) fn spawn(&self, future: impl Future<Output: Send> + Send + 'static) {
        match self {
            Self::Tokio => drop(::tokio::spawn(future)),
            Self::Smol(executor) => executor.spawn(future).detach(),
        }
    }
}

impl<F: Future<Output: Send> + Send + 'static> ::hyper::rt::Executor<F> for Runtime {
    fn execute(&self, future: F) {
        self.spawn(future);
    }
}

/// Runs a test on tokio and on smol.
pub(crate) fn on_each<F: Future<Output = ()>>(test: impl Fn(Runtime) -> F) {
    let tokio = ::tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(test(Runtime::Tokio));
    let executor = Arc::new(smol::Executor::new());
    smol::block_on(executor.run(test(Runtime::Smol(executor.clone()))));
}

/// Lets the others run once.
pub(crate) async fn pass() {
    let mut has_passed = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut has_passed, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Lets the others run until each waits. With io that lies in memory they do not take more rounds than this.
pub(crate) async fn settle() {
    for _ in 0..300 {
        pass().await;
    }
}

/// Waits for what the system has a hand in.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited 30 s in vain until {what}");
        pass().await;
    }
}

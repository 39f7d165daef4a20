//! Accepting, serving and draining.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tickwheel::Metrics;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::admin;
use crate::app::{App, Counts};
use crate::idle::{Busy, IdleLimit};
use crate::options::Options;
use crate::timers::Timers;

/// A server that runs.
pub(crate) struct Server {
    app: Arc<App>,
    address: SocketAddr,
    admin_address: SocketAddr,
    drain_limit: Duration,
    /// Dropped to stop accepting.
    stop: watch::Sender<()>,
    accepting: JoinHandle<(GracefulShutdown, JoinSet<()>)>,
    admin: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(options: &Options) -> io::Result<Self> {
        Self::with_timers(options, Timers::start(options)?).await
    }

    pub(crate) async fn with_timers(options: &Options, timers: Timers) -> io::Result<Self> {
        let listener = listen(options.port).await?;
        let admin_listener = listen(options.admin_port).await?;
        let (address, admin_address) = (listener.local_addr()?, admin_listener.local_addr()?);
        let (stop, stopped) = watch::channel(());
        let app = Arc::new(App { timers, request_timeout: options.request_timeout, counts: Counts::default() });
        let connections = Connections::new(app.clone(), options);
        Ok(Self {
            app: app.clone(),
            address,
            admin_address,
            drain_limit: options.drain,
            stop,
            accepting: tokio::spawn(accept(listener, connections, stopped)),
            admin: tokio::spawn(admin::serve(admin_listener, app)),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    pub(crate) fn timers(&self) -> &Timers {
        &self.app.timers
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> u64 {
        self.app.counts.open.load(Ordering::Relaxed)
    }

    /// Accepts nothing more, lets the open connections finish what they are answering, and cuts what is left after the
    /// time for it.
    pub(crate) async fn drain(self) -> Farewell {
        drop(self.stop);
        let (graceful, mut tasks) = self.accepting.await.expect("accepting does not panic");
        let drained = self.app.timers.within(self.drain_limit, graceful.shutdown()).await;
        let cut = if drained.is_some() { 0 } else { self.app.counts.open.load(Ordering::Relaxed) };
        tasks.shutdown().await;
        self.admin.abort();
        let _ = self.admin.await;
        let requests = self.app.counts.requests.load(Ordering::Relaxed);
        Farewell { requests, cut, metrics: self.app.timers.handle().map(|handle| handle.metrics()) }
    }
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listener.map_err(|error| io::Error::new(error.kind(), format!("port {port} of 127.0.0.1: {error}")))
}

/// Accepts connections until it is stopped; gives up those that are open.
async fn accept(
    listener: TcpListener,
    connections: Connections,
    mut stopped: watch::Receiver<()>,
) -> (GracefulShutdown, JoinSet<()>) {
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    let connections = Arc::new(connections);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Those that have ended are only taken off the list here.
                    while tasks.try_join_next().is_some() {}
                    tasks.spawn(connections.clone().serve(stream, graceful.watcher()));
                }
                Err(error) => {
                    // Out of descriptors, mostly: others will be given back.
                    eprintln!("cannot accept a connection: {error}");
                    connections.app.timers.sleep(Duration::from_millis(50)).await;
                }
            },
            _ = stopped.changed() => return (graceful, tasks),
        }
    }
}

/// How connections are served.
struct Connections {
    app: Arc<App>,
    builder: auto::Builder<TokioExecutor>,
    idle_timeout: Duration,
}

impl Connections {
    fn new(app: Arc<App>, options: &Options) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(app.timers.for_hyper()).header_read_timeout(options.header_timeout);
        builder
            .http2()
            .timer(app.timers.for_hyper())
            .keep_alive_interval(options.keep_alive)
            .keep_alive_timeout(options.keep_alive);
        Self { app, builder, idle_timeout: options.idle_timeout }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, watcher: Watcher) {
        let counts = &self.app.counts;
        counts.accepted.fetch_add(1, Ordering::Relaxed);
        counts.open.fetch_add(1, Ordering::Relaxed);
        // Small answers are not to wait for more.
        let _ = stream.set_nodelay(true);
        let busy = Busy::default();
        let stream = IdleLimit::new(stream, busy.clone(), self.idle_timeout, &self.app.timers);
        let service = service_fn(|request| {
            let answering = busy.answering();
            let answer = self.app.clone().answer(request);
            async move {
                let _answering = answering;
                answer.await
            }
        });
        let connection = self.builder.serve_connection(TokioIo::new(stream), service);
        // A connection that breaks or is cut is no fault of the server's.
        let _ = watcher.watch(connection).await;
        counts.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How a server ended.
pub(crate) struct Farewell {
    requests: u64,
    /// Connections that did not finish in the time for draining.
    cut: u64,
    metrics: Option<Metrics>,
}

impl Farewell {
    /// Whether nothing is left over and the books balance.
    pub(crate) fn verdict(&self) -> io::Result<()> {
        let Some(metrics) = &self.metrics else { return Ok(()) };
        if metrics.pending > 0 {
            return Err(io::Error::other(format!("{} timers are still pending", metrics.pending)));
        }
        if metrics.armed != metrics.fired + metrics.cancelled {
            return Err(io::Error::other("what was armed is not what fired or was cancelled"));
        }
        Ok(())
    }
}

impl fmt::Display for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "answered  {} requests; {} connections were cut", self.requests, self.cut)?;
        let Some(metrics) = &self.metrics else { return Ok(()) };
        writeln!(
            f,
            "timers    {} armed = {} fired + {} cancelled + {} pending; {} moved to another deadline",
            metrics.armed, metrics.fired, metrics.cancelled, metrics.pending, metrics.reset
        )?;
        writeln!(
            f,
            "turns     {}, {} of them empty, the longest {:?}; late by {:?} (median), {:?} (p99), {:?} (most)",
            metrics.turns,
            metrics.empty_turns,
            metrics.longest_turn,
            metrics.lateness.quantile(0.5),
            metrics.lateness.quantile(0.99),
            metrics.lateness.max()
        )
    }
}

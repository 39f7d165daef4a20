//! Accepting, serving and draining.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tickwheel::Metrics;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::app::{App, Counts, Site};
use crate::idle::{Activity, IdleLimit, Limits};
use crate::options::Options;
use crate::tasks::Tasks;
use crate::timers::Timers;

/// A server that runs.
pub(crate) struct Server {
    app: Arc<App>,
    clients: Port,
    admin: Port,
    drain_limit: Duration,
}

impl Server {
    pub(crate) async fn start(options: &Options) -> io::Result<Self> {
        Self::with_timers(options, Timers::start(options)?).await
    }

    pub(crate) async fn with_timers(options: &Options, timers: Timers) -> io::Result<Self> {
        let listener = listen(options.port).await?;
        let admin_listener = listen(options.admin_port).await?;
        let app = Arc::new(App { timers, request_timeout: options.request_timeout, counts: Counts::default() });
        Ok(Self {
            clients: Port::open(listener, Connections::new(Site::Clients, app.clone(), options))?,
            admin: Port::open(admin_listener, Connections::new(Site::Admin, app.clone(), options))?,
            app,
            drain_limit: options.drain,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.clients.address
    }

    pub(crate) fn admin_address(&self) -> SocketAddr {
        self.admin.address
    }

    pub(crate) fn timers(&self) -> &Timers {
        &self.app.timers
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.app.counts
    }

    /// How many connections of clients are open.
    pub(crate) fn connections(&self) -> u64 {
        self.counts().open.load(Ordering::Relaxed)
    }

    /// Accepts nothing more, lets the open connections finish what they are answering, and cuts what is left after the
    /// time for it. The page is there until then.
    pub(crate) async fn drain(self) -> Farewell {
        let Self { app, clients, admin, drain_limit } = self;
        let cut = clients.close(&app, drain_limit).await;
        admin.close(&app, Duration::ZERO).await;
        let requests = app.counts.requests.load(Ordering::Relaxed);
        Farewell { requests, cut, metrics: app.timers.handle().map(|handle| handle.metrics()) }
    }
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listener.map_err(|error| io::Error::new(error.kind(), format!("port {port} of 127.0.0.1: {error}")))
}

/// A port, and the task that accepts its connections.
struct Port {
    address: SocketAddr,
    connections: Arc<Connections>,
    /// Dropped to stop accepting.
    stop: oneshot::Sender<()>,
    accepting: JoinHandle<GracefulShutdown>,
}

impl Port {
    fn open(listener: TcpListener, connections: Connections) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let connections = Arc::new(connections);
        let accepting = tokio::spawn(accept(listener, connections.clone(), stopped));
        Ok(Self { address, connections, stop, accepting })
    }

    /// Closes the port. Its connections have so much time to finish; says how many did not.
    async fn close(self, app: &App, limit: Duration) -> u64 {
        drop(self.stop);
        let graceful = self.accepting.await.expect("accepting does not panic");
        let finished = app.timers.within(limit, graceful.shutdown()).await;
        let cut = if finished.is_some() { 0 } else { app.counts.open.load(Ordering::Relaxed) };
        self.connections.end().await;
        cut
    }
}

/// Accepts connections until it is told to stop; gives up those that are open.
async fn accept(
    listener: TcpListener,
    connections: Arc<Connections>,
    mut stopped: oneshot::Receiver<()>,
) -> GracefulShutdown {
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.tasks.spawn(connections.clone().serve(stream, graceful.watcher()));
                }
                Err(error) => {
                    // Out of descriptors, mostly: others will be given back.
                    eprintln!("cannot accept a connection: {error}");
                    connections.app.timers.sleep(Duration::from_millis(50)).await;
                }
            },
            _ = &mut stopped => return graceful,
        }
    }
}

/// How the connections of a port are served.
struct Connections {
    site: Site,
    app: Arc<App>,
    builder: auto::Builder<Tasks>,
    limits: Limits,
    /// A task for each connection.
    tasks: Tasks,
    /// A task for each request over HTTP/2.
    requests: Tasks,
}

impl Connections {
    fn new(site: Site, app: Arc<App>, options: &Options) -> Self {
        let requests = Tasks::default();
        let mut builder = auto::Builder::new(requests.clone());
        builder.http1().timer(app.timers.for_hyper()).header_read_timeout(options.header_timeout);
        builder
            .http2()
            .timer(app.timers.for_hyper())
            .keep_alive_interval(options.keep_alive)
            .keep_alive_timeout(options.keep_alive);
        let limits = Limits { first_request: options.header_timeout, idle: options.idle_timeout };
        Self { site, app, builder, limits, tasks: Tasks::default(), requests }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, watcher: Watcher) {
        let _open = self.app.counts.connection(self.site);
        // Small answers are not to wait for more.
        let _ = stream.set_nodelay(true);
        let activity = Activity::default();
        let stream = IdleLimit::new(stream, activity.clone(), self.limits, &self.app.timers);
        let service = service_fn(|request| {
            let answering = activity.answering(request.version());
            let answer = self.app.clone().answer(self.site, request);
            async move {
                let _answering = answering;
                answer.await
            }
        });
        let connection = self.builder.serve_connection(TokioIo::new(stream), service);
        // A connection that breaks or is cut is no fault of the server's.
        let _ = watcher.watch(connection).await;
    }

    /// Cuts what is open. The requests come last, since a connection makes new ones.
    async fn end(&self) {
        self.tasks.end().await;
        self.requests.end().await;
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

//! A real QUIC connection on loopback, on a clock moved by hand.

use std::error::Error;
use std::future::Future;
use std::net::{Ipv4Addr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ::quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, EndpointConfig, Runtime, ServerConfig, SmolRuntime,
    TokioRuntime, TransportConfig,
};
use rcgen::CertifiedKey;
use rustls::RootCertStore;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tickwheel::integrations::quinn::QuinnRuntime;
use tickwheel::{Driver, Handle, ManualClock, TimerHeap};

use crate::runtimes::{pass, until};

const HOUR: Duration = Duration::from_secs(3600);

type Fallible<T> = Result<T, Box<dyn Error>>;

/// A server and a client that trusts it, whose idle timeout is an hour.
fn endpoints(runtime: &Arc<dyn Runtime>) -> Fallible<(Endpoint, Endpoint)> {
    let mut transport = TransportConfig::default();
    transport.max_idle_timeout(Some(HOUR.try_into()?)).mtu_discovery_config(None);
    let transport = Arc::new(transport);

    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let mut server = ServerConfig::with_single_cert(vec![cert.der().clone()], key.into())?;
    server.transport_config(transport.clone());
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone())?;
    let mut client = ClientConfig::with_root_certificates(Arc::new(roots))?;
    client.transport_config(transport);

    let socket = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let server = Endpoint::new(EndpointConfig::default(), Some(server), socket()?, runtime.clone())?;
    let mut caller = Endpoint::new(EndpointConfig::default(), None, socket()?, runtime.clone())?;
    caller.set_default_client_config(client);
    Ok((server, caller))
}

async fn connect(server: &Endpoint, client: &Endpoint) -> Fallible<(Connection, Connection)> {
    let called = async { Ok(server.accept().await.ok_or("the endpoint is closed")?.await?) };
    let calling = async { Ok(client.connect(server.local_addr()?, "localhost")?.await?) };
    smol::future::try_zip(called, calling).await
}

/// Sends a word over the connection and reads it at the other end.
async fn speak(from: &Connection, to: &Connection) -> Fallible<()> {
    let mut sender = from.open_uni().await?;
    sender.write_all(b"hello").await?;
    sender.finish()?;
    assert_eq!(to.accept_uni().await?.read_to_end(9).await?, b"hello");
    Ok(())
}

/// Moves the clock in steps that leave both ends the time to do what is due, as acknowledgements are. The system needs
/// some of real time for it: it has the packets.
async fn let_pass(clock: &ManualClock, seconds: u64) {
    for _ in 0..seconds {
        step(clock, Duration::from_secs(1)).await;
    }
}

async fn step(clock: &ManualClock, time: Duration) {
    clock.advance(time);
    for _ in 0..200 {
        pass().await;
    }
}

/// Waits while time passes in such steps: a packet that got lost is sent again only after some of it, and one that came
/// late begins the silence anew.
async fn meanwhile<R>(clock: &ManualClock, time: Duration, done: impl Future<Output = R>) -> R {
    let passing = async {
        loop {
            step(clock, time).await;
        }
    };
    smol::future::or(done, passing).await
}

async fn an_hour_of_silence(runtime: impl Runtime) -> Fallible<()> {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
    let runtime: Arc<dyn Runtime> = Arc::new(QuinnRuntime::new(runtime, timers.handle()));
    let (server, client) = endpoints(&runtime)?;
    let tick = Duration::from_millis(1);
    let (at_server, at_client) = meanwhile(&clock, tick, connect(&server, &client)).await?;
    meanwhile(&clock, tick, speak(&at_client, &at_server)).await?;
    let_pass(&clock, 60).await;

    clock.advance(HOUR * 9 / 10);
    meanwhile(&clock, tick, speak(&at_client, &at_server)).await?;
    meanwhile(&clock, tick, speak(&at_server, &at_client)).await?;
    assert!(at_server.close_reason().is_none() && at_client.close_reason().is_none(), "the silence was short");
    let_pass(&clock, 60).await;

    clock.advance(HOUR);
    let both = smol::future::zip(at_server.closed(), at_client.closed());
    let (of_server, of_client) = meanwhile(&clock, Duration::from_secs(1), both).await;
    assert_eq!((of_server, of_client), (ConnectionError::TimedOut, ConnectionError::TimedOut));
    assert!(timers.now().as_nanos() >= (HOUR * 19 / 10).as_nanos() as u64);
    drop((server, client, at_server, at_client, runtime));
    until("no timer is left", || timers.pending() == 0).await;
    Ok(())
}

/// Runs it on a thread, for as long as a test may take.
#[track_caller]
fn quickly(test: impl FnOnce() -> Fallible<()>) {
    let start = Instant::now();
    test().unwrap();
    assert!(start.elapsed() < Duration::from_secs(60), "hours took {:?}", start.elapsed());
}

#[test]
fn l28_an_idle_timeout_of_an_hour_is_over_at_once_on_tokio() {
    let tokio = ::tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    quickly(|| tokio.block_on(an_hour_of_silence(TokioRuntime)));
}

#[test]
fn l28_an_idle_timeout_of_an_hour_is_over_at_once_on_smol() {
    quickly(|| smol::block_on(an_hour_of_silence(SmolRuntime)));
}

#[test]
fn a_connection_lives_on_the_machines_clock() {
    async fn live(runtime: impl Runtime, timers: Handle) -> Fallible<()> {
        let runtime: Arc<dyn Runtime> = Arc::new(QuinnRuntime::new(runtime, timers.clone()));
        let (server, client) = endpoints(&runtime)?;
        let (at_server, at_client) = connect(&server, &client).await?;
        for _ in 0..10 {
            speak(&at_client, &at_server).await?;
            speak(&at_server, &at_client).await?;
        }
        at_client.close(0_u8.into(), b"done");
        assert!(matches!(at_server.closed().await, ConnectionError::ApplicationClosed(_)));
        client.wait_idle().await;
        assert!(timers.metrics().fired > 0, "its timers are ours");
        Ok(())
    }
    let timers = Driver::spawn(TimerHeap::new()).unwrap();
    smol::block_on(live(SmolRuntime, timers.handle())).unwrap();
    let tokio = ::tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let on_tokio = async {
        let timers = Driver::builder().spawn_on_tokio(TimerHeap::new())?;
        live(TokioRuntime, timers.handle()).await
    };
    tokio.block_on(on_tokio).unwrap();
}

#[test]
fn l31_a_timer_of_a_driver_that_is_shut_down_stays_pending() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let runtime = QuinnRuntime::new(SmolRuntime, timers.handle());
    let mut context = Context::from_waker(Waker::noop());
    let start = runtime.now();

    let mut due = runtime.new_timer(start + Duration::from_secs(1));
    assert_eq!(due.as_mut().poll(&mut context), Poll::Pending);
    due.as_mut().reset(start + Duration::from_secs(2));
    clock.advance(Duration::from_secs(1));
    assert_eq!(due.as_mut().poll(&mut context), Poll::Pending);
    clock.advance(Duration::from_secs(1));
    assert_eq!(due.as_mut().poll(&mut context), Poll::Ready(()));
    assert_eq!(timers.metrics().armed, 1);

    due.as_mut().reset(start + Duration::from_secs(3));
    assert_eq!(due.as_mut().poll(&mut context), Poll::Pending);
    timers.shutdown();
    assert_eq!(due.as_mut().poll(&mut context), Poll::Pending);
    let mut fresh = runtime.new_timer(start + Duration::from_secs(3));
    assert_eq!(fresh.as_mut().poll(&mut context), Poll::Pending);
}

#[test]
fn tasks_and_sockets_are_those_of_the_runtime_within() {
    let tokio = ::tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let timers = Driver::builder().clock(ManualClock::new()).spawn(TimerHeap::new()).unwrap();
    let runtime = QuinnRuntime::new(TokioRuntime, timers.handle());
    tokio.block_on(async {
        let (sender, receiver) = ::tokio::sync::oneshot::channel();
        let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            sender.send(::tokio::task::try_id().is_some()).unwrap();
        });
        runtime.spawn(task);
        assert!(receiver.await.unwrap(), "it runs as a task of tokio");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        assert_eq!(runtime.wrap_udp_socket(socket).unwrap().local_addr().unwrap(), address);
    });
}

//! A TCP echo server with an event loop of its own, whose idle connections are closed by its timers.
//!
//! ```text
//! cargo run --release -p event_loop                            a server and its clients, and a check
//! cargo run --release -p event_loop -- --serve 127.0.0.1:7007  the server alone
//! ```
//!
//! The files, top down: this one (arguments, what is run and checked), `server` (the loop: mio and a `LoopDriver`) and
//! `clients` (one that talks and one that does not).

mod clients;
mod server;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::clients::{chatty, silent};
use crate::server::{Closed, Ended, Server};

const A_DAY_MS: u64 = 86_400_000;

/// A TCP echo server whose idle connections are closed by timers.
///
/// Without --serve it starts itself on the loopback interface and runs two clients against itself: a
/// chatty one, each of whose messages moves its timeout on, and one that never says anything. It
/// prints what happened and checks it.
///
/// Exit status: 0 if all was well, 1 if not, 2 if an argument was wrong or the address cannot be had.
#[derive(Parser)]
#[command(name = "event_loop", about, long_about, verbatim_doc_comment)]
struct Arguments {
    /// Which timer closes the connections.
    #[arg(long, value_enum, default_value_t = Kind::Wheel)]
    timer: Kind,

    /// How long a connection may be silent, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=A_DAY_MS))]
    idle: u64,

    /// Serves on this address, such as 127.0.0.1:7007, until it is killed.
    #[arg(long, value_name = "ADDR")]
    serve: Option<SocketAddr>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// The coarse timing wheel, with a tick of 1 ms.
    Wheel,
    /// The heap, precise to the nanosecond.
    Heap,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let idle = Duration::from_millis(arguments.idle);
    let address = arguments.serve.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    let server = match Server::bind(address, arguments.timer, idle) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("error: cannot serve on {address}: {error}");
            return ExitCode::from(2);
        }
    };
    let outcome = if arguments.serve.is_some() { serve(server) } else { check_itself(server, idle) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(mut server: Server) -> Result<(), Box<dyn Error>> {
    println!("serving on {}", server.address()?);
    server.run(|closed| println!("{closed}"))?;
    Ok(())
}

/// The server on a thread, and the two clients on one each.
fn check_itself(mut server: Server, idle: Duration) -> Result<(), Box<dyn Error>> {
    let (address, stop) = (server.address()?, server.stopper());
    let ran = thread::scope(|scope| {
        let serving = scope.spawn(move || {
            let mut ended = Vec::new();
            let ran = server.run(|closed| {
                println!("{closed}");
                ended.push(closed);
            });
            ran.map(|turns| (turns, ended, server.pending()))
        });
        let talking = scope.spawn(move || chatty(address, idle));
        let listening = scope.spawn(move || silent(address, idle));
        let (talk, silence) = (talking.join(), listening.join());
        stop.stop();
        (talk, silence, serving.join())
    });
    let (Ok(talk), Ok(silence), Ok(served)) = ran else { return Err("a thread panicked".into()) };
    let (talk, silence, (turns, ended, pending)) = (talk?, silence?, served?);

    println!("the chatty client had {} answers in {:?}", talk.answers, talk.talked_for);
    println!("it was cut {:?} after its last message, the silent one {:?} after it came", talk.cut_after, silence);
    println!("the loop polled {turns} times");

    check(talk.talked_for > 2 * idle, "the chatty client did not stay open for longer than its first timeout")?;
    check(talk.cut_after >= idle, "the chatty client was cut early")?;
    check(silence >= idle, "the silent client was cut early")?;
    check(ended.len() == 2, format!("{} connections ended, not 2", ended.len()))?;
    for Closed { silent_for, why, .. } in ended {
        check(why == Ended::Idle, format!("a connection ended otherwise: {why:?}"))?;
        check(silent_for >= idle, format!("cut after {silent_for:?} of silence"))?;
        // A second is much for a loop with nothing else to do, and not too much for a machine that has.
        check(silent_for < idle + Duration::from_secs(1), format!("cut {silent_for:?} after its last message"))?;
    }
    check(pending == 0, format!("{pending} timers are left over"))
}

fn check(holds: bool, else_say: impl Into<String>) -> Result<(), Box<dyn Error>> {
    if holds { Ok(()) } else { Err(else_say.into().into()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Arguments;

    #[test]
    fn numbers_that_make_no_sense_are_an_error() {
        let parsed =
            |option: &str, value: &str| Arguments::try_parse_from(["event_loop", &format!("{option}={value}")]);
        for (option, values) in [("--idle", &["0", "-1", "nan", "1e300", "86400001", "18446744073709551615"][..])] {
            for value in values {
                let Err(error) = parsed(option, value) else { panic!("{option}={value} was taken") };
                assert_eq!(error.exit_code(), 2, "{option}={value}: {error}");
            }
        }
        assert!(parsed("--idle", "86400000").is_ok());
    }
}

//! A web server whose every timeout runs on one of this crate's timers, with a page that shows the timers at work.
//!
//! ```text
//! cargo run --release -p server
//! cargo run --release -p server -- --timer heap --port 8080 --admin-port 8081
//! ```
//!
//! HTTP/1.1 and HTTP/2 on loopback, by hyper: how long a client may take for its headers, the keep-alive of HTTP/2,
//! idle connections, the deadline of each request and the time that draining may take. `GET /` answers,
//! `GET /slow?ms=N` waits first, `GET /timers` tells the driver's metrics as JSON. The admin port has the same as a
//! page for people. Ctrl-C drains: no new connections, those that are open finish their requests. It ends with status 1
//! if a timer is left over then, or if what was armed is not what fired, was cancelled or is pending; a second Ctrl-C
//! ends it at once, with status 130.
//!
//! `--timer tokio` runs the same server on tokio's own timers, to compare.
//!
//! The files, top down: this one, `options` (the command line), `server` (accepting, serving, draining), `app` (what is
//! answered), `admin` (the page and its figures), `idle` (a connection that closes when it waits for too long), `tasks`
//! (what has to end with the server) and `timers` (the one place that knows which timers it is).

mod admin;
mod app;
mod idle;
mod options;
mod server;
mod tasks;
#[cfg(test)]
mod tests;
mod timers;

use std::io::{self, Write};
use std::process::{self, ExitCode};

use clap::Parser;
use tokio::signal::ctrl_c;

use crate::options::Options;
use crate::server::{Farewell, Server};

/// The exit status of a program that Ctrl-C ended: 128, and the number of the signal.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the runtime does not start: {error}")),
    };
    match runtime.block_on(run(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::FAILURE
}

async fn run(options: Options) -> io::Result<()> {
    let server = Server::start(&options).await?;
    println!("serving   http://{}/", server.address());
    println!("the page  http://{}/", server.admin_address());
    println!("timers    {}; Ctrl-C drains", options.timer);
    io::stdout().flush()?;

    match options.seconds {
        Some(seconds) => tokio::select! {
            ended = ctrl_c() => ended?,
            () = server.timers().sleep(seconds) => {}
        },
        None => ctrl_c().await?,
    }

    let farewell = tokio::select! {
        biased; // so that the second Ctrl-C is listened for before the first is answered
        ended = ctrl_c() => {
            ended?;
            eprintln!("ended before the connections were drained");
            process::exit(INTERRUPTED);
        }
        farewell = drain(server) => farewell?,
    };
    print!("{farewell}");
    farewell.verdict()
}

async fn drain(server: Server) -> io::Result<Farewell> {
    println!("draining  {} connections; Ctrl-C again ends at once", server.connections());
    io::stdout().flush()?;
    Ok(server.drain().await)
}

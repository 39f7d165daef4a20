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
//! if a timer is left over then, or if what was armed is not what fired, was cancelled or is pending.
//!
//! `--timer tokio` runs the same server on tokio's own timers, to compare.
//!
//! The files, top down: this one, `options` (the command line), `server` (accepting, serving, draining), `app` (what is
//! answered), `admin` (the page and its figures), `idle` (a connection that closes when it is idle) and `timers` (the
//! one place that knows which timers it is).

mod admin;
mod app;
mod idle;
mod options;
mod server;
#[cfg(test)]
mod tests;
mod timers;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::options::Options;
use crate::server::Server;

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
            ended = tokio::signal::ctrl_c() => ended?,
            () = server.timers().sleep(std::time::Duration::from_secs_f64(seconds)) => {}
        },
        None => tokio::signal::ctrl_c().await?,
    }

    println!("draining  {} connections", server.connections());
    let farewell = server.drain().await;
    print!("{farewell}");
    farewell.verdict()
}

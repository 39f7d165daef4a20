//! Replays recorded timers through both timers of tickwheel; what it does is in the library beside it.

fn main() -> std::process::ExitCode {
    replay::main()
}

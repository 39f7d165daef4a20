//! L32 and L36: a process that really forks, with the driver for the whole process and with one of its own.
//!
//! It is a program with one thread and not a list of tests that run side by side: of all threads of a process only the
//! one that forks is there in the child.

#[cfg(unix)]
mod forking {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::process::exit;
    use std::sync::mpsc;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use fork::{Fork, fork, waitpid_nohang};
    use tickwheel::compat::time;
    use tickwheel::{Driver, DriverBuilder, Handle, Resolution, TimerHeap, TimerWheel};

    const MS: Duration = Duration::from_millis(1);
    /// Longer than anything takes that does not hang.
    const LONG: Duration = Duration::from_secs(30);

    /// Forks, and does the same in the child and in the parent. Fails if it panics or hangs in one of the two.
    fn in_both(run: impl FnOnce()) {
        match fork().expect("the process can fork") {
            Fork::Child => exit(i32::from(catch_unwind(AssertUnwindSafe(run)).is_err())),
            Fork::Parent(child) => {
                run();
                let end = Instant::now() + LONG;
                let status = loop {
                    match waitpid_nohang(child).expect("it is the child of this process") {
                        Some(status) => break status,
                        None => assert!(Instant::now() < end, "the child hangs"),
                    }
                    sleep(MS);
                };
                assert_eq!(status, 0, "the child failed");
            }
        }
    }

    /// Has a timer of each kind fire.
    fn use_timers(timers: &Handle) {
        let (sender, receiver) = mpsc::channel();
        timers.call_after(MS, move |_| sender.send(()).unwrap()).unwrap().detach();
        receiver.recv_timeout(LONG).expect("its callback is called");
        timers.after(MS).unwrap().recv_timeout(LONG).expect("its message comes");
        smol::future::block_on(timers.sleep(MS)).expect("its sleep ends");
    }

    /// Before anything else has used the driver of this process.
    pub(crate) fn l36_the_default_driver_is_paused_before_its_first_use() {
        Driver::pause_default().unwrap();
        let timers = Handle::current_or_default();
        let (sender, receiver) = mpsc::channel();
        timers.call_after(MS, move |_| sender.send(()).unwrap()).unwrap().detach();
        sleep(10 * MS);
        assert!(receiver.try_recv().is_err(), "it has no thread yet");
        in_both(|| {
            Driver::resume_default().unwrap();
            receiver.recv_timeout(LONG).expect("what was armed before the fork fires in both");
            use_timers(&timers);
        });
    }

    pub(crate) fn l36_the_default_driver_goes_on_in_parent_and_child() {
        use_timers(&Handle::current_or_default());
        let (sender, receiver) = mpsc::channel();
        let timers = Handle::current_or_default();
        timers.call_after(20 * MS, move |_| sender.send(()).unwrap()).unwrap().detach();
        Driver::pause_default().unwrap();
        in_both(|| {
            Driver::resume_default().unwrap();
            receiver.recv_timeout(LONG).expect("what was armed before the fork fires in both");
            smol::future::block_on(time::sleep(MS));
            use_timers(&timers);
            // Whatever forks once may do so again.
            Driver::pause_default().unwrap();
            in_both(|| {
                Driver::resume_default().unwrap();
                use_timers(&Handle::current_or_default());
            });
        });
    }

    pub(crate) fn l32_a_driver_goes_on_in_parent_and_child() {
        let wheel: fn(DriverBuilder) -> Driver =
            |builder| builder.spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
        let heap: fn(DriverBuilder) -> Driver = |builder| builder.shards(2).spawn(TimerHeap::new()).unwrap();
        for (pool, spawn) in [(0, wheel), (0, heap), (2, wheel), (2, heap)] {
            let mut driver = spawn(Driver::builder().callback_pool(pool));
            use_timers(&driver);
            driver.pause().unwrap();
            in_both(|| {
                driver.resume().unwrap();
                use_timers(&driver);
                driver.shutdown();
            });
        }
    }
}

fn main() {
    #[cfg(unix)]
    {
        println!("\nrunning 3 tests");
        // No two drivers have threads at the same time: of the one that is not paused the child would have none.
        let tests: [(&str, fn()); 3] = [
            ("l32_a_driver_goes_on_in_parent_and_child", forking::l32_a_driver_goes_on_in_parent_and_child),
            ("l36_the_default_driver_is_paused_before_its_first_use", {
                forking::l36_the_default_driver_is_paused_before_its_first_use
            }),
            ("l36_the_default_driver_goes_on_in_parent_and_child", {
                forking::l36_the_default_driver_goes_on_in_parent_and_child
            }),
        ];
        for (name, test) in tests {
            // What is left in a buffer at a fork would be printed twice.
            print!("test {name} ... ");
            std::io::Write::flush(&mut std::io::stdout()).expect("there is somewhere to write to");
            test();
            println!("ok");
        }
        println!("\ntest result: ok. 3 passed; 0 failed");
    }
}

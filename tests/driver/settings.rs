//! What a builder cannot make is an error, and what it was told to do is done.

use std::io::ErrorKind;

use tickwheel::{Driver, DriverBuilder, TimerHeap};

/// Every way to make a driver of a builder's settings: what it ends with, if it is an error.
fn errors(builder: fn() -> DriverBuilder) -> Vec<std::io::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let spawned = builder().spawn(TimerHeap::new()).err();
    let in_loop = builder().for_event_loop(TimerHeap::new(), || {}).err();
    let on_tokio = builder().spawn_on_tokio(TimerHeap::new()).err();
    [spawned, in_loop, on_tokio].into_iter().flatten().collect()
}

#[test]
fn a_name_that_no_thread_can_have_is_an_error() {
    let errors = errors(|| Driver::builder().thread_name("tick\0wheel").callback_pool(1));
    assert_eq!(errors.len(), 3);
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), "thread_name(\"tick\\0wheel\"): a thread's name cannot have a NUL in it");
    }
}

#[test]
fn more_shards_than_there_can_be_are_an_error() {
    for error in errors(|| Driver::builder().shards(usize::MAX)) {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), format!("shards({}): a driver has at most 65536", usize::MAX));
    }
    assert_eq!(errors(|| Driver::builder().shards(usize::MAX)).len(), 3);
    assert_eq!(errors(|| Driver::builder().shards(65_537)).len(), 3);
}

#[test]
fn more_threads_than_a_pool_can_have_are_an_error() {
    for error in errors(|| Driver::builder().callback_pool(usize::MAX)) {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let words = format!("callback_pool({}): a driver has at most 65536 threads", usize::MAX);
        assert_eq!(error.to_string(), words);
    }
    assert_eq!(errors(|| Driver::builder().callback_pool(usize::MAX)).len(), 3);
}

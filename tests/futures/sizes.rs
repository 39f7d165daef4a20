//! L22: how large the futures are, and which threads they may go to.

use tickwheel::compat::time;
use tickwheel::{EnterGuard, Interval, Sleep, Timeout};

#[test]
#[cfg(target_pointer_width = "64")]
fn l22_futures_are_small() {
    assert_eq!(size_of::<Sleep>(), 40);
    assert_eq!(size_of::<Timeout<()>>(), 40);
    assert_eq!(size_of::<Timeout<[u64; 100]>>(), 800 + 40);
    assert_eq!(size_of::<Interval>(), 72);
    assert_eq!(size_of::<time::Sleep>(), 40);
    assert_eq!(size_of::<time::Timeout<[u64; 100]>>(), 800 + 40);
    assert_eq!(size_of::<time::Interval>(), 72);
    assert_eq!(size_of::<time::Instant>(), size_of::<std::time::Instant>());
}

#[test]
fn an_async_block_with_a_limit_is_no_larger_than_its_parts() {
    let timers = crate::support::coarse().1;
    let block = async { timers.sleep(crate::support::ms(1)).await };
    let inner = size_of_val(&block);
    assert!(size_of_val(&timers.timeout(crate::support::ms(1), block)) <= inner + 40);
}

#[test]
fn they_go_where_their_parts_go() {
    fn is_send_and_sync<T: Send + Sync>() {}
    fn is_unpin<T: Unpin>() {}
    is_send_and_sync::<Sleep>();
    is_send_and_sync::<Interval>();
    is_send_and_sync::<Timeout<u8>>();
    is_send_and_sync::<time::Sleep>();
    is_send_and_sync::<time::Interval>();
    is_send_and_sync::<time::Timeout<u8>>();
    is_send_and_sync::<time::Instant>();
    is_send_and_sync::<time::error::Elapsed>();
    is_unpin::<Sleep>();
    is_unpin::<Interval>();
    is_unpin::<Timeout<u8>>();
}

/// `true` if a type has a trait, found out without asking for it: a method of the type itself goes before a trait's.
macro_rules! has {
    ($ty:ty: $bound:path) => {{
        #[allow(dead_code)]
        struct Probe<T>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        trait Fallback {
            fn has(&self) -> bool {
                false
            }
        }
        impl<T> Fallback for Probe<T> {}
        #[allow(dead_code)]
        impl<T: $bound> Probe<T> {
            fn has(&self) -> bool {
                true
            }
        }
        Probe::<$ty>(std::marker::PhantomData).has()
    }};
}

#[test]
fn they_do_not_go_where_their_parts_do_not() {
    type NotSend = std::rc::Rc<u8>;
    type NotSync = std::cell::Cell<u8>;
    assert!(has!(Timeout<u8>: Send) && has!(Timeout<u8>: Sync));
    assert!(!has!(Timeout<NotSend>: Send));
    assert!(has!(Timeout<NotSync>: Send) && !has!(Timeout<NotSync>: Sync));
    assert!(!has!(Timeout<std::marker::PhantomPinned>: Unpin));
    assert!(!has!(EnterGuard: Send), "it is the thread that entered that leaves");
}

//! backon's sleeper: a [`Handle`] is one, so retries wait on its driver.
//!
//! ```
//! use backon::{ConstantBuilder, Retryable};
//! use tickwheel::{Driver, Resolution, TimerWheel};
//!
//! # async fn fetch() -> Result<&'static str, std::io::Error> { Ok("there") }
//! # smol::block_on(async {
//! let timers = Driver::spawn(TimerWheel::new(Resolution::MILLISECOND))?;
//! let page = fetch.retry(ConstantBuilder::default()).sleep(timers.handle()).await?;
//! # assert_eq!(page, "there");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use ::backon::Sleeper;

use super::infallible_sleep::InfallibleSleep;
use crate::driver::Handle;

/// What a [`Handle`] sleeps with between two tries of backon.
///
/// backon would go on to the next try at whatever its sleep ends with. So this one stays pending once the driver is
/// shut down: a retry would be early (L31).
///
/// # Panics
///
/// Polling it does, if the driver has no room for another timer.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct BackonSleep {
    sleep: InfallibleSleep,
}

impl Sleeper for Handle {
    type Sleep = BackonSleep;

    fn sleep(&self, delay: Duration) -> BackonSleep {
        BackonSleep { sleep: InfallibleSleep::new(Self::sleep(self, delay)) }
    }
}

impl Future for BackonSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.sleep.poll(context)
    }
}

//! Adapters that give a stream of items its times: `timeout`, `throttle`, `debounce`, and `ext`, the trait that has
//! them as methods.

mod debounce;
mod ext;
mod throttle;
mod timeout;

pub use debounce::Debounce;
pub use ext::StreamExt;
pub use throttle::Throttle;
pub use timeout::StreamTimeout;

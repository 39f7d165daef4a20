//! The guide: how the crate is built, how its timers work, how it is tested, and what was decided on the way.
//!
//! These are the pages of the repository's `docs/`, so that what they say in code is compiled and run.

/// Where the pages lie in here; in the repository, their own definitions at the end of each lead to the files.
macro_rules! links {
    () => {
        "\
[design]: crate::guide::design
[driver]: crate::guide::driver
[futures]: crate::guide::futures
[algorithms]: crate::guide::algorithms
[testing]: crate::guide::testing
[decisions]: crate::guide::decisions
[0001]: crate::guide::decisions::two_windows
[0002]: crate::guide::decisions::heads_apart
[0003]: crate::guide::decisions::heap_arity
[0004]: crate::guide::decisions::outliers
[0005]: crate::guide::decisions::proxies
[0006]: crate::guide::decisions::deferrable_and_round_jiffies
[0007]: crate::guide::decisions::pages
[0008]: crate::guide::decisions::sibling
[0009]: crate::guide::decisions::reserved_features
[0011]: crate::guide::decisions::two_writes_two_looks
[0012]: crate::guide::decisions::no_thread_on_a_manual_clock
[0013]: crate::guide::decisions::tasks_of_two_words
[0010]: crate::guide::decisions::timerfd_as_a_pipe
[0014]: crate::guide::decisions::fewer_instructions
[0015]: crate::guide::decisions::stock
[integrations]: crate::guide::integrations
[benchmarks]: crate::guide::benchmarks
"
    };
}

#[doc = links!()]
#[doc = include_str!("../docs/design.md")]
pub mod design {}

#[doc = links!()]
#[doc = include_str!("../docs/pictures/links.md")]
#[doc = include_str!("../docs/algorithms.md")]
pub mod algorithms {}

#[doc = links!()]
#[doc = include_str!("../docs/driver.md")]
pub mod driver {}

#[doc = links!()]
#[doc = include_str!("../docs/futures.md")]
pub mod futures {}

#[doc = links!()]
#[doc = include_str!("../docs/runtimes.md")]
pub mod runtimes {}

#[doc = links!()]
#[doc = include_str!("../docs/integrations.md")]
pub mod integrations {}

#[doc = links!()]
#[doc = include_str!("../docs/recording.md")]
pub mod recording {}

#[doc = links!()]
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[doc = links!()]
#[doc = include_str!("../docs/loom.md")]
pub mod loom {}

#[doc = links!()]
#[doc = include_str!("../docs/benchmarks.md")]
pub mod benchmarks {}

#[doc = links!()]
#[doc = include_str!("../docs/decisions/README.md")]
pub mod decisions {
    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0001-two-windows.md")]
    pub mod two_windows {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0002-heads-apart.md")]
    pub mod heads_apart {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0003-heap-arity.md")]
    pub mod heap_arity {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0004-outliers.md")]
    pub mod outliers {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0005-proxies.md")]
    pub mod proxies {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0006-deferrable-and-round-jiffies.md")]
    pub mod deferrable_and_round_jiffies {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0007-pages.md")]
    pub mod pages {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0008-sibling.md")]
    pub mod sibling {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0009-reserved-features.md")]
    pub mod reserved_features {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0011-two-writes-two-looks.md")]
    pub mod two_writes_two_looks {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0012-no-thread-on-a-manual-clock.md")]
    pub mod no_thread_on_a_manual_clock {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0013-tasks-of-two-words.md")]
    pub mod tasks_of_two_words {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0010-timerfd-as-a-pipe.md")]
    pub mod timerfd_as_a_pipe {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0014-fewer-instructions.md")]
    pub mod fewer_instructions {}

    #[doc = links!()]
    #[doc = include_str!("../docs/decisions/0015-stock.md")]
    pub mod stock {}
}

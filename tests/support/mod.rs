//! What the suites share: the rules of a timer, a model that checks them, and timers to check the checks with.
//!
//! Each suite is a crate of its own and uses only its part of this.
#![allow(dead_code)]

pub(crate) mod checked;
pub(crate) mod linux;
pub(crate) mod model;
pub(crate) mod ops;
pub(crate) mod reference;
pub(crate) mod rules;
pub(crate) mod subject;

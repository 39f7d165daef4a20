//! Each contender, driven as its user would, with what favours or harms it.

mod btree;
mod delay_queue;
mod faulty;
mod ours;
mod paused_runtime;
mod sleep;

pub(crate) use btree::BTree;
pub(crate) use delay_queue::DelayQueueTimers;
pub(crate) use faulty::{Early, Faulty, Late, Loses, Mixes, Twice};
pub(crate) use ours::Ours;
pub(crate) use sleep::TokioSleeps;

//! The driver, on a clock moved by hand wherever that is possible.

mod callbacks;

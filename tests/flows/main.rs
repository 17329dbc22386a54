//! Whole stories against a realm behind real sockets.

mod journal;
mod lost_region;
mod refusals;
mod world;

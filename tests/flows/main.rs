//! Whole stories against a realm behind real sockets.

mod books;
mod fleet;
mod forget;
mod journal;
mod kill;
mod leaks;
mod lockout;
mod lost_region;
mod omitted;
mod par;
mod program;
mod refusals;
mod rollback;
mod sessions;
mod variants;
mod world;

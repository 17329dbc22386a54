//! Whole stories against a realm behind real sockets.

mod books;
mod fleet;
mod forget;
mod journal;
mod kill;
mod leaks;
mod ledger;
mod lockout;
mod lost_region;
mod omitted;
mod par;
mod program;
mod refusals;
mod rollback;
mod sessions;
mod single_keys;
mod variants;
mod world;

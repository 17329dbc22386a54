//! `kill -9` at every step: what was begun is finished, nothing is made twice, and nothing is left lying about.

mod everywhere;
mod fate;
mod ground;
mod processes;

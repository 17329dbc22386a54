//! A fleet's backup: its pace beside the least time and Oracle's own clients, its cost, its memory.

pub(crate) mod formula;
pub(crate) mod memory;
pub(crate) mod paced;
pub(crate) mod program;
pub(crate) mod signing;

//! What holds, on both databases, with a server of its own for PostgreSQL.

mod faults;
mod network;
mod queue;
mod rig;
mod strait;
mod trials;

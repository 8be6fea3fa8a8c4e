//! A jail for what reads hostile bytes: a child process without environment, that got its input by descriptor and can give
//! away nothing but messages over a pipe, and what it writes into files that it was handed for that. It opens nothing, calls
//! nobody, starts nothing, and has bounds on memory and time.
//!
//! - [`Inmate`]: the child as its parent sees it: started, told what to do, listened to, ended;
//! - [`enter`]: closes the jail around the calling process, before it reads a hostile byte;
//! - [`trial`]: how far that is possible on this system;
//! - [`Line`]: the child's end of what it is told and what it tells.
//!
//! A child that is killed by a signal, by its bounds or by its parent's clock is a finding about its input: [`Fate`].

mod bounds;
mod enter;
mod fate;
mod filter;
mod inmate;
mod level;
mod line;
mod message;
mod rights;

pub use bounds::{Bounds, Output};
pub use enter::{enter, trial};
pub use fate::Fate;
pub use inmate::{Inmate, Patience};
pub use level::{Demand, Level};
pub use line::Line;
pub use message::{LARGEST_MESSAGE, split};

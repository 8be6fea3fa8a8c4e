use std::fs::File;
use std::io::{self, Stdout, Write as _};
use std::os::fd::AsFd;

use crate::{message, rights};

/// The child's end: what it is told comes on standard input, what it tells goes to standard output.
#[derive(Debug)]
pub struct Line {
    /// A socket, read as a file is: the filter knows `read` alone.
    orders: File,
    out: Stdout,
}

impl Line {
    /// Of this process, which an [`Inmate`](crate::Inmate) started, with the files it was handed.
    ///
    /// # Errors
    /// Nobody started it as a child.
    pub fn open() -> io::Result<(Self, Vec<File>)> {
        let orders = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let files = rights::receive(&orders)?;
        Ok((Self { orders, out: io::stdout() }, files.into_iter().map(File::from).collect()))
    }

    /// The next thing that it is told; `None` when there is no more to do.
    ///
    /// # Errors
    /// Reading failed.
    pub fn hear(&mut self) -> io::Result<Option<Vec<u8>>> {
        message::read(&mut self.orders)
    }

    /// Tells one thing.
    ///
    /// # Errors
    /// Writing failed: the parent has gone, or does not want to hear more.
    pub fn tell(&mut self, content: &[u8]) -> io::Result<()> {
        let mut out = self.out.lock();
        message::write(&mut out, content)?;
        out.flush()
    }
}

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::{Bounds, Fate, message, rights};

/// How often a waiting parent looks whether it is to stop.
const BEAT: Duration = Duration::from_millis(100);
/// Bytes read at once.
const PORTION: usize = 256 << 10;
/// Bytes of standard error looked at.
const SAID: u64 = 4096;

/// How long a parent waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For one message.
    pub silence: Duration,
    /// For the whole life of the child.
    pub total: Duration,
}

/// A child in its jail; dropping it ends it.
#[derive(Debug)]
pub struct Inmate {
    child: Child,
    orders: UnixStream,
    out: ChildStdout,
    err: Option<ChildStderr>,
    came: Vec<u8>,
    bounds: Bounds,
    patience: Patience,
    born: Instant,
}

impl Inmate {
    /// Starts `program` with these arguments, an empty environment and these open files.
    ///
    /// # Errors
    /// The system can start no further process, or there are more than eight files.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        files: &[BorrowedFd<'_>],
        bounds: Bounds,
        patience: Patience,
    ) -> Result<Self, Fate> {
        let (orders, theirs) = UnixStream::pair()?;
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .current_dir("/")
            // An interrupt from the terminal is its parent's to answer.
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(out), err) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("no pipe").into());
        };
        let mut inmate =
            Self { child, orders, out, err, came: Vec::new(), bounds, patience, born: Instant::now() };
        for pipe in
            [Some(inmate.out.as_fd()), inmate.err.as_ref().map(|err| err.as_fd())].into_iter().flatten()
        {
            let flags = fcntl_getfl(pipe).map_err(io::Error::from)?;
            fcntl_setfl(pipe, flags | OFlags::NONBLOCK).map_err(io::Error::from)?;
        }
        if let Err(error) = rights::send(&inmate.orders, files) {
            return Err(inmate.fate_or(error));
        }
        Ok(inmate)
    }

    /// Tells the child one thing.
    ///
    /// # Errors
    /// It is dead.
    pub fn tell(&mut self, content: &[u8]) -> Result<(), Fate> {
        // A child that hears nothing any more must not hold its parent up.
        let wait = self.orders.set_write_timeout(Some(self.patience.silence));
        wait.and_then(|()| message::write(&mut self.orders, content))
            .and_then(|()| self.orders.flush())
            .map_err(|error| self.fate_or(error))
    }

    /// The next thing that the child tells.
    ///
    /// # Errors
    /// It is dead, or was ended now: too late, too large a message, or `cancelled`.
    pub fn hear(&mut self, cancelled: &dyn Fn() -> bool) -> Result<Vec<u8>, Fate> {
        let start = Instant::now();
        let mut portion = vec![0; PORTION];
        loop {
            match message::split(&self.came) {
                Ok(Some((content, taken))) => {
                    let content = content.to_vec();
                    self.came.drain(..taken);
                    return Ok(content);
                }
                Ok(None) => {}
                Err(message::TooLarge) => {
                    return Err(self.end(Fate::Nonsense("too long an answer".to_owned())));
                }
            }
            if cancelled() {
                return Err(self.end(Fate::Cancelled));
            }
            let late = [(self.patience.silence, start), (self.patience.total, self.born)];
            if let Some((allowed, _)) = late.into_iter().find(|(allowed, since)| since.elapsed() > *allowed) {
                return Err(self.end(Fate::Late(allowed)));
            }
            self.wait()?;
            match self.out.read(&mut portion) {
                Ok(0) => return Err(self.fate()),
                Ok(count) => self.came.extend_from_slice(portion.get(..count).unwrap_or_default()),
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(error) => return Err(self.end(error.into())),
            }
        }
    }

    /// Ends the child for what it told.
    pub fn refuse(&mut self, why: &str) -> Fate {
        self.end(Fate::Nonsense(why.to_owned()))
    }

    /// Waits for output, at most a beat.
    fn wait(&mut self) -> Result<(), Fate> {
        let beat = Timespec { tv_sec: 0, tv_nsec: BEAT.subsec_nanos().into() };
        let mut pipes = [PollFd::new(&self.out, PollFlags::IN)];
        match poll(&mut pipes, Some(&beat)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(self.end(io::Error::from(error).into())),
        }
    }

    /// What became of a child that closed its pipe.
    fn fate(&mut self) -> Fate {
        // It may have closed it and live on.
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if start.elapsed() < self.patience.silence.min(BEAT * 20) => {
                    std::thread::sleep(BEAT / 20);
                }
                Ok(None) => return self.end(Fate::Nonsense("it stopped answering".to_owned())),
                Err(error) => return error.into(),
            }
        };
        let mut said = Vec::new();
        if let Some(err) = self.err.take() {
            // What there is: nobody waits for more.
            let _ = err.take(SAID).read_to_end(&mut said);
        }
        Fate::of(status, &said, &self.bounds)
    }

    /// Its fate if it is dead, or else that it can't be spoken to.
    fn fate_or(&mut self, error: io::Error) -> Fate {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => self.fate(),
            _ => self.end(error.into()),
        }
    }

    fn end(&mut self, fate: Fate) -> Fate {
        // Already dead is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        fate
    }
}

impl Drop for Inmate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

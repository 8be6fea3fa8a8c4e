use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use filigrane_jail::{Bounds, Demand, Fate, Inmate, Level, Patience};
use filigrane_media::Cancel;
use filigrane_verdict::Depth;
use filigrane_watermark::Payload;
use serde_bytes::ByteBuf;

use crate::errand::{Errand, Order, Told, encoded};
use crate::input::Files;
use crate::progress::Progress;
use crate::reading::Reading;
use crate::seen::{Seen, believable_line};
use crate::tracks::Streamed;

/// Longest silence of a reader beside the time that hashing takes: opening, searching for a mark.
const SILENCE: Duration = Duration::from_secs(60);
/// Slowest hashing that is waited for, bytes a second.
const SLOWEST_HASHING: u64 = 10_000_000;
/// Longest time for a file: this, and a second for so many bytes.
const TOTAL: Duration = Duration::from_secs(120);
const SLOWEST: u64 = 50_000;
/// Threads of a reader that may work at once.
const THREADS: u64 = 3;
/// The same of one that encodes: pictures may stay in an encoder for long, and slow presets take seconds for each.
const SILENCE_ENCODING: Duration = Duration::from_secs(600);
const TOTAL_ENCODING: Duration = Duration::from_secs(3600);
const SLOWEST_ENCODING: u64 = 500;
/// Memory of one that encodes, bytes: this, and for each thread, for each sample of a picture, and for each sample and thread,
/// since encoders keep dozens of pictures and some for each of their threads. Twice to three times what was seen.
const MEMORY_ENCODING: u64 = 1 << 30;
const MEMORY_A_THREAD: u64 = 64 << 20;
const MEMORY_A_SAMPLE: u64 = 1000;
const MEMORY_A_SAMPLE_AND_THREAD: u64 = 20;
/// Largest result: this, and so many bytes for each of the input's.
const OUTPUT: u64 = 64 << 30;
const OUTPUT_A_BYTE: u64 = 100;

/// Where hostile bytes are read: in processes of their own, each in a jail.
#[derive(Debug, Clone)]
pub struct Ward {
    program: PathBuf,
    argument: String,
    demand: Demand,
    memory: u64,
    timeout: Option<Duration>,
}

impl Ward {
    /// The processes are this program, which calls [`serve_jail`](crate::serve_jail) when it is started with this argument.
    pub fn new(program: &Path, argument: &str, demand: Demand) -> Self {
        let memory = Bounds::default().memory;
        Self { program: program.to_owned(), argument: argument.to_owned(), demand, memory, timeout: None }
    }

    /// The same with another bound on the wall-clock time for one file.
    #[must_use]
    pub fn within(self, timeout: Option<Duration>) -> Self {
        Self { timeout, ..self }
    }

    fn patience(&self, bytes: u64) -> Patience {
        let total = self.timeout.unwrap_or(TOTAL + Duration::from_secs(bytes / SLOWEST));
        let silence = SILENCE + Duration::from_secs(bytes / SLOWEST_HASHING);
        Patience { silence: silence.min(total), total }
    }

    fn patience_encoding(&self, bytes: u64) -> Patience {
        let total = self.timeout.unwrap_or(TOTAL_ENCODING + Duration::from_secs(bytes / SLOWEST_ENCODING));
        Patience { silence: SILENCE_ENCODING.min(total), total }
    }
}

/// Of so many threads that work all the time, seconds.
fn processor_time(patience: Patience, threads: u64) -> u64 {
    patience.total.as_secs().saturating_add(1).saturating_mul(threads)
}

/// The process that reads one file; another one takes its place when it dies.
pub(crate) struct Reader<'a> {
    ward: &'a Ward,
    files: &'a Files,
    output: Option<&'a File>,
    errand: Errand,
    patience: Patience,
    cancel: &'a Cancel,
    inmate: Option<Inmate>,
    pub level: Level,
}

impl<'a> Reader<'a> {
    /// For a file; the errand's bounds are set here.
    pub fn new(ward: &'a Ward, files: &'a Files, mut errand: Errand, cancel: &'a Cancel) -> Self {
        errand.name = files.name.as_os_str().as_bytes().to_vec();
        let name = |(path, _): &(PathBuf, File)| ByteBuf::from(OsString::from(path).as_bytes().to_vec());
        errand.beside = files.beside.iter().map(name).collect();
        errand.stream = files.stream.as_ref().map(Streamed::named);
        let patience = ward.patience(files.bytes);
        errand.memory = ward.memory;
        errand.cpu_seconds = processor_time(patience, THREADS);
        Self { ward, files, output: None, errand, patience, cancel, inmate: None, level: Level::default() }
    }

    /// One that encodes what it reads, pictures of so many samples, into an empty file.
    pub fn writing(mut self, output: &'a File, samples: u64) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
        self.patience = self.ward.patience_encoding(self.files.bytes);
        let a_sample = threads.saturating_mul(MEMORY_A_SAMPLE_AND_THREAD).saturating_add(MEMORY_A_SAMPLE);
        let memory = MEMORY_ENCODING.saturating_add(threads.saturating_mul(MEMORY_A_THREAD));
        self.errand.memory = memory.saturating_add(samples.saturating_mul(a_sample));
        self.errand.cpu_seconds = processor_time(self.patience, threads.saturating_add(THREADS));
        self.errand.output = Some(self.files.bytes.saturating_mul(OUTPUT_A_BYTE).saturating_add(OUTPUT));
        self.output = Some(output);
        self
    }

    /// Whether this process may read where no other can.
    pub fn demand(&self) -> Demand {
        self.ward.demand
    }

    /// The credentials.
    ///
    /// # Errors
    /// What became of the process.
    pub fn read(&mut self) -> Result<Reading, Fate> {
        match self.ask(&Order::Read, &())? {
            Told::Reading(reading) => Ok(reading),
            _ => Err(self.refuse("it answered another question")),
        }
    }

    /// What the pictures show, or why none could be decoded.
    ///
    /// # Errors
    /// What became of the process.
    pub fn look(
        &mut self,
        depth: Depth,
        stated: &[Payload],
        observe: bool,
        progress: &dyn Progress,
    ) -> Result<Result<Seen, String>, Fate> {
        match self.ask(&Order::Look { depth, stated: stated.to_vec(), observe }, progress)? {
            Told::Seen(seen) => Ok(Ok(*seen)),
            Told::Unseen(failing) => Ok(Err(failing.told().to_string())),
            _ => Err(self.refuse("it answered another question")),
        }
    }

    /// What it tells of one piece of work.
    ///
    /// # Errors
    /// What became of the process.
    pub fn ask(&mut self, order: &Order, progress: &dyn Progress) -> Result<Told, Fate> {
        if self.inmate.is_none() {
            let inmate = self.start()?;
            self.inmate = Some(inmate);
        }
        let answer = self.answer(order, progress);
        if answer.is_err() {
            self.inmate = None;
        }
        answer
    }

    fn answer(&mut self, order: &Order, progress: &dyn Progress) -> Result<Told, Fate> {
        let Some(inmate) = &mut self.inmate else { return Err(Fate::Nonsense("it is not there".to_owned())) };
        let doing = if self.output.is_some() { "marking" } else { "reading" };
        inmate.tell(&encoded(order))?;
        loop {
            let message = inmate.hear(&|| self.cancel.is_cancelled())?;
            match Told::parse(&message) {
                Ok(Told::Step(done, of)) => progress.step(doing, done, of),
                Ok(Told::Refused(why)) => return Err(inmate.refuse(&believable_line(why))),
                Ok(told) => return Ok(told),
                Err(why) => return Err(inmate.refuse(&why)),
            }
        }
    }

    /// Starts the process, which says how far its jail is closed before it reads a byte of the file.
    fn start(&mut self) -> Result<Inmate, Fate> {
        let files = self.files;
        let open = std::iter::once(&files.file).chain(files.beside.iter().map(|(_, file)| file));
        let open = open.chain(self.output);
        let open: Vec<_> = open.map(|file| file.as_fd()).collect();
        let bounds = self.errand.bounds();
        let (program, arguments) = (&self.ward.program, [self.ward.argument.as_str()]);
        let mut inmate = Inmate::start(program, &arguments, &open, bounds, self.patience)?;
        inmate.tell(&encoded(&self.errand))?;
        let message = inmate.hear(&|| self.cancel.is_cancelled())?;
        let Ok(Told::Level(level)) = Told::parse(&message) else {
            return Err(inmate.refuse("it did not say how it is jailed"));
        };
        self.level = Level::from_byte(level);
        if self.files.stream.is_some() && !self.level.landlock {
            // Nothing else lets a process open some files and no others.
            let why =
                "this system has no landlock, by which alone the files of a stream can be read in a jail";
            return Err(Fate::Unstarted(std::io::Error::other(why)));
        }
        if self.ward.demand == Demand::Required && !self.level.is_whole() {
            let lacks: Vec<_> = self.level.lacks().collect();
            let why = format!("this system has no {}, and a whole jail is required", lacks.join(", no "));
            return Err(Fate::Unstarted(std::io::Error::other(why)));
        }
        Ok(inmate)
    }

    fn refuse(&mut self, why: &str) -> Fate {
        match self.inmate.take() {
            Some(mut inmate) => inmate.refuse(why),
            None => Fate::Nonsense(why.to_owned()),
        }
    }
}

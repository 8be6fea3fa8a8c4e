use std::cell::Cell;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use filigrane_fingerprint::VideoCode;
use filigrane_frame::{ErrorKind, Limits};
use filigrane_jail::{Demand, Fate, Level};
use filigrane_media::{Cancel, Decoder, Error as MediaError, Part, probe_parts};
use filigrane_provenance::{Asset, Heritage, Track};
use filigrane_verdict::Jail;
use tempfile::TempPath;

use crate::errand::{Errand, Order, Told};
use crate::error::Error;
use crate::file::beside;
use crate::hands::shown;
use crate::input::Files;
use crate::mark::{Marking, mark, watch};
use crate::pictures::Pictures;
use crate::progress::Progress;
use crate::tracks::pictured;
use crate::video_code;
use crate::ward::{Reader, Ward};

/// Where a video that is to be stamped is read: each time in a process of its own, in a jail, or in this one.
pub(crate) struct Workshop<'a> {
    files: Files,
    part: Part,
    /// Those of a stream in several files, instead of that part.
    tracks: &'a [Track],
    ward: Option<&'a Ward>,
    limits: &'a Limits,
    cancel: &'a Cancel,
    /// The least that a jail was closed; none before there was one.
    level: Cell<Option<Level>>,
}

/// Refuses what is no video, before anything is made for it.
///
/// # Errors
/// Those of opening a video.
pub fn check_video(input: &Path, ward: Option<&Ward>, limits: &Limits, cancel: &Cancel) -> Result<(), Error> {
    Workshop::open(input, ward, limits, cancel)?.look().map(drop)
}

impl<'a> Workshop<'a> {
    /// For one video, which is opened once.
    pub fn open(
        input: &Path,
        ward: Option<&'a Ward>,
        limits: &'a Limits,
        cancel: &'a Cancel,
    ) -> Result<Self, Error> {
        let files = Files::open(input)?;
        let part = files.file.try_clone().map_err(|source| Error::Io { path: input.to_owned(), source })?;
        let part = Part::Open(Arc::new(part));
        Ok(Self { files, part, tracks: &[], ward, limits, cancel, level: Cell::new(None) })
    }

    /// For a stream in several files, whose pictures are looked at and stay as they are.
    pub fn of_stream(
        tracks: &'a [Track],
        ward: Option<&'a Ward>,
        limits: &'a Limits,
        cancel: &'a Cancel,
    ) -> Result<Self, Error> {
        let files = Files::of_stream(tracks, limits)?;
        let part = Part::Named(files.name.clone());
        Ok(Self { files, part, tracks, ward, limits, cancel, level: Cell::new(None) })
    }

    /// What this process reads pictures from.
    fn parts(&self) -> Result<Vec<Part>, MediaError> {
        if self.tracks.is_empty() { Ok(vec![self.part.clone()]) } else { pictured(self.tracks, self.limits) }
    }

    /// The name of its container, and how many samples its pictures have.
    pub fn look(&self) -> Result<(String, u64), Error> {
        let samples = |width: u32, height: u32| u64::from(width) * u64::from(height);
        match self.ask(&self.files, None, &Order::Open, &())? {
            Some(Told::Opened(container, width, height)) => Ok((container, samples(width, height))),
            Some(_) => Err(strange()),
            None => {
                let info = probe_parts(&self.parts()?, self.limits)?;
                Ok((info.container, samples(info.width, info.height)))
            }
        }
    }

    /// Encodes the marked pictures into a temporary file beside `output`.
    pub fn mark(
        &self,
        output: &Path,
        how: Marking,
        progress: &dyn Progress,
    ) -> Result<(TempPath, Pictures), Error> {
        let path = beside(output, "marked")?;
        // How much memory an encoder may have goes by it.
        let samples = if self.ward.is_some() { self.look()?.1.min(self.limits.pixels) } else { 0 };
        let open = || File::options().write(true).open(&path);
        let io = |source| Error::Io { path: output.to_owned(), source };
        let order = Order::Mark(Box::new(how));
        let pictures = match self.ask(&self.files, Some((&open().map_err(io)?, samples)), &order, progress)? {
            Some(Told::Made(made)) => made.believable().ok_or_else(strange)?,
            Some(_) => return Err(strange()),
            None => {
                let Order::Mark(how) = order else { return Err(strange()) };
                mark(&self.part, open().map_err(io)?, &how, self.limits, self.cancel, progress)?
            }
        };
        Ok((path, pictures))
    }

    /// Looks at pictures that stay as they are.
    pub fn examine(&self, progress: &dyn Progress) -> Result<Pictures, Error> {
        match self.ask(&self.files, None, &Order::Examine, progress)? {
            Some(Told::Made(made)) => made.believable().ok_or_else(strange),
            Some(_) => Err(strange()),
            None => watch(Decoder::open_parts(&self.parts()?, self.limits, self.cancel)?, progress),
        }
    }

    /// The credentials that the video has already.
    pub fn heritage(&self) -> Result<Heritage, Error> {
        match self.ask(&self.files, None, &Order::Inherit, &())? {
            Some(Told::Heritage(facts, store, why)) => {
                Ok(Heritage::from_parcel((facts, store.map(serde_bytes::ByteBuf::into_vec), why)))
            }
            Some(_) => Err(strange()),
            None => Ok(Heritage::of(&Asset::named(&self.files.name), self.limits)?),
        }
    }

    /// The ISCC Video-Code of what was made of it, and a note where there is none.
    pub fn code(&self, made: &Path, notes: &mut Vec<String>) -> Result<Option<VideoCode>, Error> {
        let io = |source| Error::Io { path: made.to_owned(), source };
        let file = File::open(made).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        // The process that wrote it may have been taken over: another one reads it.
        let files = Files { name: made.to_owned(), file, beside: Vec::new(), stream: None, bytes };
        let code = match self.ask(&files, None, &Order::Code, &()) {
            Ok(Some(Told::Code(body))) => Ok(body.map(VideoCode::from_body)),
            Ok(Some(_)) => Err(strange()),
            Ok(None) => video_code::of_file(made, self.limits, self.cancel).map_err(Error::from),
            Err(error) => Err(error),
        };
        match code {
            Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
            code => Ok(video_code::or_note(code, notes)),
        }
    }

    /// How far the jails were closed.
    pub fn jail(&self) -> Jail {
        self.level.get().map_or_else(Jail::default, shown)
    }

    /// What a process in a jail tells; `None` where the work is for this one.
    fn ask(
        &self,
        files: &Files,
        output: Option<(&File, u64)>,
        order: &Order,
        progress: &dyn Progress,
    ) -> Result<Option<Told>, Error> {
        let Some(ward) = self.ward else { return Ok(None) };
        let errand = Errand { limits: *self.limits, ..Errand::empty() };
        let mut reader = Reader::new(ward, files, errand, self.cancel);
        if let Some((output, samples)) = output {
            reader = reader.writing(output, samples);
        }
        let told = reader.ask(order, progress);
        self.level.set(Some(self.level.get().map_or(reader.level, |level| level.least(reader.level))));
        settled(told, reader.demand())
    }
}

/// What came of an order; `None` where no process can be had, none is required, and the work is for this one.
pub(crate) fn settled(told: Result<Told, Fate>, demand: Demand) -> Result<Option<Told>, Error> {
    match told {
        Ok(Told::Failed(failing)) => Err(failing.told()),
        Ok(told) => Ok(Some(told)),
        Err(Fate::Unstarted(_)) if demand == Demand::BestEffort => Ok(None),
        Err(Fate::Cancelled) => Err(MediaError::Cancelled.into()),
        Err(fate) => Err(Error::Jail(fate)),
    }
}

pub(crate) fn strange() -> Error {
    Error::Jail(Fate::Nonsense("it answered another question".to_owned()))
}

use std::cell::{Cell as Mutable, RefCell};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use filigrane_jail::{Line, enter};
use filigrane_media::{Cancel, Decoder, Part, check_outline, probe_parts};
use filigrane_provenance::{Asset, Heritage, TrustAnchors, crjson_asset, read_asset, read_fragments_from};
use filigrane_watermark::Key;

use crate::errand::{Errand, Order, Told, decoded, encoded};
use crate::error::Error;
use crate::look::Look;
use crate::mark::{mark, watch};
use crate::progress::Progress;
use crate::reading::Reading;
use crate::tracks::{Named, pictured};
use crate::verify::Stages;
use crate::video_code;

/// How often it is told how far the work is.
const BEAT: Duration = Duration::from_millis(100);

/// The work of the process in the jail, from its start to its end: called by a program that a [`Ward`](crate::Ward) started,
/// before it starts a thread or reads anything.
///
/// # Errors
/// Nobody started it for that, or the other end has gone.
pub fn serve_jail() -> io::Result<()> {
    let (mut line, mut files) = Line::open()?;
    let nonsense = |error: String| io::Error::new(io::ErrorKind::InvalidData, error);
    let Some(errand) = line.hear()? else { return Ok(()) };
    let errand: Errand = decoded(&errand).map_err(nonsense)?;
    let readable = errand.stream.as_ref().map(Named::files).unwrap_or_default();
    let level = enter(&errand.bounds(), files.len() as u64, &readable);
    line.tell(&encoded(&Told::Level(level.to_byte())))?;
    let output = errand.output.and_then(|_| files.pop());
    if files.is_empty() {
        return Err(nonsense("no file to read was handed over".to_owned()));
    }
    let file = files.remove(0);
    let beside = errand.beside.iter().map(|name| path(name)).zip(files).collect();
    let trust = match errand.trust() {
        Ok(trust) => trust,
        Err(error) => return line.tell(&encoded(&Told::Refused(format!("trust anchors: {error}")))),
    };
    let cell = Cell::new(&errand, trust, file, beside, output)?;
    while let Some(order) = line.hear()? {
        let order = decoded(&order).map_err(nonsense)?;
        let telling = Telling { line: RefCell::new(line), last: Mutable::new(Instant::now()) };
        let told = cell.carry_out(order, &telling);
        line = telling.line.into_inner();
        line.tell(&encoded(&told))?;
    }
    Ok(())
}

fn path(name: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(name.to_vec()))
}

struct Cell<'a> {
    errand: &'a Errand,
    trust: TrustAnchors,
    keys: Vec<Key>,
    asset: Asset,
    part: Part,
    output: RefCell<Option<File>>,
}

impl<'a> Cell<'a> {
    fn new(
        errand: &'a Errand,
        trust: TrustAnchors,
        file: File,
        beside: Vec<(PathBuf, File)>,
        output: Option<File>,
    ) -> io::Result<Self> {
        let part = Part::Open(Arc::new(file.try_clone()?));
        let asset = Asset::opened(&path(&errand.name), file, beside);
        Ok(Self { errand, trust, keys: errand.keys(), asset, part, output: RefCell::new(output) })
    }

    fn carry_out(&self, order: Order, progress: &dyn Progress) -> Told {
        let errand = self.errand;
        match order {
            Order::Read => {
                if let Some(stream) = &errand.stream {
                    let (tracks, copies) = (stream.tracks(), stream.copies());
                    let (at, limits) = (errand.at, &errand.limits);
                    let read = read_fragments_from(&tracks, &copies, &self.trust, at, stream.whole, limits);
                    return Told::Reading(Reading::of(read, at, &self.asset.path().display().to_string()));
                }
                let outline =
                    check_outline(std::slice::from_ref(&self.part), &errand.limits, &Cancel::default());
                if let Err(error) = outline {
                    return Told::Reading(Reading::Refused(error.to_string()));
                }
                let read = read_asset(&self.asset, &self.trust, errand.at, &errand.limits);
                let name = self.asset.path().display().to_string();
                Told::Reading(Reading::of(read, errand.at, &name))
            }
            Order::Look { depth, stated, observe } => {
                let look = Look {
                    stages: Stages { classifier: observe, ..errand.stages },
                    keys: &self.keys,
                    stills: errand.stills,
                    limits: &errand.limits,
                    cancel: &Cancel::default(),
                };
                match self.parts().and_then(|parts| look.see(&parts, depth, &stated, progress)) {
                    Ok(seen) => Told::Seen(Box::new(seen)),
                    Err(error) => Told::Unseen(Error::from(error).into()),
                }
            }
            order => self.attempt(order, progress).unwrap_or_else(|error| Told::Failed(error.into())),
        }
    }

    /// What pictures are read from.
    fn parts(&self) -> Result<Vec<Part>, filigrane_media::Error> {
        match &self.errand.stream {
            Some(stream) => pictured(&stream.tracks(), &self.errand.limits),
            None => Ok(vec![self.part.clone()]),
        }
    }

    /// What may fail as a whole.
    fn attempt(&self, order: Order, progress: &dyn Progress) -> Result<Told, Error> {
        let (limits, cancel) = (&self.errand.limits, Cancel::default());
        let decoder = || Decoder::open_parts(&self.parts()?, limits, &cancel);
        match order {
            Order::Mark(how) => {
                let output = self.output.take().ok_or(Error::Nothing)?;
                let pictures = mark(&self.part, output, &how, limits, &cancel, progress)?;
                Ok(Told::Made(Box::new(pictures.into())))
            }
            Order::Examine => Ok(Told::Made(Box::new(watch(decoder()?, progress)?.into()))),
            Order::Open => {
                let info = probe_parts(&self.parts()?, limits)?;
                Ok(Told::Opened(info.container, info.width, info.height))
            }
            Order::Inherit => {
                let (facts, store, why) = Heritage::of(&self.asset, limits)?.into_parcel();
                Ok(Told::Heritage(facts, store.map(serde_bytes::ByteBuf::from), why))
            }
            Order::Code => Ok(Told::Code(video_code::of_pictures(decoder()?)?.map(|code| code.body()))),
            Order::Document => {
                let document = crjson_asset(&self.asset, &self.trust, limits)?;
                Ok(Told::Document(document.map(|document| document.to_string())))
            }
            Order::Read | Order::Look { .. } => Err(Error::Nothing),
        }
    }
}

/// Tells how far the work is, now and then.
struct Telling {
    line: RefCell<Line>,
    last: Mutable<Instant>,
}

impl Progress for Telling {
    fn step(&self, _: &'static str, done: u64, of: Option<u64>) {
        if self.last.get().elapsed() < BEAT {
            return;
        }
        self.last.set(Instant::now());
        // Whoever does not listen any more ends the process.
        let _ = self.line.borrow_mut().tell(&encoded(&Told::Step(done, of)));
    }
}

use filigrane_jail::{Demand, Fate, Level};
use filigrane_verdict::{Depth, Jail, JailLevel};
use filigrane_watermark::Payload;

use crate::errand::Errand;
use crate::input::{Input, Opened};
use crate::look::Look;
use crate::progress::Progress;
use crate::reading::Reading;
use crate::seen::Seen;
use crate::verify::{Stages, Verifier};
use crate::ward::Reader;

/// Whose hands touch the bytes of a file.
pub(crate) enum Hands<'a> {
    /// This process's own.
    Own(&'a Verifier<'a>, Input<'a>),
    /// Those of a process in a jail; where none can be started and none is required, this one's.
    Jailed(&'a Verifier<'a>, Input<'a>, Box<Reader<'a>>),
}

impl<'a> Hands<'a> {
    /// As the verifier wants it.
    pub fn of(verifier: &'a Verifier<'a>, opened: &'a Opened<'a>) -> Self {
        let (Some(ward), Some(files)) = (verifier.ward, &opened.files) else {
            return Self::Own(verifier, opened.input);
        };
        let errand = Errand {
            stages: verifier.stages,
            anchors: verifier.trust.to_parcels(),
            at: verifier.at,
            keys: verifier.keys.iter().map(|key| key.to_bytes()).collect(),
            stills: verifier.stills,
            limits: verifier.limits,
            ..Errand::empty()
        };
        let reader = Reader::new(ward, files, errand, &verifier.cancel);
        Self::Jailed(verifier, opened.input, Box::new(reader))
    }

    /// Reads the credentials.
    pub fn read(&mut self) -> Result<Reading, Fate> {
        let read = match self {
            Self::Own(verifier, input) => return Ok(read(verifier, *input)),
            Self::Jailed(_, _, reader) => reader.read(),
        };
        if self.give_up(&read) { self.read() } else { read }
    }

    /// Looks at the pictures; says why where none can be decoded.
    pub fn look(
        &mut self,
        depth: Depth,
        stated: &[Payload],
        progress: &dyn Progress,
    ) -> Result<Result<Seen, String>, Fate> {
        let looked = match self {
            Self::Own(verifier, input) => return Ok(look(verifier, *input, depth, stated, progress)),
            Self::Jailed(verifier, _, reader) => {
                reader.look(depth, stated, verifier.observes(depth), progress)
            }
        };
        if self.give_up(&looked) { self.look(depth, stated, progress) } else { looked }
    }

    /// Takes the work into this process where no other can be had and none is required.
    fn give_up<T>(&mut self, outcome: &Result<T, Fate>) -> bool {
        match self {
            Self::Jailed(verifier, input, reader)
                if matches!(outcome, Err(Fate::Unstarted(_))) && reader.demand() == Demand::BestEffort =>
            {
                *self = Self::Own(verifier, *input);
                true
            }
            _ => false,
        }
    }

    /// How far the jail was closed.
    pub fn jail(&self) -> Jail {
        match self {
            Self::Own(..) => Jail::default(),
            Self::Jailed(_, _, reader) => shown(reader.level),
        }
    }
}

/// How far a jail was closed, as it is told.
pub(crate) fn shown(level: Level) -> Jail {
    let lacks: Vec<String> = level.lacks().map(str::to_owned).collect();
    let level = match level {
        Level::WHOLE => JailLevel::Whole,
        // No process came to be.
        level if level == Level::default() => JailLevel::Off,
        _ => JailLevel::Partial,
    };
    Jail { level, lacks }
}

fn read(verifier: &Verifier<'_>, input: Input<'_>) -> Reading {
    if let Err(error) = input.check_outline(&verifier.limits, &verifier.cancel) {
        return Reading::Refused(error.to_string());
    }
    let read = input.credentials(verifier.trust, verifier.at, &verifier.limits);
    Reading::of(read, verifier.at, &input.name())
}

fn look(
    verifier: &Verifier<'_>,
    input: Input<'_>,
    depth: Depth,
    stated: &[Payload],
    progress: &dyn Progress,
) -> Result<Seen, String> {
    let look = Look {
        stages: Stages { classifier: verifier.observes(depth), ..verifier.stages },
        keys: verifier.keys,
        stills: verifier.stills,
        limits: &verifier.limits,
        cancel: &verifier.cancel,
    };
    let parts = input.pictured(&verifier.limits);
    parts.and_then(|parts| look.see(&parts, depth, stated, progress)).map_err(|error| error.to_string())
}

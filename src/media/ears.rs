use std::collections::VecDeque;

use filigrane_frame::Limits;

use crate::damage::{Damage, Flaw};
use crate::ffi::{Code, Medium, Packet, Ratio, SoundDecoder, SoundFrame};
use crate::sound::Sound;
use crate::source::Source;

/// Most audio streams that are listened to.
const MOST: usize = 8;

/// Decoders for the audio streams of a file.
pub(crate) struct Ears {
    ears: Vec<Ear>,
    heard: VecDeque<Sound>,
}

struct Ear {
    stream: usize,
    decoder: SoundDecoder,
    base: Ratio,
    /// Ticks at which the presentation starts.
    start: i64,
    /// Seconds of sound that may still be decoded.
    left: f64,
    /// Seconds at which the next sound belongs when its time stamp is missing.
    next: f64,
}

impl Ears {
    pub(crate) fn none() -> Self {
        Self { ears: Vec::new(), heard: VecDeque::new() }
    }

    /// Listens to the first streams that there are decoders for, each for as long as the limits allow.
    pub(crate) fn open(source: &Source, limits: &Limits) -> Self {
        let start = source.demuxer.start().unwrap_or(0);
        let audio = |stream: &&crate::ffi::StreamFacts| stream.medium == Medium::Audio && !stream.is_internal;
        let ears = source
            .streams
            .iter()
            .filter(audio)
            .filter_map(|stream| {
                let decoder = SoundDecoder::open(&source.demuxer, stream.index).ok()?;
                let base = stream.time_base;
                let start = Ratio::MICROSECOND.convert(start, base);
                Some(Ear { stream: stream.index, decoder, base, start, left: limits.seconds, next: 0.0 })
            })
            .take(MOST)
            .collect();
        Self { ears, heard: VecDeque::new() }
    }

    /// The streams listened to.
    pub(crate) fn streams(&self) -> Vec<usize> {
        self.ears.iter().map(|ear| ear.stream).collect()
    }

    /// The first sound of the packet's stream, which is not listened to any longer then.
    pub(crate) fn first(&mut self, packet: &Packet) -> Option<(usize, SoundFrame)> {
        let index = self.ears.iter().position(|ear| ear.stream == packet.stream())?;
        let ear = self.ears.get_mut(index)?;
        // What a damaged packet would have given comes with the next one.
        let _ = ear.decoder.send(Some(packet));
        let frame = ear.decoder.receive().ok()?;
        Some((self.ears.swap_remove(index).stream, frame))
    }

    /// Decodes a packet.
    pub(crate) fn hear(&mut self, packet: &Packet, damage: &mut Damage) {
        let listens = |ear: &&mut Ear| ear.stream == packet.stream() && ear.left > 0.0;
        let Some(ear) = self.ears.iter_mut().find(listens) else { return };
        let mut sent = ear.decoder.send(Some(packet));
        ear.receive(&mut self.heard, damage);
        if sent == Err(Code::AGAIN) {
            sent = ear.decoder.send(Some(packet));
            ear.receive(&mut self.heard, damage);
        }
        if sent.is_err() {
            damage.count(Flaw::Unhearable, ear.next.max(0.0));
        }
    }

    /// Decodes what is left at the end.
    pub(crate) fn finish(&mut self, damage: &mut Damage) {
        for ear in &mut self.ears {
            // Nothing to do when the decoder is already at its end.
            let _ = ear.decoder.send(None);
            ear.receive(&mut self.heard, damage);
        }
        self.ears.clear();
    }

    /// The next sound decoded.
    pub(crate) fn next(&mut self) -> Option<Sound> {
        self.heard.pop_front()
    }
}

impl Ear {
    fn receive(&mut self, heard: &mut VecDeque<Sound>, damage: &mut Damage) {
        loop {
            let frame = match self.decoder.receive() {
                Ok(frame) => frame,
                Err(Code::AGAIN | Code::END) => return,
                Err(_) => return damage.count(Flaw::Unhearable, self.next.max(0.0)),
            };
            let shape = frame.shape();
            let Some(samples) = frame.samples().filter(|_| shape.is_usable()) else {
                damage.count(Flaw::Unhearable, self.next.max(0.0));
                continue;
            };
            let length = samples.first().map_or(0, Vec::len) as f64 / f64::from(shape.rate);
            self.left -= length;
            if self.left < 0.0 {
                continue;
            }
            let stamp = frame.pts().map(|pts| self.base.seconds(pts.saturating_sub(self.start)));
            let time = stamp.unwrap_or(self.next);
            self.next = time + length;
            let (rate, low_frequency) = (shape.rate, shape.low_frequency);
            heard.push_back(Sound { stream: self.stream, time, rate, low_frequency, samples });
        }
    }
}

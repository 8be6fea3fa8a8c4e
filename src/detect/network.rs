use std::sync::{Mutex, PoisonError};

use filigrane_infer::{Engine, Input, Session, SessionOptions, TensorView};

use crate::crops::BYTES;
use crate::views::SAMPLES;
use crate::{Error, Features, PICTURES, SIDE, VIEW};

/// Most bytes of a network: all that the program holds are within 10 MB.
const MOST_BYTES: usize = 16 << 20;
const CROPS_IN: &str = "crops";
const VIEWS_IN: &str = "views";
const OUTPUT: &str = "logits";
const MAP: &str = "heat";
/// Most bursts of a clip whose views are looked at: what a clip shows changes little, and such networks are large.
const MOST_VIEWED: usize = 12;

/// Patches of a crop on each side, of 16 x 16 samples.
pub const PATCHES: usize = 8;

/// What a network says of a burst, in log-odds of being generated.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sight {
    /// One for each crop, or a single one for the burst.
    pub logits: Vec<f32>,
    /// One for each patch: of each crop 8 x 8, row by row; nothing where the network does not tell them apart.
    pub heat: Vec<f32>,
}

/// An expert that looks at what was kept of the pictures of a burst.
pub trait Network {
    /// What it says of them.
    ///
    /// # Errors
    /// When the network can't run, or gives something else.
    fn look(&self, burst: &Features) -> Result<Sight, Error>;

    /// Most bursts of a clip that it is asked about.
    fn most_bursts(&self) -> usize {
        usize::MAX
    }
}

/// What a network is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Crops,
    Views,
}

/// A network in an ONNX graph: input `crops`, single precision (n, 4, 128, 128), or `views`, (1, 2, 224, 224), native and whole, luma 0
/// to 255; output `logits`, (n), and where it looks at crops and has one `heat`, (n, 8, 8).
#[derive(Debug)]
pub struct OnnxNetwork {
    name: String,
    takes: Takes,
    /// A session runs one batch at a time.
    session: Mutex<Session>,
}

impl OnnxNetwork {
    /// The network of that name in the bytes of a graph.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than 16 MiB; [`Error::Logits`] when it takes other inputs; [`Error::Engine`] when the
    /// engine refuses the graph.
    pub fn open(engine: &Engine, name: &str, graph: &[u8], options: &SessionOptions) -> Result<Self, Error> {
        if graph.len() > MOST_BYTES {
            let model = format!("network {name}");
            return Err(Error::Limit { model, what: "bytes", found: graph.len(), most: MOST_BYTES });
        }
        let session = Session::open_bytes(engine, name, graph, options)?;
        let takes = match session.input_names().collect::<Vec<&str>>()[..] {
            [CROPS_IN] => Takes::Crops,
            [VIEWS_IN] => Takes::Views,
            ref inputs => {
                let detail = format!("it takes {inputs:?} where {CROPS_IN:?} or {VIEWS_IN:?} are given");
                return Err(Error::Logits { name: name.to_owned(), detail });
            }
        };
        Ok(Self { name: name.to_owned(), takes, session: Mutex::new(session) })
    }

    fn wrong(&self, detail: String) -> Error {
        Error::Logits { name: self.name.clone(), detail }
    }

    /// Runs the graph over one batch; what it says has a logit for each of `count`, and all numbers are finite.
    fn run(&self, count: usize, shape: &[usize], samples: &[f32]) -> Result<Sight, Error> {
        let view = TensorView::f32(shape, samples)?;
        let input = if self.takes == Takes::Crops { CROPS_IN } else { VIEWS_IN };
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let mut outputs = session.run(&[(input, Input::View(view))])?;
        let logits = outputs.take(OUTPUT)?.tensor()?;
        let heat = match outputs.take(MAP) {
            Ok(map) if self.takes == Takes::Crops => map.tensor()?.into_f32()?,
            _ => Vec::new(),
        };
        let shape = logits.shape().to_vec();
        let logits = logits.into_f32()?;
        if logits.len() != count || !logits.iter().all(|logit| logit.is_finite()) {
            let detail = format!("logits of shape {shape:?}, or not finite, where {count} were asked for");
            return Err(self.wrong(detail));
        }
        if !(heat.is_empty() || heat.len() == count * PATCHES * PATCHES)
            || !heat.iter().all(|logit| logit.is_finite())
        {
            return Err(self.wrong(format!("{} patches, or not finite, for {count} crops", heat.len())));
        }
        Ok(Sight { logits, heat })
    }
}

impl Network for OnnxNetwork {
    fn look(&self, burst: &Features) -> Result<Sight, Error> {
        match self.takes {
            Takes::Crops => {
                if let Some(crop) = burst.crops.iter().find(|crop| crop.pictures.len() != BYTES) {
                    let found = crop.pictures.len();
                    return Err(self.wrong(format!("a crop of {found} bytes where {BYTES} are taken")));
                }
                let samples = numbers(burst.crops.iter().flat_map(|crop| &crop.pictures));
                self.run(burst.crops.len(), &[burst.crops.len(), PICTURES, SIDE, SIDE], &samples)
            }
            Takes::Views => {
                let views = &burst.views;
                if [&views.native, &views.whole].into_iter().any(|view| view.len() != SAMPLES) {
                    return Err(self.wrong(format!("views of other than {SAMPLES} samples")));
                }
                let samples = numbers(views.native.iter().chain(&views.whole));
                self.run(1, &[1, 2, VIEW, VIEW], &samples)
            }
        }
    }

    fn most_bursts(&self) -> usize {
        if self.takes == Takes::Views { MOST_VIEWED } else { usize::MAX }
    }
}

fn numbers<'a>(bytes: impl Iterator<Item = &'a u8>) -> Vec<f32> {
    bytes.map(|&byte| f32::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Crop, Views};
    use filigrane_infer::EngineOptions;

    /// A field of a protobuf message: a number, or bytes.
    fn number(field: u8, value: u8) -> Vec<u8> {
        if field < 16 { vec![field << 3, value] } else { vec![(field << 3) | 0x80, field >> 4, value] }
    }

    fn bytes(field: u8, value: &[u8]) -> Vec<u8> {
        let length = value.len();
        let mut out = vec![field << 3 | 2];
        match u8::try_from(length) {
            Ok(short) if short < 128 => out.push(short),
            _ => out.extend([(length & 127) as u8 | 128, (length >> 7) as u8]),
        }
        out.extend(value);
        out
    }

    /// A graph that takes `input` and gives the mean of each crop as `output`; `axes` are what the mean goes over.
    fn graph(input: &str, output: &str, axes: &[u8]) -> Vec<u8> {
        let dimensions = |shape: &[u8]| {
            let fixed = shape.iter().flat_map(|&extent| {
                let value = if extent < 128 { number(1, extent) } else { vec![8, extent, 1] };
                bytes(1, &value)
            });
            [bytes(1, &bytes(2, b"n")), fixed.collect()].concat()
        };
        let value = |name: &str, shape: &[u8]| {
            let tensor = [number(1, 1), bytes(2, &dimensions(shape))].concat();
            [bytes(1, name.as_bytes()), bytes(2, &bytes(1, &tensor))].concat()
        };
        let over: Vec<u8> = axes.iter().flat_map(|&axis| number(8, axis)).collect();
        let over = [bytes(1, b"axes"), over, number(20, 7)].concat();
        let keep = [bytes(1, b"keepdims"), number(3, 0), number(20, 2)].concat();
        let node = [
            bytes(1, input.as_bytes()),
            bytes(2, output.as_bytes()),
            bytes(4, b"ReduceMean"),
            bytes(5, &over),
            bytes(5, &keep),
        ];
        let shape: &[u8] = if input == VIEWS_IN { &[2, 224, 224] } else { &[4, 128, 128] };
        let graph = [
            bytes(1, &node.concat()),
            bytes(2, b"mean"),
            bytes(11, &value(input, shape)),
            bytes(12, &value(output, &[])),
        ];
        [number(1, 8), bytes(8, &[bytes(1, b""), number(2, 13)].concat()), bytes(7, &graph.concat())].concat()
    }

    fn open(graph: &[u8]) -> Result<OnnxNetwork, Error> {
        let engine = Engine::start(&EngineOptions::default()).expect("tract is always there");
        OnnxNetwork::open(&engine, "mean", graph, &SessionOptions::default())
    }

    fn burst(crops: &[u8], native: u8, whole: u8) -> Features {
        let crop = |&luma: &u8| Crop { x: 0, y: 0, pictures: vec![luma; BYTES] };
        let views = Views { native: vec![native; SAMPLES], whole: vec![whole; SAMPLES] };
        Features { start: 0.0, statistics: Vec::new(), crops: crops.iter().map(crop).collect(), views }
    }

    #[test]
    fn each_crop_has_its_own_logit() {
        let network = open(&graph("crops", "logits", &[1, 2, 3])).expect("a graph");
        for crops in [&[7][..], &[7, 0, 250]] {
            let Sight { logits, heat } = network.look(&burst(crops, 1, 1)).expect("logits");
            assert!(heat.is_empty(), "this graph has no map");
            assert_eq!(logits.len(), crops.len());
            let near = |(found, &wanted): (&f32, &u8)| (found - f32::from(wanted)).abs() < 1e-3;
            assert!(logits.iter().zip(crops).all(near), "{logits:?}");
        }
        assert_eq!(network.most_bursts(), usize::MAX);
    }

    #[test]
    fn both_views_have_one_logit_and_few_bursts_are_looked_at() {
        let network = open(&graph("views", "logits", &[1, 2, 3])).expect("a graph");
        let Sight { logits, heat } = network.look(&burst(&[9, 9], 20, 40)).expect("a logit");
        assert!(heat.is_empty() && (logits[0] - 30.0).abs() < 1e-3 && logits.len() == 1, "{logits:?}");
        assert_eq!(network.most_bursts(), MOST_VIEWED);
        let mut short = burst(&[], 1, 1);
        short.views.whole.pop();
        assert!(network.look(&short).expect_err("refused").to_string().contains("views of other than 50176"));
    }

    #[test]
    fn graphs_of_another_kind_are_refused_with_the_reason() {
        let said = |graph: &[u8]| open(graph).expect_err("refused").to_string();
        assert!(said(&graph("pixels", "logits", &[1, 2, 3])).contains("it takes [\"pixels\"]"));
        assert!(said(b"no graph").contains("mean"));
        assert!(said(&vec![0; MOST_BYTES + 1]).contains("16777217 bytes"));
        let run = |graph: &[u8]| {
            open(graph).expect("a graph").look(&burst(&[1], 1, 1)).expect_err("refused").to_string()
        };
        assert!(run(&graph("crops", "score", &[1, 2, 3])).contains("logits"));
        let maps = run(&graph("crops", "logits", &[2, 3]));
        assert!(maps.contains("[1, 4]"), "{maps}");
        let mut short = burst(&[1], 1, 1);
        short.crops[0].pictures.truncate(9);
        let network = open(&graph("crops", "logits", &[1, 2, 3])).expect("a graph");
        assert!(network.look(&short).expect_err("refused").to_string().contains("a crop of 9 bytes"));
    }
}

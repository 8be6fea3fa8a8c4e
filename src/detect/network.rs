use std::sync::{Mutex, PoisonError};

use filigrane_infer::{Engine, Input, Session, SessionOptions, TensorView};

use crate::crops::BYTES;
use crate::{Crop, Error, PICTURES, SIDE};

/// Most bytes of a network: all that the program holds are within 10 MB.
const MOST_BYTES: usize = 16 << 20;
/// Crops that run at a time: memory does not grow with the length of a clip.
const BATCH: usize = 16;
const INPUT: &str = "crops";
const OUTPUT: &str = "logits";
const MAP: &str = "heat";

/// Patches of a crop on each side, of 16 x 16 samples.
pub const PATCHES: usize = 8;

/// What a network says of crops, in log-odds of being generated.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sight {
    /// One for each crop.
    pub logits: Vec<f32>,
    /// One for each patch: of each crop 8 x 8, row by row; nothing where the network does not tell them apart.
    pub heat: Vec<f32>,
}

/// An expert that looks at crops.
pub trait Network {
    /// What it says of them.
    ///
    /// # Errors
    /// When the network can't run, or gives something else.
    fn look(&self, crops: &[Crop]) -> Result<Sight, Error>;
}

/// A network in an ONNX graph: input `crops`, single precision (n, 4, 128, 128), luma 0 to 255; output `logits`, (n), and
/// where it has one `heat`, (n, 8, 8).
#[derive(Debug)]
pub struct OnnxNetwork {
    name: String,
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
        let inputs: Vec<&str> = session.input_names().collect();
        if inputs != [INPUT] {
            let detail = format!("it takes {inputs:?} where {INPUT:?} is given");
            return Err(Error::Logits { name: name.to_owned(), detail });
        }
        Ok(Self { name: name.to_owned(), session: Mutex::new(session) })
    }

    fn batch(&self, crops: &[Crop]) -> Result<Sight, Error> {
        let wrong = |detail: String| Error::Logits { name: self.name.clone(), detail };
        if let Some(crop) = crops.iter().find(|crop| crop.pictures.len() != BYTES) {
            return Err(wrong(format!("a crop of {} bytes where {BYTES} are taken", crop.pictures.len())));
        }
        let samples: Vec<f32> =
            crops.iter().flat_map(|crop| &crop.pictures).map(|&byte| f32::from(byte)).collect();
        let shape = [crops.len(), PICTURES, SIDE, SIDE];
        let view = TensorView::f32(&shape, &samples)?;
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let mut outputs = session.run(&[(INPUT, Input::View(view))])?;
        let logits = outputs.take(OUTPUT)?.tensor()?;
        let heat = match outputs.take(MAP) {
            Ok(map) => map.tensor()?.into_f32()?,
            Err(_) => Vec::new(),
        };
        let shape = logits.shape().to_vec();
        let logits = logits.into_f32()?;
        if logits.len() != crops.len() || !logits.iter().all(|logit| logit.is_finite()) {
            return Err(wrong(format!(
                "logits of shape {shape:?}, or not finite, for {} crops",
                crops.len()
            )));
        }
        if !(heat.is_empty() || heat.len() == crops.len() * PATCHES * PATCHES)
            || !heat.iter().all(|logit| logit.is_finite())
        {
            return Err(wrong(format!("{} patches, or not finite, for {} crops", heat.len(), crops.len())));
        }
        Ok(Sight { logits, heat })
    }
}

impl Network for OnnxNetwork {
    fn look(&self, crops: &[Crop]) -> Result<Sight, Error> {
        let mut sight = Sight::default();
        for batch in crops.chunks(BATCH) {
            let of_batch = self.batch(batch)?;
            sight.logits.extend(of_batch.logits);
            sight.heat.extend(of_batch.heat);
        }
        Ok(sight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let graph = [
            bytes(1, &node.concat()),
            bytes(2, b"mean"),
            bytes(11, &value(input, &[4, 128, 128])),
            bytes(12, &value(output, &[])),
        ];
        [number(1, 8), bytes(8, &[bytes(1, b""), number(2, 13)].concat()), bytes(7, &graph.concat())].concat()
    }

    fn open(graph: &[u8]) -> Result<OnnxNetwork, Error> {
        let engine = Engine::start(&EngineOptions::default()).expect("tract is always there");
        OnnxNetwork::open(&engine, "mean", graph, &SessionOptions::default())
    }

    fn crop(luma: u8) -> Crop {
        Crop { x: 0, y: 0, pictures: vec![luma; BYTES] }
    }

    #[test]
    fn each_crop_has_its_own_logit_in_batches_of_any_size() {
        let network = open(&graph("crops", "logits", &[1, 2, 3])).expect("a graph");
        for count in [0, 1, 3, BATCH + 1] {
            let crops: Vec<Crop> = (0..count).map(|index| crop(7 * index as u8)).collect();
            let Sight { logits, heat } = network.look(&crops).expect("logits");
            assert!(heat.is_empty(), "this graph has no map");
            let wanted: Vec<f32> = (0..count).map(|index| 7.0 * index as f32).collect();
            assert_eq!(logits.len(), count);
            assert!(
                logits.iter().zip(&wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-3),
                "{logits:?}"
            );
        }
    }

    #[test]
    fn graphs_of_another_kind_are_refused_with_the_reason() {
        let said = |graph: &[u8]| open(graph).expect_err("refused").to_string();
        assert!(said(&graph("pixels", "logits", &[1, 2, 3])).contains("it takes [\"pixels\"]"));
        assert!(said(b"no graph").contains("mean"));
        assert!(said(&vec![0; MOST_BYTES + 1]).contains("16777217 bytes"));
        let run =
            |graph: &[u8]| open(graph).expect("a graph").look(&[crop(1)]).expect_err("refused").to_string();
        assert!(run(&graph("crops", "score", &[1, 2, 3])).contains("logits"));
        let maps = run(&graph("crops", "logits", &[2, 3]));
        assert!(maps.contains("[1, 4]"), "{maps}");
        let short = Crop { x: 0, y: 0, pictures: vec![0; 9] };
        let network = open(&graph("crops", "logits", &[1, 2, 3])).expect("a graph");
        assert!(network.look(&[short]).expect_err("refused").to_string().contains("a crop of 9 bytes"));
    }
}

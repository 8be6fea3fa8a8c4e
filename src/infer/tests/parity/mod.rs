//! The comparison itself: fixtures in, largest difference out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use filigrane_infer::network::{
    LtxShape, LtxTransformer, LtxVae, T5Encoder, WanShape, WanTransformer, WanVae,
};
use filigrane_infer::{
    ElementType, Engine, Graph, Session, SessionOptions, Tensor, TensorData, Value, Weights,
};

/// Largest difference from diffusers.
const BAR: f32 = 1e-5;

/// One test for each network of each family, on the engine that `engine()` gives.
macro_rules! networks {
    ($($name:ident: $compare:ident($network:literal);)+) => {
        $(#[test]
        fn $name() {
            if let Some(engine) = engine() {
                $crate::parity::$compare(&engine, $network);
            }
        })+
    };
    () => {
        $crate::parity::networks! {
            wan_2_1_transformer_equals_diffusers: wan_transformer("wan21.transformer");
            wan_2_2_transformer_with_a_time_for_each_frame_equals_diffusers: wan_transformer("wan22-ti2v.transformer");
            wan_2_1_vae_frame_by_frame_equals_diffusers: wan_vae("wan21.vae");
            wan_2_2_residual_vae_frame_by_frame_equals_diffusers: wan_vae("wan22-ti2v.vae");
            umt5_encoder_equals_transformers: text_encoder("wan21.text_encoder");
            t5_encoder_equals_transformers: text_encoder("ltx.text_encoder");
            ltx_transformer_equals_diffusers: ltx_transformer("ltx.transformer");
            ltx_vae_equals_diffusers: ltx_vae("ltx.vae");
            a_lora_merged_at_load_equals_diffusers: wan_lora("wan21.lora");
            weights_in_half_precision_are_those_numbers_exactly: half_precision("wan21.transformer");
        }
    };
}
pub(crate) use networks;

pub(crate) type Case = BTreeMap<String, Tensor>;

fn fixtures() -> PathBuf {
    // Beside the crate in the repository; another place holds what live diffusers just made.
    std::env::var_os("FILIGRANE_PARITY").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../generators/parity/fixtures"),
        PathBuf::from,
    )
}

/// The cases of a network: tensors `case.name`.
pub(crate) fn cases(network: &str) -> BTreeMap<String, Case> {
    let file = Weights::open_file(&fixtures().join(format!("networks/{network}.safetensors"))).unwrap();
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    for (name, stored) in file.tensors() {
        let (case, tensor) = name.split_once('.').unwrap();
        let data = match stored.element {
            ElementType::I64 => {
                let mut bytes = vec![0; stored.shape.iter().product::<usize>() * 8];
                file.read_bytes(name, &mut bytes).unwrap();
                let whole = bytes.chunks_exact(8).map(|chunk| i64::from_le_bytes(chunk.try_into().unwrap()));
                TensorData::I64(whole.collect())
            }
            _ => TensorData::F32(file.read_f32(name).unwrap()),
        };
        let tensor_value = Tensor::new(stored.shape.clone(), data).unwrap();
        cases.entry(case.into()).or_default().insert(tensor.into(), tensor_value);
    }
    assert!(!cases.is_empty());
    cases
}

/// Configuration and weights of a network `family.part`.
pub(crate) fn network(name: &str) -> (Vec<u8>, Weights) {
    let (family, part) = name.split_once('.').unwrap();
    let folder = fixtures().join(family).join("model").join(part);
    let stem = if part == "text_encoder" { "model" } else { "diffusion_pytorch_model" };
    (std::fs::read(folder.join("config.json")).unwrap(), Weights::open(&folder, stem).unwrap())
}

pub(crate) fn options() -> SessionOptions {
    SessionOptions { threads: Some(2), ..SessionOptions::default() }
}

/// All outputs of a graph for the tensors of its inputs' names.
pub(crate) fn run(engine: &Engine, graph: &Graph, given: &Case) -> BTreeMap<String, Value> {
    let mut session = Session::open(engine, graph, &options()).unwrap();
    run_in(&mut session, graph, given)
}

fn run_in(session: &mut Session, graph: &Graph, given: &Case) -> BTreeMap<String, Value> {
    let inputs: Vec<_> =
        graph.inputs().iter().map(|port| (port.name.as_str(), given[&port.name].view().into())).collect();
    session.run(&inputs).unwrap().into_values().into_iter().collect()
}

fn compare(what: &str, found: &Tensor, expected: &Tensor) {
    compare_within(BAR, what, found, expected);
}

fn compare_within(bar: f32, what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    let pairs = found.as_f32().unwrap().iter().zip(expected.as_f32().unwrap());
    let worst = pairs.map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
    println!("{what}: {worst:.1e}");
    assert!(worst <= bar, "{what}: {worst:e}");
}

pub(crate) fn wan_transformer(engine: &Engine, name: &str) {
    let (config, weights) = network(name);
    for (case, tensors) in cases(name) {
        let sample = sampled(engine, &config, &weights, &tensors);
        compare(&format!("{name}.{case}"), &sample, &tensors["sample"]);
    }
}

pub(crate) fn wan_lora(engine: &Engine, name: &str) {
    let (config, weights) = network("wan21.transformer");
    let weights = weights.with_lora(&fixtures().join("adapter.safetensors"), 0.75).unwrap();
    let tensors = &cases(name)["merged"];
    let sample = sampled(engine, &config, &weights, tensors);
    compare(name, &sample, &tensors["sample"]);
}

/// Rounds all weights to half precision of both kinds: stored so, they give what the same numbers give in single precision.
pub(crate) fn half_precision(engine: &Engine, name: &str) {
    let (config, weights) = network(name);
    let tensors = &cases(name)["one_frame"];
    let folder = tempfile::tempdir().unwrap();
    for kind in [safetensors::Dtype::F16, safetensors::Dtype::BF16] {
        let (half, single) =
            (folder.path().join("half.safetensors"), folder.path().join("single.safetensors"));
        let rounded = |value: f32| match kind {
            safetensors::Dtype::F16 => half::f16::from_f32(value).to_f32(),
            _ => half::bf16::from_f32(value).to_f32(),
        };
        let packed = |value: f32| match kind {
            safetensors::Dtype::F16 => half::f16::from_f32(value).to_le_bytes(),
            _ => half::bf16::from_f32(value).to_le_bytes(),
        };
        write(&half, &weights, kind, |value| packed(value).to_vec());
        write(&single, &weights, safetensors::Dtype::F32, |value| rounded(value).to_le_bytes().to_vec());
        let [half, single] = [half, single].map(|path| {
            let weights = Weights::open_file(&path).unwrap();
            sampled(engine, &config, &weights, tensors)
        });
        compare(&format!("{name} in {kind}"), &half, &single);
    }
}

pub(crate) fn write(
    path: &Path,
    weights: &Weights,
    kind: safetensors::Dtype,
    bytes: impl Fn(f32) -> Vec<u8>,
) {
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = weights
        .tensors()
        .map(|(name, stored)| {
            let data = weights.read_f32(name).unwrap().into_iter().flat_map(&bytes).collect();
            (name.to_owned(), stored.shape.clone(), data)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, data)| {
        (name, safetensors::tensor::TensorView::new(kind, shape.clone(), data).unwrap())
    });
    safetensors::serialize_to_file(views, None, path).unwrap();
}

/// The sample of the Wan transformer for one case.
pub(crate) fn sampled(engine: &Engine, config: &[u8], weights: &Weights, tensors: &Case) -> Tensor {
    let graph = wan_graph(engine, config, weights, tensors);
    run(engine, &graph, tensors)["sample"].tensor().unwrap()
}

pub(crate) fn wan_graph(engine: &Engine, config: &[u8], weights: &Weights, tensors: &Case) -> Graph {
    let [batch, _, frames, height, width] = tensors["hidden_states"].shape() else { panic!("a latent") };
    let shape = WanShape {
        batch: *batch,
        frames: *frames,
        height: *height,
        width: *width,
        text_tokens: tensors["encoder_hidden_states"].shape()[1],
        time_per_frame: tensors["timestep"].shape().len() == 2,
    };
    WanTransformer::parse(config).unwrap().graph(engine, weights, &shape).unwrap()
}

pub(crate) fn wan_vae(engine: &Engine, name: &str) {
    let (config, weights) = network(name);
    let vae = WanVae::parse(&config).unwrap();
    for (case, tensors) in cases(name) {
        let [batch, _, _, height, width] = tensors["latent"].shape() else { panic!("a latent") };
        let graphs = vae.decoder(engine, &weights, *batch, *height, *width).unwrap();
        let chunks = stream(engine, &graphs, &tensors["latent"], ("latent", "frames"), 1);
        compare(&format!("{name}.{case} decoded"), &along_time(&chunks), &tensors["decoded"]);
        let graphs = vae.encoder(engine, &weights, *batch, *height, *width).unwrap();
        let step = vae.temporal_factor();
        let chunks = stream(engine, &graphs, &tensors["pixels"], ("frames", "moments"), step);
        compare(&format!("{name}.{case} encoded"), &along_time(&chunks), &tensors["moments"]);
    }
}

/// What the two graphs of a half of an autoencoder give, part by part: one frame, then `step` at a time.
fn stream(
    engine: &Engine,
    graphs: &[Graph; 2],
    whole: &Tensor,
    (input, output): (&str, &str),
    step: usize,
) -> Vec<Tensor> {
    let [mut first, mut session] = Session::open_all(engine, graphs, &options()).unwrap();
    let opening = BTreeMap::from([(input.to_owned(), frames(whole, 0, 1))]);
    let mut outputs = run_in(&mut first, &graphs[0], &opening);
    let mut made = vec![outputs[output].tensor().unwrap()];
    for start in (1..whole.shape()[2]).step_by(step) {
        let part = frames(whole, start, start + step);
        let mut inputs = vec![(input.to_owned(), part.view().into())];
        for (name, value) in &outputs {
            if let Some(number) = name.strip_prefix("cache_") {
                inputs.push((format!("past_{number}"), value.into()));
            }
        }
        let inputs: Vec<_> = inputs.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        outputs = session.run(&inputs).unwrap().into_values().into_iter().collect();
        made.push(outputs[output].tensor().unwrap());
    }
    made
}

fn frames(whole: &Tensor, start: usize, end: usize) -> Tensor {
    let [batch, channels, count, rows, columns] = whole.shape() else { panic!("a clip") };
    let area = rows * columns;
    let data = whole.as_f32().unwrap();
    let part: Vec<f32> = data
        .chunks_exact(count * area)
        .flat_map(|channel| &channel[start * area..end * area])
        .copied()
        .collect();
    Tensor::f32(vec![*batch, *channels, end - start, *rows, *columns], part).unwrap()
}

fn along_time(parts: &[Tensor]) -> Tensor {
    let [batch, channels, _, rows, columns] = parts[0].shape() else { panic!("a clip") };
    let area = rows * columns;
    let count: usize = parts.iter().map(|part| part.shape()[2]).sum();
    let mut data = Vec::new();
    for channel in 0..batch * channels {
        for part in parts {
            let length = part.shape()[2] * area;
            data.extend_from_slice(&part.as_f32().unwrap()[channel * length..(channel + 1) * length]);
        }
    }
    Tensor::f32(vec![*batch, *channels, count, *rows, *columns], data).unwrap()
}

pub(crate) fn text_encoder(engine: &Engine, name: &str) {
    let (config, weights) = network(name);
    let encoder = T5Encoder::parse(&config).unwrap();
    for (case, tensors) in cases(name) {
        let [batch, tokens] = tensors["input_ids"].shape() else { panic!("ids") };
        let graph = encoder.graph(engine, &weights, *batch, *tokens).unwrap();
        let found = run(engine, &graph, &tensors)["last_hidden_state"].tensor().unwrap();
        let shape = found.shape().to_vec();
        let TensorData::I64(mask) = tensors["attention_mask"].data() else { panic!("a mask") };
        let rows = found.as_f32().unwrap().chunks_exact(encoder.channels());
        let used = rows.zip(mask).flat_map(|(row, &used)| row.iter().map(move |value| value * used as f32));
        let found = Tensor::f32(shape, used.collect()).unwrap();
        let expected = &tensors["last_hidden_state"];
        // These are not about 1 as latents are: the bar is for their largest, with which transformers' own error grows.
        let largest = expected.as_f32().unwrap().iter().fold(1.0, |most: f32, value| most.max(value.abs()));
        compare_within(BAR * largest, &format!("{name}.{case}"), &found, expected);
    }
}

pub(crate) fn ltx_transformer(engine: &Engine, name: &str) {
    let (config, weights) = network(name);
    let transformer = LtxTransformer::parse(&config).unwrap();
    for (case, tensors) in cases(name) {
        let TensorData::I64(grid) = tensors["grid"].data() else { panic!("a grid") };
        let shape = LtxShape {
            batch: tensors["hidden_states"].shape()[0],
            frames: grid[0] as usize,
            height: grid[1] as usize,
            width: grid[2] as usize,
            text_tokens: tensors["encoder_hidden_states"].shape()[1],
            time_per_frame: tensors["timestep"].shape().len() == 2,
            scale: tensors["scale"].as_f32().unwrap().try_into().unwrap(),
        };
        let graph = transformer.graph(engine, &weights, &shape).unwrap();
        let outputs = run(engine, &graph, &tensors);
        compare(&format!("{name}.{case}"), &outputs["sample"].tensor().unwrap(), &tensors["sample"]);
    }
}

pub(crate) fn ltx_vae(engine: &Engine, name: &str) {
    let (config, weights) = network(name);
    let vae = LtxVae::parse(&config).unwrap();
    for (case, mut tensors) in cases(name) {
        let [batch, _, frames, height, width] = *tensors["latent"].shape() else { panic!("a latent") };
        let shape = [batch, frames, height, width];
        let graph = vae.decoder(engine, &weights, shape).unwrap();
        let decoded = run(engine, &graph, &tensors)["frames"].tensor().unwrap();
        compare(&format!("{name}.{case} decoded"), &decoded, &tensors["decoded"]);
        let graph = vae.encoder(engine, &weights, shape).unwrap();
        let pixels = tensors["pixels"].clone();
        tensors.insert("frames".into(), pixels);
        let encoded = run(engine, &graph, &tensors)["moments"].tensor().unwrap();
        compare(&format!("{name}.{case} encoded"), &encoded, &tensors["moments"]);
    }
}

use safetensors::SafeTensors;
use serde_json::Value;

use super::{Grid, SchedulerConfig, Solver};
use crate::testing::{doubles, fixture, floats};
use crate::{Error, TorchRandom};

const NOISE: [f32; 8] = [-2.0, -1.0, -0.5, -0.1, 0.1, 0.5, 1.0, 2.0];

/// The bar of the project for noise levels and for the sample after the last step.
const BAR: f32 = 2e-6;

/// What the fixtures take for a network.
fn velocity(sample: &[f32], timestep: f32) -> Vec<f32> {
    let offset = (f64::from(timestep) * 0.0001) as f32;
    sample.iter().zip(NOISE).map(|(x, noise)| x * 0.5 - noise * 0.75 + offset).collect()
}

fn config(class: &str, options: &Value) -> Result<SchedulerConfig, Error> {
    let mut file = options.clone();
    file["_class_name"] = class.into();
    SchedulerConfig::parse(file.to_string().as_bytes())
}

#[test]
fn one_to_fifty_steps_and_shifts_of_one_to_eight_end_where_diffusers_ends() {
    let bytes = fixture("schedulers/tables.safetensors");
    let tables = SafeTensors::deserialize(&bytes).unwrap();
    let times = doubles(&tables.tensor("timesteps").unwrap());
    let levels = floats(&tables.tensor("sigmas").unwrap());
    let ends = floats(&tables.tensor("end").unwrap());
    let index: Vec<Value> = serde_json::from_slice(&fixture("schedulers/index.json")).unwrap();
    let (mut at_time, mut at_level) = (0, 0);
    let (mut worst_level, mut worst_end) = (0f32, 0f32);
    for (row, case) in index.iter().enumerate() {
        let config = config(case["kind"].as_str().unwrap(), &case["config"]).unwrap();
        let steps = case["steps"].as_u64().unwrap() as usize;
        let grid = case["tokens"].as_u64().map_or(Grid::Own, Grid::Tokens);
        let mut solver = Solver::new(&config, steps as u32, grid).unwrap();
        let schedule = solver.schedule().clone();
        assert_eq!(schedule.timesteps.len(), steps);
        for (found, expected) in schedule.timesteps.iter().zip(&times[at_time..at_time + steps]) {
            assert_eq!(f64::from(*found), *expected, "timesteps of {case}");
        }
        for (found, expected) in schedule.sigmas.iter().zip(&levels[at_level..=at_level + steps]) {
            worst_level = worst_level.max((found - expected).abs());
        }
        at_time += steps;
        at_level += steps + 1;
        let mut random = TorchRandom::new(case["seed"].as_u64().unwrap_or(0));
        let mut sample = NOISE.to_vec();
        for timestep in &schedule.timesteps {
            let velocity = velocity(&sample, *timestep);
            solver.step(&velocity, &mut sample, &mut random).unwrap();
        }
        for (found, expected) in sample.iter().zip(&ends[8 * row..8 * row + 8]) {
            let difference = (found - expected).abs();
            assert!(difference <= BAR, "{case}: {found} and {expected}");
            worst_end = worst_end.max(difference);
        }
    }
    assert!(index.len() > 900 && at_time == times.len() && at_level == levels.len());
    assert!(worst_level <= BAR, "{worst_level:e}");
    println!("{} runs: levels within {worst_level:e}, ends within {worst_end:e}", index.len());
}

#[test]
fn a_scheduler_that_is_not_built_is_named_in_one_line() {
    for (class, options, says) in [
        ("DDIMScheduler", "{}", "DDIMScheduler"),
        ("UniPCMultistepScheduler", "{}", "use_flow_sigmas"),
        ("FlowMatchEulerDiscreteScheduler", r#"{"use_karras_sigmas": true}"#, "use_karras_sigmas"),
        (
            "UniPCMultistepScheduler",
            r#"{"use_flow_sigmas": true, "prediction_type": "flow_prediction", "solver_type": "bh1"}"#,
            "bh1",
        ),
        ("FlowMatchEulerDiscreteScheduler", r#"{"shift": 1e300}"#, "out of range"),
        ("FlowMatchEulerDiscreteScheduler", r#"{"shift": "three"}"#, "invalid type"),
        ("FlowMatchEulerDiscreteScheduler", r#"{"num_train_timesteps": 0}"#, "num_train_timesteps"),
    ] {
        let line = config(class, &serde_json::from_str(options).unwrap()).unwrap_err().to_string();
        assert!(line.contains(says) && !line.contains('\n'), "{line}");
    }
}

#[test]
fn no_steps_and_a_million_are_refused() {
    let config = config("FlowMatchEulerDiscreteScheduler", &serde_json::json!({})).unwrap();
    for steps in [0, 1_000_000] {
        assert!(matches!(Solver::new(&config, steps, Grid::Own), Err(Error::Parameter(_))));
    }
}

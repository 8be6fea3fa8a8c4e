use serde::Deserialize;
use serde_json::Value;

use crate::Error;

/// The file in a model's folder.
const PLACE: &str = "scheduler/scheduler_config.json";

/// Largest order of UniPC that is solved here.
const MAX_ORDER: u32 = 3;

/// What `scheduler_config.json` asks for, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct SchedulerConfig {
    /// Which solver.
    pub kind: SchedulerKind,
    /// Steps the model was trained with: time runs from this to 0.
    pub training_steps: f64,
    /// How noise levels are shifted towards noise.
    pub shift: Shift,
    /// The last noise level before 0, when the levels are stretched to it.
    pub terminal: Option<f64>,
}

/// Which solver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchedulerKind {
    /// UniPC with B(h) = e^h - 1 on a flow, predicting the clean clip.
    UniPc {
        /// 1 to 3.
        order: u32,
        /// Steps after which nothing is corrected.
        without_corrector: Vec<u32>,
    },
    /// Flow-match Euler.
    Euler {
        /// Whether each step takes fresh noise.
        stochastic: bool,
    },
    /// Flow-match LCM, for few-step models.
    Lcm,
}

impl SchedulerKind {
    /// Short name for logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UniPc { .. } => "UniPC",
            Self::Euler { stochastic: false } => "flow-match Euler",
            Self::Euler { stochastic: true } => "flow-match Euler, stochastic",
            Self::Lcm => "flow-match LCM",
        }
    }
}

/// How noise levels are shifted towards noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shift {
    /// By a factor.
    Fixed(f64),
    /// By the number of tokens.
    Dynamic {
        /// Shift at `tokens.0`.
        base: f64,
        /// Shift at `tokens.1`.
        max: f64,
        /// Numbers of tokens.
        tokens: (f64, f64),
        /// Whether the shift is the exponent of e, or the factor itself.
        exponential: bool,
    },
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "_class_name")]
    class: String,
    #[serde(default = "thousand")]
    num_train_timesteps: f64,
    solver_order: Option<u32>,
    prediction_type: Option<String>,
    #[serde(default)]
    use_flow_sigmas: bool,
    flow_shift: Option<f64>,
    solver_type: Option<String>,
    #[serde(default = "yes")]
    predict_x0: bool,
    #[serde(default = "yes")]
    lower_order_final: bool,
    #[serde(default)]
    disable_corrector: Vec<u32>,
    #[serde(default)]
    thresholding: bool,
    final_sigmas_type: Option<String>,
    solver_p: Option<Value>,
    shift: Option<f64>,
    #[serde(default)]
    use_dynamic_shifting: bool,
    base_shift: Option<f64>,
    max_shift: Option<f64>,
    base_image_seq_len: Option<f64>,
    max_image_seq_len: Option<f64>,
    time_shift_type: Option<String>,
    shift_terminal: Option<f64>,
    #[serde(default)]
    invert_sigmas: bool,
    #[serde(default)]
    use_karras_sigmas: bool,
    #[serde(default)]
    use_exponential_sigmas: bool,
    #[serde(default)]
    use_beta_sigmas: bool,
    #[serde(default)]
    stochastic_sampling: bool,
}

fn thousand() -> f64 {
    1000.0
}

fn yes() -> bool {
    true
}

impl SchedulerConfig {
    /// Reads a `scheduler_config.json` of diffusers.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no such file, [`Error::Unsupported`] for a class or an option that is not built.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let file: File =
            serde_json::from_slice(text).map_err(|error| Error::malformed(PLACE, error.to_string()))?;
        file.refuse_unknown()?;
        let shift = file.shift()?;
        let kind = match file.class.as_str() {
            "UniPCMultistepScheduler" => file.unipc()?,
            "FlowMatchEulerDiscreteScheduler" => {
                SchedulerKind::Euler { stochastic: file.stochastic_sampling }
            }
            "FlowMatchLCMScheduler" => SchedulerKind::Lcm,
            other => {
                return Err(unsupported(format!(
                    "class {other}; supported are UniPCMultistepScheduler, FlowMatchEulerDiscreteScheduler and \
                     FlowMatchLCMScheduler"
                )));
            }
        };
        if !(1.0..=100_000.0).contains(&file.num_train_timesteps) {
            return Err(Error::malformed(PLACE, "num_train_timesteps must lie in 1 to 100000"));
        }
        // 0 means none, as in Python.
        let terminal = file.shift_terminal.filter(|terminal| *terminal != 0.0);
        if terminal.is_some_and(|terminal| !(0.0..1.0).contains(&terminal)) {
            return Err(Error::malformed(PLACE, "shift_terminal must lie between 0 and 1"));
        }
        Ok(Self { kind, training_steps: file.num_train_timesteps, shift, terminal })
    }
}

impl File {
    fn refuse_unknown(&self) -> Result<(), Error> {
        let options = [
            (self.use_karras_sigmas, "use_karras_sigmas"),
            (self.use_exponential_sigmas, "use_exponential_sigmas"),
            (self.use_beta_sigmas, "use_beta_sigmas"),
            (self.invert_sigmas, "invert_sigmas"),
            (self.thresholding, "thresholding"),
            (!self.predict_x0, "predict_x0 = false"),
            (!self.lower_order_final, "lower_order_final = false"),
            (self.solver_p.as_ref().is_some_and(|value| !value.is_null()), "solver_p"),
            (self.final_sigmas_type.as_deref().is_some_and(|kind| kind != "zero"), "final_sigmas_type"),
        ];
        match options.into_iter().find(|(set, _)| *set) {
            Some((_, name)) => Err(unsupported(format!("the option {name}"))),
            None => Ok(()),
        }
    }

    fn unipc(&self) -> Result<SchedulerKind, Error> {
        if !self.use_flow_sigmas || self.prediction_type.as_deref() != Some("flow_prediction") {
            return Err(unsupported(
                "UniPC without use_flow_sigmas and prediction_type = flow_prediction".to_owned(),
            ));
        }
        // bh1 ends in NaN on a flow, in diffusers too; the older names mean bh2 there.
        if self.solver_type.as_deref() == Some("bh1") {
            return Err(unsupported("solver_type = bh1, which divides by zero on a flow".to_owned()));
        }
        let order = self.solver_order.unwrap_or(2);
        if !(1..=MAX_ORDER).contains(&order) {
            return Err(unsupported(format!("solver_order = {order}; 1 to {MAX_ORDER} are")));
        }
        Ok(SchedulerKind::UniPc { order, without_corrector: self.disable_corrector.clone() })
    }

    fn shift(&self) -> Result<Shift, Error> {
        let shift = if self.use_dynamic_shifting {
            let exponential = match self.time_shift_type.as_deref() {
                None | Some("exponential") => true,
                Some("linear") => false,
                Some(other) => return Err(unsupported(format!("time_shift_type = {other}"))),
            };
            Shift::Dynamic {
                base: self.base_shift.unwrap_or(0.5),
                max: self.max_shift.unwrap_or(1.15),
                tokens: (self.base_image_seq_len.unwrap_or(256.0), self.max_image_seq_len.unwrap_or(4096.0)),
                exponential,
            }
        } else {
            Shift::Fixed(self.flow_shift.or(self.shift).unwrap_or(1.0))
        };
        let sound = match shift {
            Shift::Fixed(factor) => (0.01..=1000.0).contains(&factor),
            Shift::Dynamic { base, max, tokens: (low, high), .. } => {
                base.abs() <= 20.0 && max.abs() <= 20.0 && low >= 0.0 && high <= 1e9 && high > low
            }
        };
        if sound { Ok(shift) } else { Err(Error::malformed(PLACE, "the shift is out of range")) }
    }
}

fn unsupported(what: String) -> Error {
    Error::Unsupported(format!("{PLACE}: {what} is not supported"))
}

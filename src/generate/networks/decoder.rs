use filigrane_infer::network::{LtxVae, WanVae};
use filigrane_infer::{Graph, Session, TensorView, Value};

use super::{Networks, taken};
use crate::{Error, Plan};

/// Latents into pictures.
pub(crate) enum Decoder {
    Wan(WanDecoder),
    Ltx { session: Session, shape: [usize; 5] },
}

/// Wan's VAE, one latent frame after another: what it must remember of those before is in its caches.
pub(crate) struct WanDecoder {
    first: Option<Session>,
    next: Graph,
    session: Option<Session>,
    caches: Vec<Value>,
    shape: [usize; 5],
}

impl Decoder {
    /// Loads `vae`.
    pub(crate) fn open(networks: &Networks<'_>, plan: &Plan) -> Result<Self, Error> {
        let geometry = networks.model.geometry();
        let (rows, columns) = geometry.latent_size(plan.size);
        let config = networks.config("vae")?;
        let weights = networks.weights("vae")?;
        if networks.model.family() == crate::Family::Ltx {
            let frames = geometry.latent_frames(plan.frames);
            let graph =
                LtxVae::parse(&config)?.decoder(networks.engine, &weights, [1, frames, rows, columns])?;
            let shape = [1, geometry.channels, frames, rows, columns];
            return Ok(Self::Ltx { session: networks.session(&graph)?, shape });
        }
        let [first, next] = WanVae::parse(&config)?.decoder(networks.engine, &weights, 1, rows, columns)?;
        Ok(Self::Wan(WanDecoder {
            first: Some(networks.session(&first)?),
            next,
            session: None,
            caches: Vec::new(),
            shape: [1, geometry.channels, 1, rows, columns],
        }))
    }

    /// The pictures of a group of latents, `[3, pictures, rows, columns]` about -1 to 1.
    pub(crate) fn decode(&mut self, networks: &Networks<'_>, latents: &[f32]) -> Result<Vec<f32>, Error> {
        match self {
            Self::Ltx { session, shape } => {
                let mut outputs = session.run(&[("latent", TensorView::f32(shape, latents)?.into())])?;
                taken(&mut outputs, "frames")
            }
            Self::Wan(decoder) => decoder.decode(networks, latents),
        }
    }
}

impl WanDecoder {
    fn decode(&mut self, networks: &Networks<'_>, latents: &[f32]) -> Result<Vec<f32>, Error> {
        let latent = TensorView::f32(&self.shape, latents)?;
        let mut outputs = match self.first.take() {
            // Freed before the second is loaded: both hold all weights.
            Some(mut first) => first.run(&[("latent", latent.into())])?,
            None => {
                let session = match &mut self.session {
                    Some(session) => session,
                    none => none.insert(networks.session(&self.next)?),
                };
                let names: Vec<String> =
                    (0..self.caches.len()).map(|index| format!("past_{index}")).collect();
                let mut inputs = vec![("latent", latent.into())];
                inputs.extend(names.iter().map(String::as_str).zip(self.caches.iter().map(Into::into)));
                session.run(&inputs)?
            }
        };
        let frames = taken(&mut outputs, "frames")?;
        let mut caches: Vec<(usize, Value)> = outputs
            .into_values()
            .into_iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("cache_")?.parse().ok()?, value)))
            .collect();
        caches.sort_by_key(|(index, _)| *index);
        self.caches = caches.into_iter().map(|(_, value)| value).collect();
        Ok(frames)
    }
}

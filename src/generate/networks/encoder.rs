use filigrane_infer::network::WanVae;
use filigrane_infer::{Session, TensorView};

use super::{Networks, taken};
use crate::latents::Normalisation;
use crate::{Error, FirstFrame, Size};

/// A picture into latents.
pub(crate) struct Encoder {
    session: Session,
    size: Size,
    channels: usize,
    normalisation: Normalisation,
}

impl Encoder {
    /// Loads the half of `vae` that encodes one picture.
    pub(crate) fn open(networks: &Networks<'_>, size: Size) -> Result<Self, Error> {
        let geometry = networks.model.geometry();
        let (rows, columns) = geometry.latent_size(size);
        let vae = WanVae::parse(&networks.config("vae")?)?;
        let [first, _] = vae.encoder(networks.engine, &networks.weights("vae")?, 1, rows, columns)?;
        Ok(Self {
            session: networks.session(&first)?,
            size,
            channels: geometry.channels,
            normalisation: Normalisation::of_wan(&vae, geometry.channels)?,
        })
    }

    /// The most likely latents `[channels, rows, columns]`, scaled for the denoiser.
    pub(crate) fn encode(&mut self, image: &FirstFrame) -> Result<Vec<f32>, Error> {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let mut planes = Vec::with_capacity(image.rgb.len());
        for channel in 0..3 {
            let samples = image.rgb.iter().skip(channel).step_by(3);
            planes.extend(samples.map(|sample| 2.0 * (f32::from(*sample) / 255.0) - 1.0));
        }
        let shape = [1, 3, 1, height, width];
        let mut outputs = self.session.run(&[("frames", TensorView::f32(&shape, &planes)?.into())])?;
        let mut moments = taken(&mut outputs, "moments")?;
        // The means come before the variances.
        moments.truncate(moments.len() / 2);
        if moments.is_empty() || moments.len() % self.channels != 0 {
            return Err(Error::Internal(format!("{} means for {} channels", moments.len(), self.channels)));
        }
        self.normalisation.apply_wan(&mut moments);
        Ok(moments)
    }
}

use std::ops::Range;

use filigrane_infer::network::{LtxVae, WanVae};
use filigrane_infer::{Graph, Outputs, Session, TensorView, Value};

use super::{Networks, taken};
use crate::mosaic::{self, Mosaic};
use crate::{Error, Plan};

/// Latents into pictures.
pub(crate) enum Decoder {
    Wan(Box<WanDecoder>),
    Ltx { session: Session, shape: [usize; 5] },
}

/// Wan's VAE, one latent frame after another: what it must remember of those before is in its caches.
pub(crate) struct WanDecoder {
    first: Option<Session>,
    next: Graph,
    session: Option<Session>,
    tiles: Vec<Tile>,
    /// Of one tile of latents.
    shape: [usize; 5],
    /// Rows and columns of all latents.
    latent: (usize, usize),
    /// Pixels along a side of a latent.
    spatial: usize,
}

/// A part of the picture that is decoded on its own.
struct Tile {
    rows: Range<usize>,
    columns: Range<usize>,
    caches: Vec<Value>,
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
        let side =
            networks.options.tile.map_or(usize::MAX, |pixels| (pixels as usize / geometry.spatial).max(1));
        let (down, across) = (mosaic::tiles(rows, side), mosaic::tiles(columns, side));
        let (height, width) = (side.min(rows), side.min(columns));
        let tiles = down.iter().flat_map(|rows| {
            across.iter().map(|columns| Tile {
                rows: rows.clone(),
                columns: columns.clone(),
                caches: Vec::new(),
            })
        });
        let [first, next] = WanVae::parse(&config)?.decoder(networks.engine, &weights, 1, height, width)?;
        Ok(Self::Wan(Box::new(WanDecoder {
            first: Some(networks.session(&first)?),
            next,
            session: None,
            tiles: tiles.collect(),
            shape: [1, geometry.channels, 1, height, width],
            latent: (rows, columns),
            spatial: geometry.spatial,
        })))
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
        let mut mosaic: Option<Mosaic> = None;
        let mut tiles = std::mem::take(&mut self.tiles);
        let only = tiles.len() == 1;
        for tile in &mut tiles {
            let part = self.cut(latents, tile);
            let frames = self.decode_tile(networks, tile, &part)?;
            if only {
                self.first = None;
                self.tiles = tiles;
                return Ok(frames);
            }
            let scaled = |range: &Range<usize>| range.start * self.spatial..range.end * self.spatial;
            let (rows, columns) = (scaled(&tile.rows), scaled(&tile.columns));
            let pictures = frames.len() / (3 * rows.len() * columns.len()).max(1);
            let whole = (self.latent.0 * self.spatial, self.latent.1 * self.spatial);
            mosaic
                .get_or_insert_with(|| Mosaic::new(pictures, whole.0, whole.1))
                .add(&frames, &rows, &columns);
        }
        // The graph for the first frame is not needed again; the two hold all weights each.
        self.first = None;
        self.tiles = tiles;
        mosaic.map(Mosaic::finish).ok_or_else(|| Error::Internal("a picture without tiles".to_owned()))
    }

    /// The latents of a tile.
    fn cut(&self, latents: &[f32], tile: &Tile) -> Vec<f32> {
        let (rows, columns) = self.latent;
        let mut part = Vec::with_capacity(self.shape.iter().product());
        for channel in latents.chunks_exact((rows * columns).max(1)) {
            for row in channel.chunks_exact(columns.max(1)).skip(tile.rows.start).take(tile.rows.len()) {
                part.extend(row.iter().skip(tile.columns.start).take(tile.columns.len()));
            }
        }
        part
    }

    fn decode_tile(
        &mut self,
        networks: &Networks<'_>,
        tile: &mut Tile,
        part: &[f32],
    ) -> Result<Vec<f32>, Error> {
        let latent = TensorView::f32(&self.shape, part)?;
        let mut outputs: Outputs = match &mut self.first {
            Some(first) => first.run(&[("latent", latent.into())])?,
            None => {
                let session = match &mut self.session {
                    Some(session) => session,
                    none => none.insert(networks.session(&self.next)?),
                };
                let names: Vec<String> =
                    (0..tile.caches.len()).map(|index| format!("past_{index}")).collect();
                let mut inputs = vec![("latent", latent.into())];
                inputs.extend(names.iter().map(String::as_str).zip(tile.caches.iter().map(Into::into)));
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
        tile.caches = caches.into_iter().map(|(_, value)| value).collect();
        Ok(frames)
    }
}

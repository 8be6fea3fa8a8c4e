//! Pure functions on planes of samples and on sound: reduction, filters, Fourier transforms.
//!
//! Nothing here touches files, clocks or randomness; equal inputs give equal outputs. Each thread keeps its plans of transforms.

mod cyclic;
mod filter;
mod fourier;
mod nonuniform;
mod reduce;
mod resize;
mod short_time;
mod windowed;

pub use cyclic::Cyclic;
pub use filter::{box_mean, enlarge_row, enlarged_place, mean_across, mean_down, minimum};
pub use fourier::{Spectrum, spectrum, tile_from_lines};
pub use nonuniform::NonuniformSpectrum;
pub use num_complex::Complex32;
pub use reduce::{halve, reduce, reduce_with_spread, reduced_size, reduction};
pub use resize::{Area, resize};
pub use short_time::{ShortTime, raised_cosine};
pub use windowed::WindowedPower;

use rustfft::num_complex;

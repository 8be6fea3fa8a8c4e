//! Pure functions on planes of samples: reduction, filters, Fourier transforms.
//!
//! Nothing here touches files, clocks, threads or randomness; equal inputs give equal outputs.

mod filter;
mod fourier;
mod nonuniform;
mod reduce;

pub use filter::{box_mean, enlarge_row, enlarged_place};
pub use fourier::{Spectrum, spectrum, tile_from_lines};
pub use nonuniform::NonuniformSpectrum;
pub use num_complex::Complex32;
pub use reduce::{reduce, reduced_size, reduction};

use rustfft::num_complex;

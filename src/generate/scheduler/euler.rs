/// One step of the flow along its velocity.
pub(super) fn step(sigma: f32, next: f32, velocity: &[f32], sample: &mut [f32]) {
    let width = next - sigma;
    for (sample, velocity) in sample.iter_mut().zip(velocity) {
        *sample += width * velocity;
    }
}

/// The clean clip that the velocity points at, under fresh noise of the next level.
pub(super) fn renoise(sigma: f32, next: f32, velocity: &[f32], sample: &mut [f32], noise: &[f32]) {
    let keep = 1.0 - next;
    for ((sample, velocity), noise) in sample.iter_mut().zip(velocity).zip(noise) {
        let clean = *sample - sigma * velocity;
        *sample = keep * clean + next * noise;
    }
}

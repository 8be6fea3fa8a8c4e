/// The velocity with the prompt, moved away from the one without it: classifier-free guidance (Ho and Salimans 2022).
pub(crate) fn guide(with_prompt: &mut [f32], without: &[f32], scale: f64) {
    let scale = scale as f32;
    for (with, without) in with_prompt.iter_mut().zip(without) {
        *with = without + scale * (*with - without);
    }
}

use serde::Deserialize;

use crate::{Error, NAMES, Observation};

const MODEL: &str = "what the detector is familiar with";
/// Most bytes of its document.
const MOST_BYTES: usize = 4 << 20;

/// How far a clip's statistics are from those of anything the experts were trained on.
///
/// A Mahalanobis distance in robustly scaled statistics; of clips far from cameras and generators alike the experts know
/// nothing, whatever they say.
#[derive(Debug, Clone, PartialEq)]
pub struct Familiar {
    /// Places of the statistics among [`NAMES`].
    places: Vec<usize>,
    centre: Vec<f64>,
    spread: Vec<f64>,
    mean: Vec<f64>,
    whiten: Vec<Vec<f64>>,
    cut: f64,
    most: f64,
}

#[derive(Deserialize)]
struct Document {
    version: u64,
    names: Vec<String>,
    most: f64,
    cut: f64,
    centre: Vec<f64>,
    spread: Vec<f64>,
    mean: Vec<f64>,
    whiten: Vec<Vec<f64>>,
}

impl Familiar {
    /// Reads `{"version": 1, "names": […], "most": d, "cut": c, "centre": […], "spread": […], "mean": […], "whiten": [[…], …]}`: a
    /// clip's statistics are its bursts' medians, less `centre`, over `spread`, cut off at ±`cut`, less `mean`, times the rows of
    /// `whiten`; the root of the mean square of these is the distance, which is familiar up to `most`.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no such document or contradicts itself; [`Error::Version`]; [`Error::Limit`] for more than
    /// 4 MiB.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        if json.len() > MOST_BYTES {
            return Err(Error::Limit {
                model: MODEL.into(),
                what: "bytes",
                found: json.len(),
                most: MOST_BYTES,
            });
        }
        let held: Document = serde_json::from_slice(json).map_err(|error| malformed(error.to_string()))?;
        if held.version != 1 {
            return Err(Error::Version { model: MODEL, version: held.version });
        }
        let place = |name: &String| {
            let found = NAMES.iter().position(|known| known == name);
            found.ok_or_else(|| malformed(format!("{name:?} is no statistic")))
        };
        let places = held.names.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let count = places.len();
        let lists = [&held.centre, &held.spread, &held.mean].into_iter().chain(&held.whiten);
        if count == 0 || held.whiten.len() != count || lists.clone().any(|list| list.len() != count) {
            return Err(malformed(format!("lists of other lengths than its {count} names")));
        }
        let finite = lists.flatten().chain([&held.most, &held.cut]).all(|number| number.is_finite());
        if !finite || held.spread.iter().any(|&spread| spread <= 0.0) || held.cut <= 0.0 {
            return Err(malformed("its numbers are not finite, or a spread is not above 0".into()));
        }
        let Document { most, cut, centre, spread, mean, whiten, .. } = held;
        Ok(Self { places, centre, spread, mean, whiten, cut, most })
    }

    /// The greatest distance of what is familiar.
    pub fn most(&self) -> f64 {
        self.most
    }

    /// The clip's distance: about 1 for what was trained on.
    pub fn distance(&self, observation: &Observation) -> f64 {
        let scaled: Vec<f64> = (0..self.places.len())
            .map(|index| {
                let value = median(observation, self.places[index]);
                let scaled = (value - self.centre[index]) / self.spread[index];
                scaled.clamp(-self.cut, self.cut) - self.mean[index]
            })
            .collect();
        let square = |row: &Vec<f64>| row.iter().zip(&scaled).map(|(a, b)| a * b).sum::<f64>().powi(2);
        (self.whiten.iter().map(square).sum::<f64>() / self.whiten.len() as f64).sqrt()
    }
}

/// Median of a statistic over the bursts, the mean of the two in the middle when their number is even.
fn median(observation: &Observation, statistic: usize) -> f64 {
    let mut values: Vec<f64> = observation
        .bursts()
        .iter()
        .filter_map(|burst| burst.statistics.get(statistic).map(|&value| f64::from(value)))
        .collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count.is_multiple_of(2) => f64::midpoint(values[count / 2 - 1], values[count / 2]),
        count => values[count / 2],
    }
}

fn malformed(detail: String) -> Error {
    Error::Malformed { model: MODEL, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Observer;
    use filigrane_frame::{ColourRange, LumaLayout, LumaRef};
    use serde_json::{Value, json};

    fn clip() -> Observation {
        let layout = LumaLayout { width: 128, height: 128, stride: 128, bits: 8, range: ColourRange::Full };
        let mut observer = Observer::default();
        for index in 0..30 {
            let bytes: Vec<u8> =
                (0..128 * 128).map(|at| ((at * 31 + at / 128 * 17 + index * 7) % 200) as u8).collect();
            observer.push(LumaRef::new(layout, &bytes).expect("fits"), index as f64 / 20.0);
        }
        observer.finish()
    }

    fn document(centre: [f64; 2]) -> Value {
        json!({
            "version": 1, "names": ["noise_flat_level", "wavelet_diagonal_detail_1"], "most": 3.0, "cut": 4.0,
            "centre": centre, "spread": [0.5, 2.0], "mean": [0.0, 0.0], "whiten": [[1.0, 0.0], [0.0, 2.0]],
        })
    }

    fn read(document: &Value) -> Result<Familiar, Error> {
        Familiar::from_json(document.to_string().as_bytes())
    }

    #[test]
    fn a_clip_is_at_no_distance_from_its_own_medians_and_far_from_others_but_no_farther_than_the_cut() {
        let seen = clip();
        let place = |name: &str| NAMES.iter().position(|known| *known == name).expect("a statistic");
        let own = ["noise_flat_level", "wavelet_diagonal_detail_1"].map(|name| median(&seen, place(name)));
        let at = |centre| read(&document(centre)).expect("a document").distance(&seen);
        assert!(at(own) < 1e-9);
        // One spread off in the second, which weighs twice.
        assert!((at([own[0], own[1] - 2.0]) - 2f64.sqrt()).abs() < 1e-9);
        assert!((at([own[0] + 1e9, own[1]]) - 4.0 / 2f64.sqrt()).abs() < 1e-9, "cut off");
    }

    #[test]
    fn documents_that_contradict_themselves_are_refused() {
        let broken = |change: fn(&mut Value)| {
            let mut document = document([0.0, 0.0]);
            change(&mut document);
            read(&document).expect_err("refused").to_string()
        };
        assert!(broken(|d| d["names"] = json!(["sharpness", "noise_flat_level"])).contains("\"sharpness\""));
        assert!(broken(|d| d["centre"] = json!([0.0])).contains("2 names"));
        assert!(broken(|d| d["whiten"] = json!([[1.0, 0.0]])).contains("2 names"));
        assert!(broken(|d| d["spread"] = json!([1.0, 0.0])).contains("above 0"));
        assert!(broken(|d| d["version"] = json!(2)).contains("version 2"));
    }
}

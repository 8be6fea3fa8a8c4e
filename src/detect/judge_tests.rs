use super::*;
use crate::{CELLS, CROPS, Familiar, Features, Observer, PATCHES};
use filigrane_frame::{ColourRange, LumaLayout, LumaRef};
use serde_json::{Value, json};

/// Answers with the luma of the crop's first sample, less 100.
struct FirstSample;

impl Network for FirstSample {
    fn look(&self, burst: &Features) -> Result<Sight, Error> {
        let logits: Vec<f32> = burst.crops.iter().map(|crop| f32::from(crop.pictures[0]) - 100.0).collect();
        // The first row of patches says more than the others.
        let heat = logits.iter().flat_map(|logit| {
            (0..PATCHES * PATCHES).map(move |at| if at < PATCHES { logit + 7.0 } else { logit - 1.0 })
        });
        let heat = heat.collect();
        Ok(Sight { logits, heat })
    }
}

struct Short;

impl Network for Short {
    fn look(&self, burst: &Features) -> Result<Sight, Error> {
        Ok(Sight { logits: vec![0.0; burst.crops.len() - 1], heat: Vec::new() })
    }
}

/// Pictures a twentieth of a second apart; `shade` gives their level at a time.
fn clip(count: usize, shade: impl Fn(f64) -> u8) -> Observation {
    let layout = LumaLayout { width: 128, height: 128, stride: 128, bits: 8, range: ColourRange::Full };
    let mut observer = Observer::default();
    for index in 0..count {
        let time = index as f64 / 20.0;
        let texture = |at: usize| ((at * 31 + at / 128 * 17 + index * 7) % 40) as u8;
        let bytes: Vec<u8> = (0..128 * 128)
            .map(|at| if at == 0 { shade(time) } else { shade(time) / 2 + texture(at) })
            .collect();
        observer.push(LumaRef::new(layout, &bytes).expect("fits"), time);
    }
    observer.finish()
}

/// One tree that asks whether much is clipped, one whether the picture is noisy.
fn trees() -> Trees {
    let split = |feature: usize, threshold: f64, low: f64, high: f64| {
        json!({"feature": [feature, -1, -1], "threshold": [threshold, 0.0, 0.0], "left": [1, 0, 0], "right": [2, 0, 0],
            "missing_left": [true, true, true], "value": [(low + high) / 2.0, low, high]})
    };
    let document = json!({
        "version": 1, "names": ["noise_flat_level", "wavelet_diagonal_detail_1"], "base": 0.5, "camera": [0.0, 90.0],
        "trees": [split(0, -20.0, 0.0, 2.0), split(1, 50.0, 3.0, -3.0)]
    });
    Trees::from_json(document.to_string().as_bytes()).expect("trees")
}

fn fusion(change: impl Fn(&mut Value)) -> Fusion {
    let mut document = json!({
        "version": 1, "experts": ["statistics", "spatial"], "weights": [1.0, 0.1], "bias": 0.0,
        "camera_at_most": 0.3, "generated_at_least": 0.7,
        "interval": [[0.0, 0.0, 0.2], [1.0, 0.8, 1.0]]
    });
    change(&mut document);
    Fusion::from_json(document.to_string().as_bytes()).expect("a fusion")
}

fn detector(fusion: Fusion) -> Result<Detector, Error> {
    Detector::new(trees(), vec![("spatial".into(), Box::new(FirstSample))], fusion)
}

fn odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

#[test]
fn the_experts_medians_are_fused_into_one_probability() {
    // Three bursts, whose first samples are 90, 100 and 170.
    let observation = clip(30, |time| [90, 100, 170][(time / 0.5) as usize]);
    assert_eq!(observation.bursts().len(), 3);
    let judgement = detector(fusion(|_| ())).expect("a detector").judge(&observation, None).expect("judged");
    let generated = judgement.generated.expect("a probability");
    // Trees: 0.5 + 2 + 3. Network: all four crops of a window of 128 are one; the median is 0.
    assert!((odds(generated) - 5.5).abs() < 1e-9, "{}", odds(generated));
    let (low, high) = (judgement.low.expect("low"), judgement.high.expect("high"));
    assert!((low - 0.8 * generated).abs() < 1e-9 && (high - 0.2 - 0.8 * generated).abs() < 1e-9);
    assert_eq!((judgement.abstained, judgement.why_abstained), (false, None));
    let segments: Vec<(f64, f64, f64)> = judgement
        .segments
        .iter()
        .map(|s| (s.start, s.end, (odds(s.generated) * 1e6).round() / 1e6))
        .collect();
    assert_eq!(segments, [(0.0, 1.0, 5.0), (1.0, 2.0, 12.5)]);
}

#[test]
fn clues_are_weighed_named_and_point_somewhere() {
    let observation = clip(10, |_| 130);
    let detector = detector(fusion(|d| d["bias"] = json!(-2.0))).expect("a detector");
    let clues = detector.judge(&observation, None).expect("judged").clues;
    let found: Vec<(&str, f64, &str)> = clues
        .iter()
        .map(|clue| (clue.name.as_str(), (clue.value * 1e6).round() / 1e6, clue.points_to))
        .collect();
    assert_eq!(
        found,
        [
            ("wavelet_diagonal_detail_1", 3.0, "generated"),
            ("spatial", 3.0, "generated"),
            ("noise_flat_level", 1.0, "generated")
        ]
    );
    assert_eq!(clues[0].sentence, "Fine diagonal detail is weaker than cameras usually leave it.");
    assert!(clues[1].sentence.contains("the finest detail within pictures"));
    assert_eq!(clues[2].sentence, "Noise in flat places is stronger than cameras usually leave it.");
}

#[test]
fn places_tell_the_parts_of_a_square_apart_and_come_once_where_crops_coincide() {
    let observation = clip(30, |_| 100);
    let judgement =
        detector(fusion(|d| d["bias"] = json!(-5.5))).expect("a detector").judge(&observation, None);
    let places = judgement.expect("judged").places;
    let starts: Vec<f64> = places.iter().map(|place| place.start).collect();
    assert_eq!(starts, [0.0, 0.5, 1.0], "a window of 128 has one square");
    for place in &places {
        assert_eq!((place.x, place.y, place.side, place.cells.len()), (0, 0, 128, CELLS * CELLS));
        let told: Vec<f64> = place.cells.iter().map(|&p| (odds(p) * 1e6).round() / 1e6).collect();
        // Trees and bias cancel out; of the first row of cells half the patches say 7, half -1, at a weight of 0.1.
        assert!(told[..CELLS].iter().all(|&p| p == 0.3), "{told:?}");
        assert!(told[CELLS..].iter().all(|&p| p == -0.1), "{told:?}");
    }
}

#[test]
fn a_long_clip_keeps_the_places_of_few_bursts() {
    let places = detector(fusion(|_| ()))
        .expect("a detector")
        .judge(&clip(400, |_| 100), None)
        .expect("judged")
        .places;
    let starts: Vec<f64> = places.iter().map(|place| place.start).collect();
    assert_eq!(starts.len(), 10, "every fourth of 40: {starts:?}");
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] == 2.0), "{starts:?}");
}

#[test]
fn what_is_unlike_anything_known_is_not_answered_however_sure_the_experts_are() {
    let familiar = |most: f64| {
        let document = json!({
            "version": 1, "names": ["noise_flat_level"], "most": most, "cut": 8.0, "centre": [1000.0], "spread": [1.0], "mean": [0.0],
            "whiten": [[1.0]],
        });
        Familiar::from_json(document.to_string().as_bytes()).expect("a document")
    };
    let observation = clip(30, |_| 170);
    let judged = |most| {
        let detector = detector(fusion(|_| ())).expect("a detector").familiar_with(familiar(most));
        detector.judge(&observation, None).expect("judged")
    };
    assert_eq!((judged(9.0).abstained, judged(9.0).why_abstained), (false, None));
    let strange = judged(2.0);
    assert!(strange.abstained && strange.generated.is_some_and(|p| p > 0.9));
    assert!(strange.why_abstained.expect("why").contains("at a distance of 8.0, where up to 2.0 is judged"));
}

#[test]
fn between_the_thresholds_it_abstains_and_says_why() {
    let observation = clip(10, |_| 100);
    let bias = -5.5;
    let judgement =
        detector(fusion(|d| d["bias"] = json!(bias))).expect("a detector").judge(&observation, None);
    let judgement = judgement.expect("judged");
    assert!(judgement.abstained);
    assert_eq!(judgement.generated.map(|p| (p * 1e6).round()), Some(500_000.0));
    assert!(judgement.why_abstained.expect("why").contains("0.50"));
}

#[test]
fn what_can_not_be_assessed_is_not_judged() {
    let still = clip(6, |_| 100);
    let judgement = detector(fusion(|_| ())).expect("a detector").judge(&still, None).expect("judged");
    assert_eq!((judgement.generated, judgement.low, judgement.high), (None, None, None));
    assert!(judgement.abstained && judgement.clues.is_empty() && judgement.segments.is_empty());
    let why = judgement.why_abstained.expect("why");
    assert_eq!(why, "The clip has 6 pictures of one size; 8 are needed.");
}

#[test]
fn the_quality_of_the_file_moves_the_answer_and_the_clues() {
    let observation = clip(10, |_| 100);
    let quality = json!([{"most_bits": 0.1, "scale": 0.5, "offset": -1.0}, {"most_bits": 1.0, "scale": 1.0, "offset": 0.0}]);
    let detector = detector(fusion(|d| d["quality"] = quality.clone())).expect("a detector");
    let judged = |bits| detector.judge(&observation, bits).expect("judged");
    assert!((odds(judged(Some(0.05)).generated.expect("p")) - 1.75).abs() < 1e-9);
    assert!((odds(judged(Some(0.5)).generated.expect("p")) - 5.5).abs() < 1e-9);
    assert!((judged(Some(0.05)).clues[0].value - 1.5).abs() < 1e-9);
}

#[test]
fn experts_that_are_missing_or_give_too_little_are_errors() {
    let none = Detector::new(trees(), Vec::new(), fusion(|_| ())).expect_err("no network");
    assert!(matches!(none, Error::Missing(name) if name == "spatial"));
    let short = Detector::new(trees(), vec![("spatial".into(), Box::new(Short))], fusion(|_| ()))
        .expect("a detector");
    let said = short.judge(&clip(10, |_| 100), None).expect_err("too few logits").to_string();
    assert_eq!(said, format!("network spatial: {} logits for {CROPS} crops", CROPS - 1));
}

/// Answers with the luma of the whole view's first sample, once for a burst.
struct FirstOfView(std::sync::atomic::AtomicUsize);

impl Network for &'static FirstOfView {
    fn look(&self, burst: &Features) -> Result<Sight, Error> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(Sight { logits: vec![f32::from(burst.views.native[0]) - 100.0], heat: Vec::new() })
    }

    fn most_bursts(&self) -> usize {
        2
    }
}

#[test]
fn a_network_that_looks_at_views_is_asked_about_few_bursts_and_tells_no_cells_apart() {
    static NETWORK: FirstOfView = FirstOfView(std::sync::atomic::AtomicUsize::new(0));
    let fusion = fusion(|document| {
        document["experts"] = json!(["appearance"]);
        document["weights"] = json!([1.0]);
    });
    let detector =
        Detector::new(trees(), vec![("appearance".into(), Box::new(&NETWORK))], fusion).expect("a detector");
    // Three bursts, whose first samples are 90, 100 and 101: the second has what was said of the first.
    let observation = clip(30, |time| [90, 100, 101][(time / 0.5) as usize]);
    let judgement = detector.judge(&observation, None).expect("judged");
    assert_eq!(NETWORK.0.load(std::sync::atomic::Ordering::Relaxed), 2);
    let generated = judgement.generated.expect("a probability");
    assert!((odds(generated) + 10.0).abs() < 1e-6, "{}", odds(generated));
    let place = &judgement.places[0];
    assert!(place.cells.iter().all(|cell| (odds(*cell) + 10.0).abs() < 1e-6), "{:?}", place.cells);
}

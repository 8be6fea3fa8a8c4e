use serde::Deserialize;

use crate::trees::{Node, Split};
use crate::{Error, NAMES, Trees};

const MODEL: &str = "the trees";
/// Most bytes, trees, nodes of a tree, and steps from a root.
const MOST_BYTES: usize = 16 << 20;
const MOST_TREES: usize = 4096;
const MOST_NODES: usize = 4096;
const MOST_STEPS: usize = 64;

#[derive(Deserialize)]
struct Document {
    version: u64,
    names: Vec<String>,
    base: f64,
    trees: Vec<Table>,
    #[serde(default)]
    camera: Option<Vec<f32>>,
}

/// A tree, one entry a node in each list.
#[derive(Deserialize)]
struct Table {
    feature: Vec<i64>,
    threshold: Vec<f64>,
    left: Vec<usize>,
    right: Vec<usize>,
    missing_left: Vec<Flag>,
    value: Vec<f64>,
}

/// `true` and `false`, or 1 and 0.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Number(u8),
}

impl Trees {
    /// Reads `{"version": 1, "names": […], "base": b, "trees": [{"feature": […], "threshold": […], "left": […], "right": […],
    /// "missing_left": […], "value": […]}], "camera": […]}`.
    ///
    /// `feature` indexes `names`, -1 for a leaf; node 0 is the root; `value` is a leaf's share of the log-odds, and an inner
    /// node's expected one. `camera` may be left out: what cameras usually measure for each of `names`.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no such document, names statistics that are not measured, or holds a tree that is
    /// none; [`Error::Version`]; [`Error::Limit`] for more than 16 MiB, 4096 trees, 4096 nodes a tree, 64 steps down.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        limit("bytes", json.len(), MOST_BYTES)?;
        let document: Document =
            serde_json::from_slice(json).map_err(|error| malformed(error.to_string()))?;
        if document.version != 1 {
            return Err(Error::Version { model: MODEL, version: document.version });
        }
        limit("trees", document.trees.len(), MOST_TREES)?;
        let places = document.names.iter().map(|name| place(name)).collect::<Result<Vec<usize>, Error>>()?;
        if !document.base.is_finite() {
            return Err(malformed("the base is not finite".into()));
        }
        let camera = document.camera.map(|values| camera(&values, &places)).transpose()?;
        let trees = document.trees.iter().enumerate().map(|(index, table)| tree(index, table, &places));
        Ok(Self { base: document.base, trees: trees.collect::<Result<_, Error>>()?, camera })
    }
}

fn malformed(detail: String) -> Error {
    Error::Malformed { model: MODEL, detail }
}

fn limit(what: &'static str, found: usize, most: usize) -> Result<(), Error> {
    if found <= most { Ok(()) } else { Err(Error::Limit { model: MODEL.into(), what, found, most }) }
}

fn place(name: &str) -> Result<usize, Error> {
    let found = NAMES.iter().position(|known| *known == name);
    found.ok_or_else(|| malformed(format!("{name:?} is no statistic")))
}

/// By [`NAMES`]; not a number for a statistic that the document does not name.
fn camera(values: &[f32], places: &[usize]) -> Result<Vec<f32>, Error> {
    if values.len() != places.len() || !values.iter().all(|value| value.is_finite()) {
        return Err(malformed(format!("{} usual values for {} names", values.len(), places.len())));
    }
    let mut camera = vec![f32::NAN; NAMES.len()];
    for (&place, &value) in places.iter().zip(values) {
        camera[place] = value;
    }
    Ok(camera)
}

fn tree(index: usize, table: &Table, places: &[usize]) -> Result<Vec<Node>, Error> {
    let count = table.feature.len();
    let lengths = [
        table.threshold.len(),
        table.left.len(),
        table.right.len(),
        table.missing_left.len(),
        table.value.len(),
    ];
    if count == 0 || lengths.iter().any(|length| *length != count) {
        return Err(malformed(format!("tree {index} has lists of {count} and {lengths:?} nodes")));
    }
    limit("nodes of a tree", count, MOST_NODES)?;
    let mut nodes = Vec::with_capacity(count);
    for node in 0..count {
        let wrong = |detail: &str| malformed(format!("tree {index}, node {node}: {detail}"));
        let value = table.value[node];
        if !value.is_finite() || !table.threshold[node].is_finite() {
            return Err(wrong("its numbers are not finite"));
        }
        let split = match usize::try_from(table.feature[node]) {
            Ok(feature) => Some(Split {
                statistic: *places.get(feature).ok_or_else(|| wrong("it asks a feature without a name"))?,
                threshold: table.threshold[node],
                left: table.left[node],
                right: table.right[node],
                missing_left: match table.missing_left[node] {
                    Flag::Bool(flag) => flag,
                    Flag::Number(number) => number != 0,
                },
            }),
            Err(_) if table.feature[node] == -1 => None,
            Err(_) => return Err(wrong("its feature is below -1")),
        };
        nodes.push(Node { value, split });
    }
    check_shape(index, &nodes)?;
    Ok(nodes)
}

/// Each node is reached once and within the bound: no path runs in a circle.
fn check_shape(index: usize, nodes: &[Node]) -> Result<(), Error> {
    let mut seen = vec![false; nodes.len()];
    let mut open = vec![(0, 0)];
    while let Some((node, steps)) = open.pop() {
        let wrong = |detail: &str| malformed(format!("tree {index}, node {node}: {detail}"));
        match seen.get_mut(node) {
            None => return Err(wrong("there is no such node")),
            Some(true) => return Err(wrong("two paths lead to it")),
            Some(unseen) => *unseen = true,
        }
        limit("steps down a tree", steps, MOST_STEPS)?;
        if let Some(split) = nodes[node].split {
            open.extend([(split.left, steps + 1), (split.right, steps + 1)]);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn document() -> Value {
        json!({
            "version": 1, "names": [NAMES[9], NAMES[2]], "base": -0.5, "camera": [1.5, -2.0],
            "trees": [{
                "feature": [1, -1, 0, -1, -1], "threshold": [0.5, 0.0, 2.0, 0.0, 0.0], "left": [1, 0, 3, 0, 0],
                "right": [2, 0, 4, 0, 0], "missing_left": [true, false, 0, 0, 1], "value": [0.1, -1.0, 0.6, 2.0, 0.3]
            }]
        })
    }

    fn read(document: &Value) -> Result<Trees, Error> {
        Trees::from_json(document.to_string().as_bytes())
    }

    #[test]
    fn features_are_found_by_their_names() {
        let trees = read(&document()).expect("a document");
        let mut statistics = vec![0.0; NAMES.len()];
        assert_eq!(trees.assess(&statistics).log_odds, -1.5);
        statistics[2] = 0.6;
        assert_eq!(trees.assess(&statistics).log_odds, 1.5);
        statistics[9] = 2.1;
        assert_eq!(trees.assess(&statistics).log_odds, -0.2);
        let camera = trees.camera().expect("told");
        assert_eq!((camera[9], camera[2]), (1.5, -2.0));
        assert!(camera[0].is_nan());
    }

    #[test]
    fn what_is_no_tree_is_refused_with_its_place() {
        let with = |change: &dyn Fn(&mut Value)| {
            let mut document = document();
            change(&mut document);
            read(&document).expect_err("refused").to_string()
        };
        for (said, change) in [
            ("version 2", &(|d: &mut Value| d["version"] = json!(2)) as &dyn Fn(&mut Value)),
            ("\"sharpness\" is no statistic", &|d| d["names"][0] = json!("sharpness")),
            ("node 0: it asks a feature without a name", &|d| d["trees"][0]["feature"][0] = json!(2)),
            ("node 1: its feature is below -1", &|d| d["trees"][0]["feature"][1] = json!(-2)),
            ("node 9: there is no such node", &|d| d["trees"][0]["left"][0] = json!(9)),
            ("node 0: two paths lead to it", &|d| d["trees"][0]["left"][2] = json!(0)),
            ("node 1: two paths lead to it", &|d| d["trees"][0]["right"][0] = json!(1)),
            ("lists of 5 and [5, 5, 5, 5, 1]", &|d| d["trees"][0]["value"] = json!([1.0])),
            ("lists of 0", &|d| {
                let table = d["trees"][0].as_object_mut().expect("a table");
                table.values_mut().for_each(|list| *list = json!([]));
            }),
            ("1 usual values for 2 names", &|d| d["camera"] = json!([1.0])),
            ("missing field `base`", &|d| {
                d.as_object_mut().expect("a document").remove("base");
            }),
        ] {
            let found = with(change);
            assert!(found.contains(said), "{found}");
        }
    }

    #[test]
    fn trees_too_large_or_too_deep_are_refused() {
        let tree = document()["trees"][0].clone();
        let mut many = document();
        many["trees"] = json!(vec![
            json!({
                "feature": [-1], "threshold": [0.0], "left": [0], "right": [0], "missing_left": [0], "value": [0.0]
            });
            MOST_TREES + 1
        ]);
        assert!(read(&many).expect_err("refused").to_string().contains("4097 trees"));
        let chain = |steps: usize| {
            let count = 2 * steps + 1;
            let inner = |node: usize| node < 2 * steps && node.is_multiple_of(2);
            let list = |of: &dyn Fn(usize) -> Value| json!((0..count).map(of).collect::<Vec<_>>());
            let mut deep = document();
            deep["trees"] = json!([tree.clone(), {
                "feature": list(&|node| json!(if inner(node) { 0 } else { -1 })),
                "threshold": list(&|_| json!(0.0)),
                "left": list(&|node| json!(node + 1)),
                "right": list(&|node| json!(node + 2)),
                "missing_left": list(&|_| json!(false)),
                "value": list(&|_| json!(0.0)),
            }]);
            read(&deep)
        };
        assert!(chain(MOST_STEPS).is_ok());
        assert!(chain(MOST_STEPS + 1).expect_err("refused").to_string().contains("65 steps down a tree"));
        let long = vec![b' '; MOST_BYTES + 1];
        assert!(matches!(Trees::from_json(&long), Err(Error::Limit { what: "bytes", .. })));
    }

    proptest! {
        #[test]
        fn any_change_of_a_number_is_refused_or_gives_trees_that_end(
            list in 0_usize..6, node in 0_usize..5, value in -3_i64..8
        ) {
            let mut document = document();
            let name = ["feature", "threshold", "left", "right", "missing_left", "value"][list];
            document["trees"][0][name][node] = json!(value);
            if let Ok(trees) = read(&document) {
                let found = trees.assess(&vec![1.0; NAMES.len()]);
                let sum = trees.expected() + found.by_statistic.iter().sum::<f64>();
                prop_assert!((found.log_odds - sum).abs() < 1e-9);
            }
        }
    }
}

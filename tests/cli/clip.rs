//! Videos made with `ffmpeg`, each once in a run, and what `ffprobe` says of a file.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// The folder of this run's fixtures. A static is never dropped, so the next run sweeps what earlier ones left.
pub fn shared() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli");
            fs::create_dir_all(&all).expect("a folder for fixtures");
            for old in fs::read_dir(&all).expect("readable").flatten() {
                let age = old
                    .metadata()
                    .ok()
                    .and_then(|facts| facts.modified().ok())
                    .and_then(|then| then.elapsed().ok());
                if age.is_some_and(|age| age > Duration::from_secs(3600)) {
                    // Another run may be sweeping too.
                    let _ = fs::remove_dir_all(old.path());
                }
            }
            TempDir::new_in(&all).expect("a folder for fixtures")
        })
        .path()
}

/// The file `name` among the fixtures, made by `make` when a test first asks for it.
pub fn once(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    static MADE: Mutex<Option<HashMap<String, Arc<OnceLock<()>>>>> = Mutex::new(None);
    let path = shared().join(name);
    let cell = {
        let mut made = MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        made.get_or_insert_default().entry(name.to_owned()).or_default().clone()
    };
    cell.get_or_init(|| make(&path));
    path
}

/// `ffmpeg ARGUMENTS NAME`, once in a run; arguments are separated by spaces.
///
/// # Panics
/// If another test gave the name to another clip: which of both was made would go by who came first.
pub fn fixture(name: &str, arguments: &str) -> PathBuf {
    static RECIPES: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let known = {
        let mut recipes = RECIPES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        recipes.get_or_insert_default().entry(name.to_owned()).or_insert(arguments.to_owned()).clone()
    };
    assert_eq!(known, arguments, "two clips are called {name}");
    once(name, |path| ffmpeg(arguments, path))
}

/// Runs `ffmpeg ARGUMENTS OUTPUT` in the output's folder; arguments are separated by spaces.
pub fn ffmpeg(arguments: &str, output: &Path) {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    ffmpeg_with(&arguments, output);
}

fn ffmpeg_with(arguments: &[&str], output: &Path) {
    let ran = Command::new("ffmpeg")
        .current_dir(output.parent().expect("a folder"))
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments)
        .arg(output)
        .output()
        .expect("the ffmpeg program");
    assert!(ran.status.success(), "{}: {}", output.display(), String::from_utf8_lossy(&ran.stderr));
}

/// `ffmpeg -i INPUT ARGUMENTS OUTPUT`, without any metadata: what a platform makes of an upload.
pub fn published(input: &Path, arguments: &str, output: &Path) {
    let input = input.to_str().expect("UTF-8");
    let mut all = vec!["-i", input, "-map_metadata", "-1", "-preset", "veryfast"];
    all.extend(arguments.split_whitespace());
    ffmpeg_with(&all, output);
}

/// Three seconds of fractal with fixed grain: texture that moves, as a hand-held camera sees it.
pub fn fractal() -> PathBuf {
    fixture(
        "fractal.mp4",
        "-f lavfi -i mandelbrot=size=640x360:rate=25 -f lavfi -i sine=frequency=330 -t 3 \
         -vf noise=alls=24:all_seed=7,format=yuv420p -c:v libx264 -crf 16 -preset veryfast -c:a aac",
    )
}

/// Two seconds of something that looks like no fractal.
pub fn other_footage() -> PathBuf {
    fixture(
        "other.mp4",
        "-f lavfi -i testsrc2=size=640x360:rate=25 -t 2 \
         -vf noise=alls=24:all_seed=11,format=yuv420p -c:v libx264 -crf 16 -preset veryfast",
    )
}

/// Half a second of 160x128: for what needs a video and does not care which.
pub fn small() -> PathBuf {
    fixture(
        "small.mp4",
        "-f lavfi -i testsrc2=size=160x128:rate=25 -t 0.5 -vf noise=alls=24,format=yuv420p -c:v libx264 -preset veryfast",
    )
}

/// `ffprobe ARGUMENTS FILE` as JSON.
pub fn ffprobe(path: &Path, arguments: &str) -> Value {
    let ran = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json"])
        .args(arguments.split_whitespace())
        .arg(path)
        .output()
        .expect("the ffprobe program");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

/// What `ffprobe` says of the first stream that `selector` selects.
pub fn stream(path: &Path, selector: &str) -> Value {
    ffprobe(path, &format!("-select_streams {selector} -show_streams"))["streams"][0].clone()
}

/// Fields of one entry of `ffprobe`'s list `key`, in order.
pub fn column(path: &Path, arguments: &str, key: &str, field: &str) -> Vec<String> {
    let all = ffprobe(path, arguments);
    let rows = all[key].as_array().expect("an array");
    rows.iter().map(|row| row[field].as_str().unwrap_or("none").to_owned()).collect()
}

//! The clip that a creator stamped, and the copies of it that go round: made once, used by many tests.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::clip;
use crate::program::User;

/// Name of the stamped clip's manifest.
pub const ID: &str = "6f1c0a2b-1122-4344-8555-66778899aabb";
/// Its first 64 bits.
pub const PAYLOAD: &str = "6f1c0a2b11224344";

pub struct Scene {
    home: PathBuf,
    /// The stamped clip.
    pub signed: PathBuf,
}

impl Scene {
    /// The creator, with data of their own that a test may change.
    pub fn creator(&self) -> User {
        User::with_home_of(&self.home)
    }

    /// A copy as a platform makes it, with all metadata gone; made once for each `name`.
    pub fn copy(&self, name: &str, arguments: &str) -> PathBuf {
        clip::once(name, |path| clip::published(&self.signed, arguments, path))
    }

    /// Half the size at CRF 28.
    pub fn upload(&self) -> PathBuf {
        self.copy("upload.mp4", "-vf scale=iw/2:ih/2 -c:v libx264 -crf 28 -c:a copy")
    }
}

/// The fractal, stamped.
pub fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let creator = User::new();
        let signed = clip::shared().join("signed.mp4");
        creator.stamp(&clip::fractal(), &signed, &format!("--id {ID} --origin camera")).succeeds();
        let home = clip::shared().join("home");
        crate::program::copy_folder(&creator.home(), &home);
        Scene { home, signed }
    })
}

pub fn urn() -> String {
    format!("urn:c2pa:{ID}")
}

/// Where the media data of an MP4 file lies: first byte of the payload, and the byte after it.
pub fn media_data(file: &Path) -> std::ops::Range<usize> {
    let bytes = std::fs::read(file).expect("readable");
    let found =
        crate::unhashed::boxes(&bytes).into_iter().find(|(kind, _)| kind == b"mdat").expect("an mdat box");
    found.1.start + 8..found.1.end
}

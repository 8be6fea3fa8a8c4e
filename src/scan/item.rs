use std::path::PathBuf;
use std::sync::Arc;

use crate::object::Bucket;

/// One thing to be answered by a line.
#[derive(Debug)]
pub(crate) enum Item {
    /// A file on this machine.
    File(PathBuf),
    /// An object, by its key.
    Object(Arc<Bucket>, object_store::path::Path),
    /// Something that was named and is no file that could be read.
    Fault(String, String),
}

impl Item {
    /// As the result names it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Object(bucket, key) => bucket.name(key),
            Self::Fault(name, _) => name.clone(),
        }
    }
}

use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::item::Item;
use crate::walk::walk;
use crate::{Error, Source, Stores};

/// One thing that sources name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file on this machine.
    File(PathBuf),
    /// An object, by its URL.
    Object(String),
    /// Something that was named and is no file that could be read: its name, and why.
    Fault(String, String),
}

/// Visits all that the sources name, one by one.
///
/// # Errors
/// A source is there that can't be gone through at all.
pub fn find(
    sources: &[Source],
    stores: &Stores,
    visit: &mut dyn FnMut(Found) -> ControlFlow<()>,
) -> Result<(), Error> {
    walk(sources, stores, &mut |item| {
        let name = item.name();
        visit(match item {
            Item::File(path) => Found::File(path),
            Item::Object(..) => Found::Object(name),
            Item::Fault(name, why) => Found::Fault(name, why),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn files_objects_and_faults_are_found_by_the_names_that_a_scan_gives_them() {
        let folder = tempfile::tempdir().unwrap();
        let (file, missing) = (folder.path().join("one.mp4"), folder.path().join("missing.mp4"));
        std::fs::write(&file, "").unwrap();
        let (url, list) = (format!("file://{}", file.display()), folder.path().join("list"));
        std::fs::write(&list, format!("{url}\n{}\nx://[\n", missing.display())).unwrap();
        let listed = format!("@{}", list.display());
        let words = [file.as_os_str(), OsStr::new(&listed)];
        let sources: Vec<Source> = words.iter().map(|word| Source::parse(word).unwrap()).collect();
        let mut all = Vec::new();
        find(&sources, &Stores::default(), &mut |found| {
            all.push(found);
            ControlFlow::Continue(())
        })
        .unwrap();
        let [first, second, third, Found::Fault(name, why)] = &all[..] else { panic!("{all:?}") };
        assert_eq!([first, third], [&Found::File(file), &Found::File(missing)]);
        assert_eq!(second, &Found::Object(url));
        assert!(name == "x://[" && !why.is_empty());
    }
}

use std::os::unix::fs::symlink;

use super::*;

fn names(sources: &[Source]) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    walk(sources, &Stores::default(), &mut |item| {
        names.push(match &item {
            Item::Fault(name, why) => format!("{name}: {why}"),
            item => item.name(),
        });
        ControlFlow::Continue(())
    })?;
    names.sort();
    Ok(names)
}

fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let top = folder.path();
    fs::create_dir_all(top.join("a/b")).expect("folders");
    for name in ["one.mp4", "one.mp4.c2pa", "a/two.mp4", "a/b/three words.mp4"] {
        fs::write(top.join(name), "").expect("written");
    }
    symlink(top, top.join("a/round")).expect("a link");
    symlink(top.join("one.mp4"), top.join("a/link.mp4")).expect("a link");
    folder
}

fn shown(top: &Path, names: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = names.iter().map(|name| top.join(name).display().to_string()).collect();
    all.sort();
    all
}

#[test]
fn a_folder_gives_each_file_once_and_neither_sidecars_nor_circles() {
    let folder = tree();
    let top = folder.path();
    let found = names(&[Source::Place(top.to_owned())]).expect("walked");
    assert_eq!(found, shown(top, &["one.mp4", "a/two.mp4", "a/b/three words.mp4", "a/link.mp4"]));
}

#[test]
fn lists_name_files_folders_and_urls_and_missing_ones_too() {
    let folder = tree();
    let top = folder.path();
    let list = top.join("list.txt");
    let deep = top.join("a/b");
    fs::write(
        &list,
        format!("{}\r\n\nnone.mp4\n{}\nnonsense://x", deep.display(), top.join("one.mp4").display()),
    )
    .expect("written");
    let found = names(&[Source::List(Some(list))]).expect("walked");
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.contains(&"none.mp4".to_owned()));
    assert!(found.iter().any(|name| name.starts_with("nonsense://x: ")), "{found:?}");
    assert!(names(&[Source::List(Some(top.join("nowhere")))]).is_err());
    let long = top.join("long.txt");
    fs::write(&long, vec![b'x'; 1 << 20]).expect("written");
    assert!(names(&[Source::List(Some(long))]).is_err());
}

#[test]
fn patterns_give_what_fits_and_say_when_nothing_does() {
    let folder = tree();
    let top = folder.path();
    let pattern = |tail: &str| [Source::Pattern(top.join(tail).display().to_string())];
    assert_eq!(names(&pattern("a/*.mp4")).expect("walked"), shown(top, &["a/two.mp4", "a/link.mp4"]));
    assert!(names(&pattern("*.webm")).is_err());
}

#[test]
fn objects_of_a_store_are_named_by_url_and_fetched_whole() {
    let folder = tree();
    let top = folder.path();
    let url = url::Url::from_directory_path(top.join("a")).expect("a URL");
    let found = names(&[Source::Store(url.clone())]).expect("walked");
    assert!(found.iter().any(|name| name.ends_with("/a/b/three%20words.mp4")), "{found:?}");
    // A link that leads back costs a line, not the rest of the listing.
    assert_eq!(found.iter().filter(|name| name.contains("loop")).count(), 1, "{found:?}");
    fs::write(top.join("a/two.mp4"), "content").expect("written");
    let one = url.join("two.mp4").expect("a URL");
    let mut read = String::new();
    walk(&[Source::Store(one.clone())], &Stores::default(), &mut |item| {
        assert_eq!(item.name(), one.to_string());
        let Item::Object(bucket, key) = item else { panic!("an object") };
        let mut file = bucket.fetch(&key, &top.join("cache")).expect("fetched");
        io::Read::read_to_string(&mut file, &mut read).expect("text");
        ControlFlow::Continue(())
    })
    .expect("walked");
    assert_eq!(read, "content");
    assert_eq!(fs::read_dir(top.join("cache")).expect("a folder").count(), 0, "no file is left");
}

//! Mistakes on the command line: said in one line, before anything is made.

use crate::clip::small;
use crate::program::User;

/// `filigrane stamp small.mp4 -o OUTPUT OPTIONS` is refused in a line with `word` in it.
#[track_caller]
fn refused(output: &str, options: &str, word: &str) {
    let user = User::new();
    let small = small();
    let mut arguments = vec!["stamp", small.to_str().unwrap(), "-o", output];
    arguments.extend(options.split_whitespace());
    let said = user.run(arguments).refusal(word);
    assert!(said.len() < 300, "{said}");
    assert!(user.files().is_empty(), "{:?}", user.files());
    assert!(!user.home().exists(), "{options}: something was made in the home");
}

#[test]
fn unknown_or_missing_extensions_are_named() {
    refused("out.wmv", "", "out.wmv");
    refused("out", "", "out");
}

#[test]
fn values_out_of_range_are_refused_with_the_range() {
    refused("out.mp4", "--strength 7", "0.5 to 2");
    refused("out.mp4", "--strength nan", "strength");
    refused("out.mp4", "--strength -1", "strength");
    refused("out.mp4", "--crf 99", "0 to 51");
    refused("out.mp4", "--crf -3", "--crf");
    refused("out.mp4", "--preset warp", "warp");
    refused("out.mp4", "--codec theora", "theora");
    refused("out.mp4", "--id 1234", "--id");
    refused("out.mp4", "--origin heaven", "--origin");
}

#[test]
fn an_id_that_is_no_version_4_uuid_is_refused_when_signing() {
    let user = User::new();
    let id = "6f1c0a2b-1122-1344-8555-66778899aabb";
    let said = user.stamp(&small(), &user.path("out.mp4"), &format!("--id {id}")).refusal(id);
    assert!(said.contains("version 4"), "{said}");
    assert!(user.files().is_empty() && !user.home().exists());
}

#[test]
fn wishes_that_exclude_each_other_are_refused() {
    refused("out.mp4", "--no-watermark --no-credentials", "--no-credentials");
    for (output, options) in [("out.webm", "--codec h264"), ("out.mkv", "--no-watermark")] {
        let user = User::new();
        let extension = output.split_once('.').unwrap().1;
        user.run(["stamp", small().to_str().unwrap(), "-o", output].into_iter().chain(options.split(' ')))
            .refusal(extension);
        assert!(user.files().is_empty());
    }
}

#[test]
fn a_registry_behind_a_url_is_not_published_to_without_a_token() {
    refused("out.mp4", "--registry https://registry.invalid/x", "https://registry.invalid/x");
}

#[test]
fn an_unknown_identity_is_named() {
    let user = User::new();
    let said = user.stamp(&small(), &user.path("out.mp4"), "--identity nobody").refusal("nobody");
    assert!(said.contains("identity"), "{said}");
    assert!(user.files().is_empty());
    user.run(["identity", "new", "../../etc/x"]).refusal("../../etc/x");
    user.run(["identity", "show", "nobody"]).refusal("nobody");
}

#[test]
fn missing_and_unknown_words_are_refused_in_one_line() {
    let user = User::new();
    user.run(["stamp", "clip.mp4"]).refusal("--output");
    user.run(["verify"]).refusal("IN");
    user.run(["verifi", "clip.mp4"]).refusal("verifi");
    user.run(["verify", "--sideways", "clip.mp4"]).refusal("--sideways");
    user.run(["verify", "clip.mp4", "--trust", "no-such.pem"]).refusal("no-such.pem");
}

#[test]
fn a_refused_call_that_wanted_json_gets_json() {
    let user = User::new();
    let missing = user.path("missing.mp4");
    for arguments in [
        vec!["--json", "stamp", missing.to_str().unwrap(), "-o", "out.mp4"],
        vec!["--json", "verify", missing.to_str().unwrap()],
        vec!["--json", "registry", "show", "urn:c2pa:nothing"],
        vec!["--json", "identity", "show", "nobody"],
    ] {
        let answer = user.run(&arguments);
        answer.complaint("");
        let errors = answer.json()["errors"].as_array().unwrap_or_else(|| panic!("{answer:#?}")).clone();
        assert!(errors.len() == 1 && errors[0].is_string(), "{arguments:?}: {errors:?}");
    }
}

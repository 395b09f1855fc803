//! A program without an HTTP client.

use super::{World, assert_says};

#[test]
fn an_address_is_refused_with_what_is_missing() {
    let world = World::new();
    let result = world.fetch_url("https://example.org/cifar-10-binary.tar.gz");
    assert_says(result, &["example.org", "without downloads", "feature `download`"]);
    assert!(!world.part().exists(), "nothing is left behind");
}

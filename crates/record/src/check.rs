//! What the checks of keys and answers share.

/// Checks that `name` can be a file's stem in the records' folder.
pub(crate) fn file_stem(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    expect(!name.is_empty() && !name.starts_with('.') && name.chars().all(plain), || {
        format!("name is {name:?}, expected letters, digits, '-', '_' and '.', no '.' in front")
    })
}

pub(crate) fn sha256(field: &str, sum: &str) -> Result<(), String> {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    expect(sum.len() == 64 && sum.chars().all(hex), || {
        format!("{field} is {sum:?}, expected 64 lower-case hexadecimal digits")
    })
}

pub(crate) fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

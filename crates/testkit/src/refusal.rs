//! Panics as results: what a call that must be refused says.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Checks that `f` panics with a message that contains `message`.
///
/// # Panics
/// If it does not.
#[track_caller]
pub fn refused(message: &str, f: impl FnOnce()) {
    let Some(said) = refusal(f) else { panic!("not refused: {message}") };
    assert!(said.contains(message), "{said:?} does not say {message:?}");
}

/// The message with which `f` panics; `None` if it returns.
pub fn refusal(f: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(f)).err()?;
    Some(match panic.downcast::<String>() {
        Ok(said) => *said,
        Err(panic) => panic.downcast_ref::<&str>().unwrap_or(&"").to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_a_panic_is_found_whether_it_was_formatted_or_not() {
        assert_eq!(refusal(|| panic!("plain")).unwrap(), "plain");
        let n = 3;
        assert_eq!(refusal(|| panic!("{n} and {}", n + 1)).unwrap(), "3 and 4");
        assert_eq!(refusal(|| {}), None);
        refused("and 4", || panic!("{n} and {}", n + 1));
    }

    #[test]
    #[should_panic(expected = "not refused: too long")]
    fn a_call_that_returns_was_not_refused() {
        refused("too long", || {});
    }

    #[test]
    #[should_panic(expected = "\"too short\" does not say \"too long\"")]
    fn another_message_does_not_do() {
        refused("too long", || panic!("too short"));
    }
}

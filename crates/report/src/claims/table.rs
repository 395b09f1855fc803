//! The claims as a table for the terminal, at most 100 columns wide.

use super::{ClaimResult, Level};

/// Width of each column of the judged claims, and its heading.
const COLUMNS: [(&str, usize); 6] =
    [("id", 3), ("figure", 6), ("claim", 28), ("paper", 11), ("ours [95 %]", 22), ("verdict", 18)];

/// The judged claims in full, the others with the reason, one line each; every line
/// ends with a newline and has at most 100 columns.
pub fn table(results: &[ClaimResult]) -> String {
    let (skipped, judged): (Vec<_>, Vec<_>) =
        results.iter().partition(|result| result.verdict.level == Level::NotRun);
    let mut text = String::new();
    if !judged.is_empty() {
        row(&mut text, COLUMNS.map(|(heading, _)| heading.to_string()));
        row(&mut text, COLUMNS.map(|(_, width)| "-".repeat(width)));
    }
    for result in judged {
        let ours = result.ours.clone().unwrap_or_default();
        let interval = result.interval.clone().unwrap_or_default();
        let pairs = ours.split("; ").zip(interval.split("; "));
        let ours: Vec<_> = pairs.map(|(value, range)| format!("{value} [{range}]")).collect();
        row(
            &mut text,
            [
                result.id.clone(),
                result.figure.clone(),
                result.statement.clone(),
                result.paper.clone(),
                ours.join("; "),
                result.verdict.to_string(),
            ],
        );
    }
    if !skipped.is_empty() {
        text += &format!("not run ({} claims):\n", skipped.len());
    }
    for result in skipped {
        let reason = result.verdict.reason.clone().unwrap_or_default();
        let lines = wrap(&reason, 80);
        for (place, line) in lines.iter().enumerate() {
            let head = if place == 0 { (&*result.id, &*result.figure) } else { ("", "") };
            text += format!("  {:<3}  {:<6} {line}", head.0, head.1).trim_end();
            text.push('\n');
        }
    }
    text
}

fn row(text: &mut String, cells: [String; COLUMNS.len()]) {
    let wrapped: Vec<_> =
        cells.iter().zip(COLUMNS).map(|(cell, (_, width))| wrap(cell, width)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let mut whole = String::new();
        for (cell, (_, width)) in wrapped.iter().zip(COLUMNS) {
            let part = cell.get(line).map_or("", String::as_str);
            whole += &format!("{part:<width$}  ");
        }
        text.push_str(whole.trim_end());
        text.push('\n');
    }
}

/// Breaks at spaces into lines of at most `width` characters; longer words are cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        for part in word.chars().collect::<Vec<_>>().chunks(width) {
            let part: String = part.iter().collect();
            let line = lines.last_mut().expect("there is always a line");
            let used = line.chars().count();
            if used > 0 && used + 1 + part.chars().count() > width {
                lines.push(part);
            } else {
                if used > 0 {
                    line.push(' ');
                }
                line.push_str(&part);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_breaks_at_spaces_and_cuts_only_words_that_do_not_fit() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("", 4), [""]);
    }
}

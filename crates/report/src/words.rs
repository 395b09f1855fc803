//! Numbers as words: percentages, points, counts.

use record::stats::Interval;

/// A fraction as a percentage: `.0834` is `8.3 %`.
pub(crate) fn percent(fraction: f64) -> String {
    format!("{} %", decimal(100.0 * fraction, 1))
}

/// A difference of fractions in points, signed: `.034` is `+3.4`.
pub(crate) fn points(fraction: f64) -> String {
    let text = decimal(100.0 * fraction, 1);
    if text.starts_with('\u{2212}') || text == "0.0" { text } else { format!("+{text}") }
}

/// `8.3 to 9.1 %`.
pub(crate) fn percent_interval(interval: Interval) -> String {
    format!("{} to {} %", decimal(100.0 * interval.low, 1), decimal(100.0 * interval.high, 1))
}

/// `+8.3 to +9.1`.
pub(crate) fn points_interval(interval: Interval) -> String {
    format!("{} to {}", points(interval.low), points(interval.high))
}

/// Fixed decimals, a true minus sign, and no minus before a rounded zero.
pub(crate) fn decimal(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let zero = text.chars().all(|c| c == '0' || c == '.');
    if value < 0.0 && !zero { format!("\u{2212}{text}") } else { text }
}

/// A count with commas between thousands: `2,000`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A p value to three decimals: `0.031`, or `< 0.001`.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".into() } else { decimal(p, 3) }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.as_slice() {
        [] => String::new(),
        [one] => (*one).into(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// Rising numbers, three or more in a row joined: `1, 2, 4 to 7`.
pub(crate) fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let texts = runs.flat_map(|run| match run {
        [first, _, .., last] => vec![format!("{first} to {last}")],
        few => few.iter().map(usize::to_string).collect(),
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// `1 block`, `2 blocks`.
pub(crate) fn plural(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{} {word}s", count(number as u64)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_written_by_hand() {
        let cases = [
            (percent(0.083_4), "8.3 %"),
            (percent(1.0), "100.0 %"),
            (points(0.034), "+3.4"),
            (points(-0.034), "\u{2212}3.4"),
            (points(-0.000_1), "0.0"),
            (count(0), "0"),
            (count(2_000), "2,000"),
            (count(1_234_567), "1,234,567"),
            (p_value(0.000_9), "< 0.001"),
            (p_value(0.031_4), "0.031"),
            (list::<&str>(&[]), ""),
            (list(&["a", "b", "c"]), "a, b and c"),
            (ranges(&[]), ""),
            (ranges(&[3]), "3"),
            (ranges(&[1, 2, 4, 5, 6, 7, 9]), "1, 2, 4 to 7, 9"),
            (plural(1, "block"), "1 block"),
            (plural(9, "block"), "9 blocks"),
        ];
        for (ours, expected) in cases {
            assert_eq!(ours, expected);
        }
    }
}

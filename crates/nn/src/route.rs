//! Which terms of a residual unit's sum are taken.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A set of terms of a residual unit: the skip, and branches by number.
///
/// Most units have one branch, and three routes: [`BOTH`](Route::BOTH),
/// [`SKIP`](Route::SKIP), [`BRANCH`](Route::BRANCH). Each set has one value and one
/// text, so routes can be compared, hashed and written to files. The text is `both`,
/// `skip` or `branch` for these three, else the terms joined by `+`, such as
/// `skip+0+2` or `1`. `both` is read from `skip+0` too, and `branch` from `0`.
///
/// ```
/// use nn::Route;
///
/// // Of a unit with three branches all but the middle one, and without the skip.
/// let route = Route::only(0).and(Route::only(2));
/// assert_eq!(route.to_string(), "0+2");
/// assert_eq!(Route::BOTH.without(Route::BRANCH), Route::SKIP);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Route {
    /// Whether the skip is taken.
    pub skip: bool,
    /// The branches taken: bit `i` is branch `i`.
    pub branches: u64,
}

impl Route {
    /// Skip and branch: a unit with one branch as it was built.
    pub const BOTH: Route = Route { skip: true, branches: 1 };
    /// The skip alone: the unit is deleted.
    pub const SKIP: Route = Route { skip: true, branches: 0 };
    /// The (first) branch alone.
    pub const BRANCH: Route = Route { skip: false, branches: 1 };
    /// Every term that any unit can have.
    pub const EVERY: Route = Route { skip: true, branches: u64::MAX };

    /// The most branches that a unit can have.
    pub const MAX_BRANCHES: usize = 64;

    /// Branch `i` alone.
    ///
    /// # Panics
    /// If `i` is 64 or more.
    #[track_caller]
    pub fn only(i: usize) -> Route {
        assert!(i < Route::MAX_BRANCHES, "a unit has at most 64 branches, so none is number {i}");
        Route { skip: false, branches: 1 << i }
    }

    /// The first `n` branches, without the skip.
    ///
    /// # Panics
    /// If `n` is more than 64.
    #[track_caller]
    pub fn first_branches(n: usize) -> Route {
        assert!(n <= Route::MAX_BRANCHES, "a unit has at most 64 branches, not {n}");
        let branches = if n == Route::MAX_BRANCHES { u64::MAX } else { (1 << n) - 1 };
        Route { skip: false, branches }
    }

    /// Whether a branch is taken.
    pub fn has_branch(self) -> bool {
        self.branches != 0
    }

    /// Whether no term is taken: no unit has such a route.
    pub fn is_empty(self) -> bool {
        !self.skip && self.branches == 0
    }

    /// The numbers of the branches taken, ascending.
    pub fn branches(self) -> impl Iterator<Item = usize> {
        (0..Route::MAX_BRANCHES).filter(move |i| self.branches >> i & 1 == 1)
    }

    /// The terms of either.
    pub fn and(self, other: Route) -> Route {
        Route { skip: self.skip || other.skip, branches: self.branches | other.branches }
    }

    /// The terms that `other` does not have.
    pub fn without(self, other: Route) -> Route {
        Route { skip: self.skip && !other.skip, branches: self.branches & !other.branches }
    }

    /// Whether they have a term in common.
    pub fn meets(self, other: Route) -> bool {
        self.skip && other.skip || self.branches & other.branches != 0
    }

    /// Whether `other` has all its terms.
    pub fn is_within(self, other: Route) -> bool {
        self.without(other).is_empty()
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Route::BOTH => f.write_str("both"),
            Route::BRANCH => f.write_str("branch"),
            Route { skip, branches } => {
                if skip {
                    f.write_str("skip")?;
                }
                for (i, branch) in self.branches().enumerate() {
                    let plus = if skip || i > 0 { "+" } else { "" };
                    write!(f, "{plus}{branch}")?;
                }
                if !skip && branches == 0 { f.write_str("none") } else { Ok(()) }
            }
        }
    }
}

/// The text with a capital, as the three usual routes are named.
impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_string();
        let (first, rest) = text.split_at(1);
        write!(f, "{}{rest}", first.to_uppercase())
    }
}

/// The route of a text; `None` if it is not one.
fn parse(text: &str) -> Option<Route> {
    match text {
        "both" => return Some(Route::BOTH),
        "branch" => return Some(Route::BRANCH),
        _ => {}
    }
    let mut route = Route { skip: false, branches: 0 };
    for term in text.split('+') {
        let term = match term {
            "skip" => Route::SKIP,
            number => {
                let is_plain = number == "0" || !number.starts_with('0');
                let is_number = is_plain && number.bytes().all(|b| b.is_ascii_digit());
                let i: usize = number.parse().ok().filter(|_| is_number)?;
                (i < Route::MAX_BRANCHES).then(|| Route::only(i))?
            }
        };
        if route.meets(term) {
            return None;
        }
        route = route.and(term);
    }
    Some(route)
}

impl Serialize for Route {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Route {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = &["both", "skip", "branch", "terms such as skip+0+2"];
        parse(&text).ok_or_else(|| de::Error::unknown_variant(&text, expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_of_terms_has_one_text_and_comes_back_from_it() {
        let branches = |branches| Route { skip: false, branches };
        for (route, text) in [
            (Route::BOTH, "both"),
            (Route::SKIP, "skip"),
            (Route::BRANCH, "branch"),
            (Route::SKIP.and(branches(0b101)), "skip+0+2"),
            (Route::SKIP.and(branches(0b10)), "skip+1"),
            (branches(0b11), "0+1"),
            (Route::only(63), "63"),
        ] {
            assert_eq!(serde_json::to_value(route).unwrap(), text);
            assert_eq!(serde_json::from_value::<Route>(text.into()).unwrap(), route, "{text}");
        }
        assert_eq!(parse("skip+0"), Some(Route::BOTH));
        assert_eq!(parse("0"), Some(Route::BRANCH));
        assert_eq!(parse("2+skip+0"), parse("skip+0+2"));
        assert_eq!(format!("{:?} {:?}", Route::BOTH, Route::only(1)), "Both 1");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "Both", "none", "skip+", "skip+skip", "1+1", "64", "+1", "01", "both+1"] {
            assert_eq!(parse(text), None, "{text}");
        }
        let message = serde_json::from_str::<Route>("\"Both\"").unwrap_err().to_string();
        assert!(message.contains("unknown variant `Both`, expected one of `both`"), "{message}");
    }

    #[test]
    fn routes_are_sets() {
        assert_eq!(Route::first_branches(1), Route::BRANCH);
        assert_eq!(Route::first_branches(64).and(Route::SKIP), Route::EVERY);
        assert_eq!(Route::EVERY.branches().count(), Route::MAX_BRANCHES);
        assert_eq!(Route::BOTH.without(Route::BRANCH), Route::SKIP);
        assert!(Route::SKIP.without(Route::SKIP).is_empty());
        assert!(Route::SKIP.is_within(Route::BOTH) && !Route::BOTH.is_within(Route::SKIP));
        assert!(Route::BOTH.meets(Route::BRANCH) && !Route::SKIP.meets(Route::BRANCH));
    }
}

//! Names beside points, where there is room for them.

use super::layout::SMALL;
use crate::figure::canvas::{Anchor, Failure, Point, measure, px};

/// A name at its place.
#[derive(Clone, Copy)]
pub(super) struct Label<'a> {
    pub(super) text: &'a str,
    pub(super) at: Point,
    pub(super) anchor: Anchor,
}

/// Left, top, right and bottom, in drawing pixels.
type Area = [i32; 4];

/// Half the size of a point's mark, in CSS pixels.
const MARK: f64 = 6.0;
/// Half the height of a name.
const HALF: f64 = 7.5;

/// A place for the name of each point that has one, beside, above or below it, on which
/// there is neither another point nor an error bar nor another name, between these ends and
/// heights. A name without such a place is left out.
pub(super) fn place<'a>(
    points: &[(Point, &'a str)],
    bars: impl Iterator<Item = (Point, Point)>,
    (left, right): (i32, i32),
    (top, bottom): (i32, i32),
) -> Result<Vec<Label<'a>>, Failure> {
    let around = |(x, y): Point| [x - px(MARK), y - px(MARK), x + px(MARK), y + px(MARK)];
    let mut taken: Vec<Area> = points.iter().map(|(point, _)| around(*point)).collect();
    taken.extend(bars.map(|(top, bottom)| {
        [top.0 - px(3.0), top.1 - px(1.0), bottom.0 + px(3.0), bottom.1 + px(1.0)]
    }));
    let mut placed = Vec::new();
    for (point, text) in points.iter().filter(|(_, text)| !text.is_empty()) {
        // An SVG's reader may lack the font and set the name in a wider one.
        let width = (1.12 * f64::from(measure(text, SMALL)?)) as i32;
        let found = offsets().map(|(anchor, (dx, dy))| {
            let at = (point.0 + px(dx), point.1 + px(dy));
            let from = match anchor {
                Anchor::Left => at.0,
                Anchor::Middle => at.0 - width / 2,
                Anchor::Right => at.0 - width,
            };
            (anchor, at, [from, at.1 - px(HALF), from + width, at.1 + px(HALF)])
        });
        let is_free = |area: &Area| {
            area[0] >= left
                // A name beside a point on the upper edge rises above it by half its height.
                && area[1] >= top - px(HALF)
                && area[2] <= right
                && area[3] <= bottom
                && !taken.iter().any(|other| meet(area, other))
        };
        let free = { found }.find(|(_, _, area)| is_free(area));
        if let Some((anchor, at, area)) = free {
            taken.push(area);
            placed.push(Label { text, at, anchor });
        }
    }
    Ok(placed)
}

/// Where a name may stand, seen from its point: near it first.
fn offsets() -> impl Iterator<Item = (Anchor, (f64, f64))> {
    [(10.0, 15.0), (16.0, 26.0)].into_iter().flat_map(|(beside, above)| {
        let slanted = above - 3.0;
        [
            (Anchor::Left, (beside, 0.0)),
            (Anchor::Right, (-beside, 0.0)),
            (Anchor::Middle, (0.0, -above)),
            (Anchor::Middle, (0.0, above)),
            (Anchor::Left, (beside, -slanted)),
            (Anchor::Right, (-beside, -slanted)),
            (Anchor::Left, (beside, slanted)),
            (Anchor::Right, (-beside, slanted)),
        ]
    })
}

fn meet(a: &Area, b: &Area) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn area(Label { text, at, anchor }: Label) -> Area {
        let width = measure(text, SMALL).unwrap();
        let from = match anchor {
            Anchor::Left => at.0,
            Anchor::Middle => at.0 - width / 2,
            Anchor::Right => at.0 - width,
        };
        [from, at.1 - px(6.0), from + width, at.1 + px(6.0)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn names_meet_neither_points_nor_names_nor_edges(
            points in prop::collection::vec((0..1_000_i32, 0..1_000_i32), 1..30),
        ) {
            let named: Vec<_> = points.iter().map(|&point| (point, "block 37")).collect();
            let bars = points.iter().step_by(3).map(|&(x, y)| ((x, y - 200), (x, y + 100)));
            let placed = place(&named, bars.clone(), (0, 1_000), (0, 1_000)).unwrap();
            let areas: Vec<Area> = placed.iter().copied().map(area).collect();
            for (i, one) in areas.iter().enumerate() {
                prop_assert!(one[0] >= 0 && one[1] >= -px(HALF) && one[2] <= 1_000 && one[3] <= 1_000);
                prop_assert!(!areas[..i].iter().any(|other| meet(one, other)));
                let covers = |&(x, y): &Point| meet(one, &[x - px(5.0), y - px(5.0), x + px(5.0), y + px(5.0)]);
                prop_assert!(!points.iter().any(covers));
                for (top, bottom) in bars.clone() {
                    prop_assert!(!meet(one, &[top.0 - 1, top.1, bottom.0 + 1, bottom.1]));
                }
            }
        }
    }

    #[test]
    fn a_point_with_room_has_its_name_beside_it() {
        let points = [((500, 500), "a"), ((500, 900), "")];
        let placed = place(&points, std::iter::empty(), (0, 2_000), (0, 1_000)).unwrap();
        assert_eq!(placed.len(), 1);
        assert_eq!((placed[0].text, placed[0].at), ("a", (500 + px(10.0), 500)));
    }
}

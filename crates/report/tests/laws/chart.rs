//! Laws of the charts that users draw of their own data.

use proptest::prelude::*;
use record::stats::Interval;
use report::figure::{Axis, BoxPlot, Boxes, HeatMap, Key, Level, Lines, Point, Series};

fn lines(series: Vec<Series>) -> Lines {
    Lines {
        title: "Error after deleting k blocks".into(),
        subtitle: "100 draws for each k".into(),
        x: Axis::counting("deleted blocks k", 20),
        y: Axis::new("test error (%)", 0.0, 100.0),
        series,
        levels: vec![
            Level { y: 90.0, label: "chance 90 %".into(), series: None },
            Level { y: 6.0, label: "intact 6.0 %".into(), series: Some(0) },
        ],
        keys: vec![(Key::Band, "quartiles".into()), (Key::Interval, "95 % interval".into())],
        caption: "Medians over draws.".into(),
    }
}

fn pool(label: &str, slope: f64) -> Series {
    let at = |k: usize| (k as f64, 6.0 + slope * k as f64);
    let mut series = Series::new(label, (1..=20).map(at));
    let band = |(x, y): (f64, f64)| (x, Interval { low: 0.8 * y, high: 1.1 * y });
    series.band = (1..=20).map(at).map(band).collect();
    series
}

fn boxes(from: f64, to: f64, boxes: Vec<BoxPlot>) -> Boxes {
    Boxes {
        title: "Error after re-ordering".into(),
        subtitle: "1,000 orders".into(),
        x: Axis::new("Kendall's tau", from, to),
        y: Axis::new("test error (%)", 0.0, 100.0),
        label: "quartiles".into(),
        boxes,
        levels: vec![Level { y: 6.0, label: "intact".into(), series: Some(0) }],
        caption: "One box for each bin.".into(),
    }
}

#[test]
fn a_curve_has_a_mark_for_each_point_and_a_band_behind_it() {
    let figure = lines(vec![pool("all", 4.0), pool("non-boundary", 2.0)]).draw("own").unwrap();
    assert_eq!((figure.name.as_str(), figure.caption.as_str()), ("own", "Medians over draws."));
    let count = |tag: &str, color: &str| {
        let shapes = figure.svg.lines().filter(|line| line.starts_with(&format!("<{tag} ")));
        shapes.filter(|line| line.contains(color)).count()
    };
    // Each mark once more in the legend; squares and bands are polygons.
    assert_eq!((count("circle", "#0072B2"), count("polygon", "#D55E00")), (20 + 1, 20 + 1 + 1));
    assert_eq!(count("polygon", "#0072B2"), 1, "the band");
    let shapes: Vec<&str> = figure.svg.lines().filter(|line| line.starts_with('<')).collect();
    let is_band = |line: &&str| line.starts_with("<polygon ") && line.contains("#0072B2");
    let band = shapes.iter().position(is_band).unwrap();
    let is_mark = |line: &&str| line.starts_with("<circle ");
    // The legend's mark, a disc and its rim, is drawn with the frame.
    let marks = shapes.iter().enumerate().filter(|(_, line)| is_mark(line)).skip(2);
    assert!(marks.clone().count() > 0 && marks.clone().all(|(place, _)| band < place), "{band}");
    for text in ["chance 90 %", "intact 6.0 %", "deleted blocks k", "quartiles"] {
        assert!(figure.svg.contains(&format!("{text}\n</text>")), "{text}");
    }
}

#[test]
fn a_long_legend_moves_the_plot_down() {
    let long = |name: &str| pool(&name.repeat(12), 1.0);
    let height = |series| {
        let svg = lines(series).draw("own").unwrap().svg;
        let start = svg.find("height=\"").unwrap() + 8;
        svg[start..].split_once('"').unwrap().0.parse::<u32>().unwrap()
    };
    assert_eq!(height(vec![pool("a", 1.0)]), 514);
    let four = ["deleted ", "remaining ", "untouched ", "reordered "].map(long);
    assert_eq!(height(four.into()), 514 + 3 * 20);
}

#[test]
fn an_axis_may_run_backwards() {
    let plot = |x| BoxPlot::of(x, 0.02, &[10.0, 20.0, 30.0]).unwrap();
    let x_of = |from, to| {
        let svg = boxes(from, to, vec![plot(0.95), plot(0.85)]).draw("own").unwrap().svg;
        let filled = |line: &&str| line.starts_with("<polygon") && line.contains("#0072B2");
        let corner = |line: &str| {
            let points = line.split_once("points=\"").unwrap().1;
            points.split_once(',').unwrap().0.trim().parse::<i32>().unwrap()
        };
        // The first is the legend's.
        svg.lines().filter(filled).skip(1).map(corner).collect::<Vec<_>>()
    };
    let (forwards, backwards) = (x_of(0.8, 1.0), x_of(1.0, 0.8));
    assert!(forwards[0] > forwards[1] && backwards[0] < backwards[1], "{forwards:?} {backwards:?}");
}

#[test]
fn what_cannot_be_drawn_is_an_error_that_names_figure_and_number() {
    let with = |x, y, interval| {
        let mut series = pool("all", 1.0);
        series.runs[0][3] = Point { x, y, interval, diamond: false };
        lines(vec![series])
    };
    let mut level = lines(vec![pool("all", 1.0)]);
    level.levels[1].series = Some(1);
    let mut band = lines(vec![pool("all", 1.0)]);
    band.series[0].band[0].1.high = f64::INFINITY;
    let mut axis = lines(vec![pool("all", 1.0)]);
    axis.x.to = axis.x.from;
    let ends = Some(Interval { low: -1.0, high: 2.0 });
    let cases = [
        (with(4.0, f64::NAN, None), "own: all: NaN is not on axis \"test error (%)\""),
        (with(4.0, 101.0, None), "own: all: 101 is not on axis"),
        (with(21.0, 1.0, None), "own: all: 21 is not on axis \"deleted blocks k\""),
        (with(4.0, 1.0, ends), "own: all: -1 is not on axis"),
        (band, "own: all: inf is not on axis"),
        (level, "own: level \"intact 6.0 %\" belongs to series 1, but there are 1"),
        (axis, "own: axis \"deleted blocks k\" runs from 0.4 to 0.4"),
        (lines(vec![pool("all", 1.0); 5]), "own distinguishes at most 4 curves, but 5"),
    ];
    for (chart, expected) in cases {
        let message = chart.draw("own").unwrap_err().to_string();
        assert!(message.contains(expected), "expected {expected:?} in {message:?}");
    }
    let unsorted = BoxPlot { x: 0.9, width: 0.02, five: [1.0, 3.0, 2.0, 4.0, 5.0] };
    let message = boxes(1.0, 0.8, vec![unsorted]).draw("own").unwrap_err().to_string();
    assert!(message.contains("own: a box has [1.0, 3.0, 2.0, 4.0, 5.0]"), "{message}");
    assert_eq!(BoxPlot::of(0.9, 0.02, &[]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Whatever the numbers and texts: the same bytes, and texts stay text.
    #[test]
    fn charts_repeat_and_hostile_texts_stay_text(
        ys in prop::collection::vec(0.0..100.0_f64, 1..20),
        label in "[a-z<>&\"']{1,20}",
    ) {
        let points = ys.iter().enumerate().map(|(i, y)| ((i + 1) as f64, *y));
        let mut chart = lines(vec![Series::new(format!("<script>{label}"), points)]);
        chart.title = format!("<script>{label}");
        let figure = chart.draw("own").unwrap();
        prop_assert!(!figure.svg.contains("<script"));
        prop_assert!(figure.svg.contains("&lt;script&gt;"));
        prop_assert_eq!(chart.draw("own").unwrap(), figure);
        let plot = BoxPlot::of(0.9, 0.02, &ys).unwrap();
        prop_assert!(plot.five.is_sorted());
        let chart = boxes(1.0, 0.8, vec![plot]);
        prop_assert_eq!(chart.draw("own").unwrap(), chart.draw("own").unwrap());
    }
}

fn heat_map(cells: Vec<Vec<Option<f64>>>) -> HeatMap {
    HeatMap {
        title: "Pairs".into(),
        subtitle: "made up".into(),
        across: "first".into(),
        down: "second".into(),
        labels: (1..=cells.len()).map(|place| place.to_string()).collect(),
        cells,
        scale: "points".into(),
        limit: 2.0,
        ends: ["more".into(), "less".into()],
        borders: vec![1],
        caption: "A cell for each pair.".into(),
    }
}

#[test]
fn a_cell_has_the_colour_of_its_number() {
    let colors = |value: Option<f64>| {
        let svg = heat_map(vec![vec![None, None], vec![value, None]]).draw("own").unwrap().svg;
        let count = |color: &str| svg.matches(&format!("fill=\"{color}\"")).count();
        ["#0072B2", "#F2F2F0", "#D55E00"].map(count)
    };
    // No step of the scale is exactly at an end or in the middle.
    let cases = [
        (None, [0, 0, 0]),
        (Some(0.0), [0, 1, 0]),
        (Some(2.0), [0, 0, 1]),
        (Some(-2.0), [1, 0, 0]),
        (Some(7.0), [0, 0, 1]),
        (Some(1.0), [0, 0, 0]),
    ];
    for (value, expected) in cases {
        assert_eq!(colors(value), expected, "{value:?}");
    }
}

#[test]
fn the_scale_of_a_heat_map_ends_at_0_where_no_number_is_below_it() {
    let svg = |value| heat_map(vec![vec![Some(value)]]).draw("own").unwrap().svg;
    assert!(!svg(0.0).contains("#0072B2") && !svg(0.0).contains('−'));
    assert!(svg(-0.1).contains('−'));
}

#[test]
fn a_heat_map_that_cannot_be_drawn_is_refused() {
    let good = || heat_map(vec![vec![None; 3]; 3]);
    let cases = [
        (heat_map(vec![vec![None; 3]; 2]), "expected a square"),
        (heat_map(Vec::new()), "expected a square"),
        (heat_map(vec![vec![None; 4_000]; 4_000]), "expected a square"),
        (heat_map(vec![vec![Some(f64::NAN)]]), "a cell is NaN"),
        (HeatMap { limit: 0.0, ..good() }, "the limit is 0"),
        (HeatMap { limit: f64::INFINITY, ..good() }, "runs from"),
        (HeatMap { limit: -1.0, ..good() }, "the limit is -1"),
        (HeatMap { borders: vec![4], ..good() }, "before row 4 of 3"),
    ];
    for (chart, expected) in cases {
        let message = chart.draw("own").unwrap_err().to_string();
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
    // A long side leaves labels out.
    assert_eq!(
        heat_map(vec![vec![None; 52]; 52]).draw("own").unwrap().svg.matches("<text").count(),
        48
    );
}

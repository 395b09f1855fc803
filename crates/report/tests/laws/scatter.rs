//! Laws of charts of points.

use record::stats::Interval;
use report::figure::{Axis, Dot, Key, Level, Plot, Scatter};

fn dot(x: f64, y: f64) -> Dot {
    Dot { series: 0, x, y, interval: None, diamond: false, label: String::new() }
}

fn plot(dots: Vec<Dot>) -> Plot {
    Plot {
        title: "all blocks".into(),
        x: Axis::log("|f| / |y|", [0.05, 1.0]),
        y: Axis::new("points", 0.0, 10.0),
        dots,
        levels: Vec::new(),
        joined: false,
    }
}

fn scatter(plots: Vec<Plot>) -> Scatter {
    Scatter {
        title: "Does a large branch matter more?".into(),
        subtitle: "n = 2,000 test images".into(),
        series: vec!["blocks".into()],
        plots,
        keys: vec![(Key::Diamond, "boundary".into())],
        caption: "One point for each block.".into(),
    }
}

/// The horizontal places of the marks, in order, without their rims and the legend.
fn places(svg: &str) -> Vec<i32> {
    let marks = svg.lines().filter(|line| line.starts_with("<circle ") && line.contains("#0072B2"));
    let place = |line: &str| line.split_once("cx=\"").unwrap().1.split_once('"').unwrap().0.parse();
    marks.skip(1).map(|line| place(line).unwrap()).collect()
}

#[test]
fn equal_factors_lie_equally_far_apart() {
    let dots = [0.1, 0.2, 0.4, 0.8].map(|x| dot(x, 5.0));
    let found = places(&scatter(vec![plot(dots.into())]).draw("own").unwrap().svg);
    let steps: Vec<i32> = found.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(steps.len(), 3);
    assert!(steps.iter().all(|step| (step - steps[0]).abs() <= 1 && *step > 0), "{steps:?}");
}

#[test]
fn plots_lie_side_by_side_in_one_picture() {
    let one = || plot(vec![dot(0.1, 5.0)]);
    for n in 1..=3 {
        let found = places(&scatter((0..n).map(|_| one()).collect()).draw("own").unwrap().svg);
        let width = 860 * 4 / n as i32;
        for (place, x) in found.iter().enumerate() {
            assert_eq!(x / width, place as i32, "{found:?} in {n} plots");
        }
        assert_eq!(found.len(), n);
    }
}

#[test]
fn names_stand_beside_points_and_lines_join_those_of_a_series() {
    let named = Dot { label: "block <7>".into(), ..dot(0.1, 5.0) };
    let mut joined = plot(vec![named, dot(0.5, 8.0)]);
    let lines = |plot: &Plot| {
        let svg = scatter(vec![plot.clone()]).draw("own").unwrap().svg;
        assert!(svg.contains("block &lt;7&gt;"));
        // In half of the colour, and without the line of the legend.
        svg.lines().filter(|l| l.starts_with("<polyline ") && l.contains("opacity=\"0.5\"")).count()
    };
    let before = lines(&joined);
    joined.joined = true;
    assert_eq!((before, lines(&joined)), (0, 2));
}

#[test]
fn what_cannot_be_drawn_is_an_error_that_names_figure_and_number() {
    let with = |dot: Dot| scatter(vec![plot(vec![dot])]);
    let interval = Some(Interval { low: -1.0, high: 6.0 });
    let level = Level { y: 11.0, label: "chance".into(), series: None };
    let mut many = with(dot(0.1, 5.0));
    many.series = vec!["blocks".into(); 5];
    let cases = [
        (with(dot(0.0, 5.0)), "own: blocks: 0 is not on axis \"|f| / |y|\""),
        (with(dot(0.1, f64::NAN)), "own: blocks: NaN is not on axis \"points\""),
        (with(Dot { interval, ..dot(0.1, 5.0) }), "own: blocks: -1 is not on axis"),
        (with(Dot { series: 1, ..dot(0.1, 5.0) }), "belongs to series 1, but there are 1"),
        (scatter(vec![Plot { levels: vec![level], ..plot(Vec::new()) }]), "own: chance: 11"),
        (scatter(Vec::new()), "0 plots side by side, expected 1 to 3"),
        (many, "own distinguishes at most 4 curves, but 5"),
    ];
    for (chart, expected) in cases {
        let message = chart.draw("own").unwrap_err().to_string();
        assert!(message.contains(expected), "expected {expected:?} in {message:?}");
    }
}

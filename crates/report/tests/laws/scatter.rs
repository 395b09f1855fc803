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

/// Four plots lie in two rows of two, five and six in two rows of three.
#[test]
fn more_than_three_plots_lie_in_two_rows() {
    let number = |line: &str, name: &str| -> i32 {
        let text = line.split_once(&format!("{name}=\"")).unwrap().1;
        text.split_once('"').unwrap().0.parse().unwrap()
    };
    for (n, columns) in [(4, 2), (5, 3), (6, 3)] {
        let plots = (0..n).map(|_| plot(vec![dot(0.1, 5.0)])).collect();
        let svg = scatter(plots).draw("own").unwrap().svg;
        let marks = svg.lines().filter(|l| l.starts_with("<circle ") && l.contains("#0072B2"));
        let places: Vec<_> = marks.skip(1).map(|l| (number(l, "cx"), number(l, "cy"))).collect();
        assert_eq!(places.len(), n);
        for (place, (x, y)) in places.iter().enumerate() {
            assert_eq!(x / (860 * 4 / columns as i32), (place % columns) as i32, "{places:?}");
            let above = places[..place].iter().filter(|other| other.1 < *y).count();
            assert_eq!(above, if place < columns { 0 } else { columns }, "{places:?}");
        }
    }
}

/// The column `plot` of the CSV names what differs between plots.
#[test]
fn numbers_say_of_which_plot_they_are() {
    let one = |title: &str, y: &str| Plot {
        title: title.into(),
        y: Axis::new(y, 0.0, 10.0),
        ..plot(vec![dot(0.1, 5.0)])
    };
    let names = |plots| {
        let csv = scatter(plots).draw("own").unwrap().csv.unwrap();
        csv.lines().skip(1).map(|l| l.split(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(vec![one("a", "points"), one("b", "points")]), ["a", "b"]);
    assert_eq!(names(vec![one("a", "points"), one("b", "nats")]), ["points", "nats"]);
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
        (scatter(Vec::new()), "0 plots, expected 1 to 6"),
        (many, "own distinguishes at most 4 curves, but 5"),
    ];
    for (chart, expected) in cases {
        let message = chart.draw("own").unwrap_err().to_string();
        assert!(message.contains(expected), "expected {expected:?} in {message:?}");
    }
}

//! Laws of the figures: they repeat, show every number once, and stand alone.

use std::path::Path;

use crate::common::{record, resnet, vgg};
use record::Record;
use report::figure::Figure;
use report::{ReportError, study};

const BLUE: &str = "#0072B2";
const ORANGE: &str = "#D55E00";

fn fig3(records: &[&Record]) -> Result<Figure, ReportError> {
    (study::figure("fig3")?.draw)(records)
}

fn figure() -> Figure {
    fig3(&[&resnet(), &vgg()]).unwrap()
}

fn count(svg: &str, tag: &str, color: &str) -> usize {
    let shapes = svg.lines().filter(|line| line.starts_with(&format!("<{tag} ")));
    shapes.filter(|line| line.contains(&format!("fill=\"{color}\""))).count()
}

#[test]
fn the_same_records_give_the_same_bytes_on_any_thread() {
    let first = figure();
    let others: Vec<_> = (0..3).map(|_| std::thread::spawn(figure)).collect();
    for other in others {
        assert_eq!(other.join().unwrap(), first);
    }
}

#[test]
fn every_deletable_unit_has_one_mark_and_boundaries_are_diamonds() {
    let svg = figure().svg;
    // The legend shows each mark once more; boundaries are grey there.
    assert_eq!(count(&svg, "circle", BLUE), 4 + 1);
    assert_eq!(count(&svg, "polygon", BLUE), 1);
    assert_eq!(count(&svg, "polygon", ORANGE), 5 + 1);
}

#[test]
fn curves_break_where_a_unit_cannot_be_deleted() {
    let svg = figure().svg;
    let lines = svg.lines().filter(|line| {
        line.starts_with("<polyline") && line.contains(ORANGE) && line.contains("opacity=\"0.5\"")
    });
    let points: Vec<_> =
        lines.map(|line| line.split("points=\"").nth(1).unwrap().matches(',').count()).collect();
    assert_eq!(points, [2, 2, 3], "the legend's sample, layers 2 to 3, layers 5 to 7");
}

#[test]
fn the_figure_says_what_it_shows() {
    let figure = figure();
    for text in [
        "Deleting one block of resnet14 or one layer of vgg15",
        "n = 2,000 test images",
        "deleted block / layer (1-based)",
        "test error (%)",
        "resnet14 intact 10.0 %",
        "vgg15 intact 10.0 %",
        "chance 90 %",
    ] {
        assert!(figure.svg.contains(&format!("{text}\n</text>")), "{text}");
    }
    assert!(figure.caption.contains("diamonds: boundary 3."), "{}", figure.caption);
    assert!(figure.caption.contains("no mark for 1 and 4,"), "{}", figure.caption);
}

/// After a wanted change: `UPDATE_EXPECTED=1 cargo test -p report`, then look at the file.
#[test]
fn the_svg_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/fig3.svg");
    let svg = figure().svg;
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        record::atomic_write(&path, svg.as_bytes()).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    let differs = svg.lines().zip(expected.lines()).find(|(ours, committed)| ours != committed);
    assert_eq!(differs, None, "first line that differs: (ours, committed)");
    assert_eq!(svg.len(), expected.len());
}

#[test]
fn the_png_is_twice_as_large_as_the_svg_and_holds_its_colours() {
    let figure = figure();
    assert!(figure.svg.starts_with("<svg width=\"860\" height=\"514\" "));
    let mut reader = png::Decoder::new(std::io::Cursor::new(&figure.png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (1720, 1028));
    let has = |rgb: [u8; 3]| pixels.chunks_exact(3).filter(|pixel| *pixel == rgb).count();
    assert!(has([0x00, 0x72, 0xB2]) > 200);
    assert!(has([0xD5, 0x5E, 0x00]) > 200);
    assert!(has([0x1B, 0x1F, 0x24]) > 200, "the title is set in ink");
}

#[test]
fn one_network_alone_and_four_together_can_be_drawn_and_five_are_refused() {
    let names = ["resnet20", "resnet32", "resnet44", "resnet56", "resnet110"];
    let records = names.map(|name| record(name, &[("block", false, Some(300))]));
    for number in [1, 2, 3, 4] {
        let some: Vec<_> = records.iter().take(number).collect();
        assert!(fig3(&some).unwrap().svg.contains("resnet20 intact"));
    }
    let message = fig3(&records.iter().collect::<Vec<_>>()).unwrap_err().to_string();
    assert!(message.contains("at most 4 curves, but 5"), "{message}");
    let message = fig3(&[]).unwrap_err().to_string();
    assert!(
        message.contains("fig3-delete-one needs a record of the experiment delete-one"),
        "{message}"
    );
    assert!(fig3(&[&record("resnet8", &[])]).is_err(), "a network without units");
}

#[test]
fn records_of_one_network_are_labelled_apart_by_their_images() {
    let large = testkit::made_up::delete_one("resnet14", &[("a", false, Some(900))], 10_000, 700);
    let svg = fig3(&[&resnet(), &large]).unwrap().svg;
    assert!(svg.contains("resnet14 (n = 2,000) intact 10.0 %"));
    assert!(svg.contains("resnet14 (n = 10,000) intact 7.0 %"));
    assert!(svg.contains("n = 2,000 for resnet14 (n = 2,000)"));
}

#[test]
fn chance_is_that_of_the_images() {
    let mut other = resnet();
    other.key.networks[0].name = "resnet14-b".into();
    other.key.images[0].classes = 100;
    let svg = fig3(&[&resnet(), &other]).unwrap().svg;
    assert!(svg.contains("chance 90 %\n") && svg.contains("chance 99 %\n"));
}

#[test]
fn a_record_of_two_networks_is_refused_by_name() {
    let mut two = resnet();
    two.key.networks.push(two.key.networks[0].clone());
    let message = fig3(&[&two]).unwrap_err().to_string();
    assert!(message.contains("record delete-one-resnet14-2000: 2 networks"), "{message}");
}

#[test]
fn an_unknown_figure_is_an_error_that_lists_the_known() {
    let message = study::figure("fig9").unwrap_err().to_string();
    let known: Vec<&str> = study::figures().map(|figure| figure.name).collect();
    assert_eq!(message, format!("no such figure as fig9; known are {}", known.join(", ")));
}

#[test]
fn hostile_names_stay_text() {
    let svg = fig3(&[&record("<script>\"&", &[("a", true, Some(300))])]).unwrap().svg;
    assert!(!svg.contains("<script"));
    assert!(svg.contains("&lt;script&gt;"));
}

#[test]
fn both_files_are_written_under_the_figures_name() {
    let dir = tempfile::tempdir().unwrap();
    let figure = figure();
    let [svg, png] = figure.save(dir.path()).unwrap();
    assert!(svg.ends_with("fig3-delete-one.svg") && png.ends_with("fig3-delete-one.png"));
    assert_eq!(std::fs::read_to_string(svg).unwrap(), figure.svg);
    assert_eq!(std::fs::read(png).unwrap(), figure.png);
    let message = figure.save(&dir.path().join("missing")).unwrap_err().to_string();
    assert!(message.contains("missing/fig3-delete-one.svg (step create)"), "{message}");
}

//! What `reproduce` leaves, from records that are there already, so that nothing is run.

use crate::bench::{Bench, names_in, program, shipped_record};

#[test]
fn figures_page_digest_and_claims_lie_side_by_side() {
    let bench = Bench::new();
    let out = bench.path("out");
    let records = out.join("records");
    std::fs::create_dir_all(&records).unwrap();
    for network in ["resnet110", "vgg15"] {
        shipped_record(network).save(&records).unwrap();
    }
    let args = ["reproduce", "--only", "fig1,fig3", "--out", out.to_str().unwrap()];
    let output = program(&args).output().unwrap();
    let (told, warned) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
    let (told, warned) = (told.unwrap(), warned.unwrap());
    assert!(output.status.success(), "{warned}");
    assert_eq!(warned.matches("the record is up to date").count(), 2, "{warned}");
    let page = out.join("index.html");
    assert!(told.ends_with(&format!("\n{}\n", page.display())), "{told}");

    let files = ["README.md", "claims.json", "figures", "index.html", "records"];
    assert_eq!(names_in(&out), files);
    let figures = ["fig1-unravelled.png", "fig1-unravelled.svg", "fig3-delete-one.csv"];
    let figures = [&figures[..], &["fig3-delete-one.png", "fig3-delete-one.svg"]].concat();
    assert_eq!(names_in(&out.join("figures")), figures);
    let (page, digest) =
        (std::fs::read_to_string(&page), std::fs::read_to_string(out.join("README.md")));
    let (page, digest) = (page.unwrap(), digest.unwrap());
    // Nothing turns an image wrong in the made-up records: the first images, with their classes.
    assert_eq!(page.matches("<img src=\"data:image/png;base64,").count(), 16);
    assert!(
        page.contains("alt=\"Test image 0: cat\"") && page.contains("right without any one layer")
    );
    assert!(digest.contains("](figures/fig3-delete-one.png)"));
}

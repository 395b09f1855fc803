//! Bad input gets an error that names the culprit, and nothing else.

use crate::bench::{Bench, names_in, program, refusal, state};

/// The message of `eval` on the sample.
fn eval(model: &str, weights: &str, more: &[&str]) -> String {
    refusal(&[&["eval", model, "--weights", weights, "--data", "sample"], more].concat())
}

fn assert_tells(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    let message = refusal(&["eval", "resnet9"]);
    assert_tells(&message, &["unknown model \"resnet9\"", "6n + 2", "unravel models"]);
    let message = refusal(&["models", "resnet9"]);
    assert_tells(&message, &["unknown model \"resnet9\""]);
    let message = refusal(&["models", "resmet*"]);
    assert_tells(&message, &["no network fits resmet*", "unravel models"]);
    let message = refusal(&["lesion", "delete-none", "resnet8"]);
    assert_tells(&message, &["unknown experiment \"delete-none\"", "delete-one"]);
}

#[test]
fn numbers_out_of_range_are_refused() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let cases: [(&[&str], &[&str]); 13] = [
        (&["--images", "99999999999"], &["--images", "1 to 2000"]),
        (&["--threads", "20000"], &["--threads", "expected 1 to 1024"]),
        (&["--delete", "0-3"], &["--delete 0-3", "unit 3 does not exist", "units 0 to 2"]),
        (&["--delete", "layer9.0"], &["--delete layer9.0", "unravel models resnet8"]),
        (&["--images", "0"], &["--images", "0 images of cifar10-sample-test", "1 to 2000"]),
        (&["--images", "2001"], &["--images", "1 to 2000"]),
        (&["--threads", "0"], &["--threads"]),
        (&["--recalibrate", "0"], &["--recalibrate 0", "from 1 to 7"]),
        (&["--recalibrate", "8"], &["--recalibrate 8", "from 1 to 7", "1000 images"]),
        (&["--delete", "3"], &["--delete 3", "unit 3 does not exist", "units 0 to 2"]),
        (&["--delete", "1.4"], &["--delete 1.4", "does not have a branch 4"]),
        (&["--delete", "1.x"], &["--delete 1.x", "a branch of a unit such as 3.1"]),
        (&["--swap", "0:7"], &["--swap 0:7", "unit 7 does not exist"]),
    ];
    for (more, expected) in cases {
        assert_tells(&eval("resnet8", &weights, more), expected);
    }
    let sample = ["--data", "sample", "--images", "0"];
    let lesion = ["lesion", "delete-one", "resnet8", "--weights", &weights];
    assert_tells(&refusal(&[&lesion[..], &sample].concat()), &["--images", "1 to 2000"]);
    let lesion = ["lesion", "path-gradients", "resnet8", "--weights", &weights];
    assert_tells(
        &refusal(&[&lesion[..], &sample].concat()),
        &["--images", "does not use test images"],
    );
}

#[test]
fn lesions_that_the_network_does_not_admit_are_refused() {
    let bench = Bench::new();
    let (resnet, vgg) = (bench.weights("resnet14"), bench.weights("vgg15-nobn"));
    let cases: [(&str, &str, &[&str], &[&str]); 5] = [
        ("vgg15-nobn", &vgg, &["--delete", "0"], &["--delete 0", "layer1.0", "cannot be deleted"]),
        ("vgg15-nobn", &vgg, &["--recalibrate", "1"], &["--recalibrate 1", "no batch norm"]),
        ("resnet14", &resnet, &["--swap", "1:3"], &["--swap 1:3", "cannot leave its stage"]),
        ("resnet14", &resnet, &["--swap", "2:3"], &["--swap 2:3", "cannot change places"]),
        ("resnet14", &resnet, &["--swap", "1-3"], &["--swap", "two units joined by a colon"]),
    ];
    for (model, weights, more, expected) in cases {
        assert_tells(&eval(model, weights, more), expected);
    }
}

#[test]
fn weights_that_do_not_fit_are_refused_by_name() {
    let bench = Bench::new();
    let other = bench.weights("resnet14");
    let expected = ["resnet14.safetensors", "unexpected: layer1.1.bn1.bias", "another model?"];
    assert_tells(&eval("resnet8", &other, &[]), &expected);

    let whole = state("resnet8");
    let cut = bench.file("cut.safetensors", &whole[..whole.len() / 2]);
    let expected = ["cut.safetensors", "not a whole safetensors file", "copy or export it again"];
    assert_tells(&eval("resnet8", &cut, &[]), &expected);

    // The last four bytes are a number of the last tensor.
    let mut bytes = whole;
    let end = bytes.len() - 4;
    bytes[end..].copy_from_slice(&f32::NAN.to_le_bytes());
    let nan = bench.file("nan.safetensors", &bytes);
    assert_tells(&eval("resnet8", &nan, &[]), &["nan.safetensors", "is NaN in channel"]);

    let missing = bench.path("nowhere.safetensors");
    let missing = missing.to_str().unwrap();
    let expected = [missing, "neither a file of that name", "give the path"];
    assert_tells(&eval("resnet8", missing, &[]), &expected);
    assert_tells(&eval("resnet8", "no-such-name", &[]), &["data/weights/no-such-name.safetensors"]);
}

#[test]
fn plans_that_are_none_are_refused_by_name() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let cases = [
        ("", "expected JSON like"),
        ("{\"order\":[0,1,2]", "expected JSON like"),
        ("{\"order\":[0,1,2]}", "missing field `routes`"),
        ("{\"order\":[0,1,2],\"routes\":[\"both\",\"skip\",\"none\"]}", "unknown variant `none`"),
        ("{\"order\":[0,1],\"routes\":[\"both\",\"both\"]}", "for 2 units, but resnet8 has 3"),
        ("{\"order\":[0,1,1],\"routes\":[\"both\",\"both\",\"both\"]}", "unit 1 twice"),
        ("{\"order\":[1,0,2],\"routes\":[\"both\",\"both\",\"both\"]}", "cannot change places"),
    ];
    for (text, expected) in cases {
        let plan = bench.file("plan.json", text.as_bytes());
        let message = eval("resnet8", &weights, &["--plan", &plan]);
        assert_tells(&message, &["--plan", "plan.json", expected]);
    }
    let missing = bench.path("nowhere.json");
    let message = eval("resnet8", &weights, &["--plan", missing.to_str().unwrap()]);
    assert_tells(&message, &["cannot read --plan", "nowhere.json"]);
    let message = eval("resnet8", &weights, &["--plan", "plan.json", "--delete", "1"]);
    assert_tells(&message, &["--plan", "cannot be used with"]);
}

#[test]
fn a_clone_that_has_moved_is_named() {
    let mut command = program(&["models"]);
    let output = command.env("UNRAVEL_DATA", "nowhere/data").output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_tells(&message, &["nowhere/data, which is not a folder", "UNRAVEL_DATA"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn absent_or_damaged_images_are_refused_by_name() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let folder = bench.path("images");
    std::fs::create_dir(&folder).unwrap();
    let args = ["eval", "resnet8", "--weights", &weights, "--data", folder.to_str().unwrap()];
    assert_tells(&refusal(&args), &["images: no CIFAR-10 found there", "unravel data"]);
    let mistyped = ["eval", "resnet8", "--weights", &weights, "--data", "imagse"];
    assert_tells(&refusal(&mistyped), &["imagse is missing", "check the path"]);
    for name in ["train", "test", "meta"] {
        std::fs::write(folder.join(name), [0; 100]).unwrap();
    }
    assert_tells(&refusal(&args), &["images: this is CIFAR-100"]);
    std::fs::write(folder.join("test_batch.bin"), [0; 100]).unwrap();
    assert_tells(&refusal(&args), &["test_batch.bin", "100 bytes instead of 30730000"]);
}

#[test]
fn an_unusable_out_leaves_nothing_behind() {
    let bench = Bench::new();
    let weights = bench.weights("resnet8");
    let file = bench.file("taken", b"mine");
    let out = format!("{file}/records");
    let args = ["lesion", "delete-one", "resnet8", "--weights", &weights, "--out", &out];
    let message = refusal(&[&args[..], &["--data", "sample", "--images", "2"]].concat());
    assert_tells(&message, &["--out", "cannot make the folder", &out]);
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    assert_eq!(names_in(bench.path("").as_path()), ["resnet8.safetensors", "taken"]);
}

#[test]
fn reproduce_refuses_what_it_cannot_make_before_it_makes_anything() {
    let bench = Bench::new();
    let file = bench.file("taken", b"mine");
    let below = format!("{file}/out");
    let fresh = bench.path("out");
    let fresh = fresh.to_str().unwrap();
    let cases: [(&[&str], &[&str]); 5] = [
        (&["--only", "fig99", "--out", fresh], &["--only fig99", "known are fig1, fig2, fig3"]),
        (&["--full", "--data", "sample", "--out", fresh], &["--full", "--data sample"]),
        (&["--data", &file, "--out", fresh], &["taken: not a sound", "archive"]),
        (&["--threads", "0", "--out", fresh], &["--threads"]),
        (&["--out", &below], &["cannot create", &below, "--out"]),
    ];
    for (args, expected) in cases {
        assert_tells(&refusal(&[&["reproduce"], args].concat()), expected);
    }
    assert_eq!(names_in(bench.path("").as_path()), ["taken"]);
}

#[test]
fn train_refuses_what_it_cannot_do_before_it_writes_anything() {
    let bench = Bench::new();
    let file = bench.file("taken", b"mine");
    let below = format!("{file}/run");
    let fresh = bench.path("run");
    let fresh = fresh.to_str().unwrap();
    let cases: [(&[&str], &[&str]); 9] = [
        (&["resnet8", "--epochs", "4000000000", "--out", fresh], &["4000000000", "at most 100000"]),
        (&["resnet9", "--out", fresh], &["unknown model \"resnet9\""]),
        (
            &["resnet8", "--recipe", "magic", "--out", fresh],
            &["unknown recipe \"magic\"", "he2015"],
        ),
        (&["resnet8", "--epochs", "0", "--out", fresh], &["0 epochs"]),
        (&["resnet8", "--paths", "some", "--out", fresh], &["\"some\"", "stochastic-depth:P"]),
        (&["resnet8", "--paths", "subset:4", "--out", fresh], &["--paths subset:4", "1 to 3"]),
        (&["vgg15", "--paths", "subset:4", "--out", fresh], &["--paths subset:4", "has no skip"]),
        (&["resnet8", "--data", &file, "--out", fresh], &["taken: not a sound", "archive"]),
        (&["resnet8", "--out", &below], &["cannot create the folder", &below, "--out"]),
    ];
    for (args, expected) in cases {
        let sample: &[&str] = if args.contains(&"--data") { &[] } else { &["--data", "sample"] };
        assert_tells(&refusal(&[&["train"], args, sample].concat()), expected);
    }
    assert_eq!(names_in(bench.path("").as_path()), ["taken"]);
}

#[test]
fn an_unknown_simd_level_is_an_error_and_an_empty_one_is_none() {
    let run = |level: &str| program(&["models"]).env("UNRAVEL_SIMD", level).output().unwrap();
    for level in ["sse9", "AVX2", "avx2 ", " "] {
        let output = run(level);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        let stated = format!("UNRAVEL_SIMD={level:?}");
        assert_tells(&message, &[&stated, "avx512, avx2 or portable"]);
    }
    assert!(run("").status.success());
}

#[test]
fn absurd_options_of_experiments_are_refused_before_anything_runs() {
    let bench = Bench::new();
    let weights = bench.weights("resnet14");
    let cases: [(&str, &[&str], &[&str]); 7] = [
        ("delete-many", &["--draws", "1000000000"], &["draws", "the most is 200000"]),
        ("delete-many", &["--draws", "1e9"], &["draws", "expected usize"]),
        ("delete-many", &["--folds", "1000000000"], &["folds", "number of images"]),
        ("reorder", &["--draws", "1000000000"], &["draws", "the most is 200000"]),
        ("reorder", &["--max-swaps", "1000000000"], &["the most is 200000"]),
        ("path-gradients", &["--paths", "1000000000"], &["paths", "expected 1 to 100000"]),
        ("path-gradients", &["--batches", "1000000000"], &["batches", "expected 1 to"]),
    ];
    for (experiment, more, expected) in cases {
        let args = ["lesion", experiment, "resnet14", "--weights", &weights, "--data", "sample"];
        assert_tells(&refusal(&[&args[..], more].concat()), expected);
    }
}

/// On Unix a path is any bytes: it is found where it exists, and named where it does not.
#[cfg(unix)]
#[test]
fn paths_need_not_be_utf8() {
    use std::os::unix::ffi::OsStrExt as _;
    let bench = Bench::new();
    let path = |name: &str| {
        bench.path("").join(std::ffi::OsStr::from_bytes(&[name.as_bytes(), b"-\xff"].concat()))
    };
    std::fs::write(path("weights"), state("resnet8")).unwrap();
    std::fs::write(path("plan"), r#"{"order":[0,1,2],"routes":["both","skip","both"]}"#).unwrap();
    let out = path("out");
    let run = |args: &[&str], paths: &[(&str, &std::path::Path)]| {
        let mut command = program(args);
        for (option, path) in paths {
            command.arg(option).arg(path);
        }
        let output = command.output().unwrap();
        (
            output.status.success(),
            output.stdout,
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let few = ["--data", "sample", "--images", "2"];
    let with = |start: &[&'static str]| [start, &few[..]].concat();
    let weights = ("--weights", &*path("weights"));
    for (args, more) in [
        (with(&["eval", "resnet8"]), ("--plan", &*path("plan"))),
        (with(&["lesion", "delete-one", "resnet8"]), ("--out", &*out)),
        (with(&["lesion", "plans", "resnet8"]), ("--plans", &*path("plan"))),
    ] {
        let (succeeds, _, told) = run(&args, &[weights, more]);
        assert!(succeeds, "{args:?}: {told}");
    }
    assert_eq!(names_in(&out).len(), 2);
    let (missing, fresh) = (path("missing"), bench.path("fresh"));
    for (args, option) in [
        (&["eval", "resnet8", "--data", "sample"][..], "--weights"),
        (&["eval", "resnet20"], "--data"),
        (&["data", "--dir", fresh.to_str().unwrap()], "--from"),
        (&["lesion", "training-log"], "--log"),
    ] {
        let (succeeds, _, told) = run(args, &[(option, &missing)]);
        assert!(!succeeds && told.contains("missing-\u{fffd}"), "{args:?}: {told}");
    }
    let train = ["train", "resnet8", "--data", "sample", "--epochs", "1"];
    let (succeeds, printed, told) = run(&train, &[("--out", &path("run"))]);
    assert!(succeeds, "{told}");
    let weights = path("run").join("final.safetensors");
    assert_eq!(printed, [weights.as_os_str().as_bytes(), b"\n"].concat());
}

#[test]
fn a_training_that_starts_afresh_under_resume_says_so() {
    let bench = Bench::new();
    let out = bench.path("run");
    let train = |epochs: &str| {
        let args =
            ["train", "resnet8", "--data", "sample", "--epochs", epochs, "--resume", "--out"];
        let output = program(&args).arg(&out).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (succeeds, told) = train("1");
    assert!(succeeds);
    assert_tells(&told, &["--resume: ", "run does not exist", "STARTS AFRESH"]);
    let (succeeds, told) = train("1");
    assert!(succeeds && !told.contains("AFRESH"), "{told}");
    let (succeeds, told) = train("2");
    assert!(!succeeds);
    assert_tells(&told, &["training over 1 epochs", "--epochs 1", "learning rate", "--out"]);
}

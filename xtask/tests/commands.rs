//! The driver has the commands of `unravel` under its own name.

use std::process::Command;

fn xtask(args: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn it_lists_them_beside_its_own() {
    let (help, _) = xtask(&["--help"]);
    assert!(help.contains("Usage: cargo xtask <COMMAND>"), "{help}");
    for command in
        ["reproduce", "data", "train", "eval", "lesion", "models", "doctor", "test", "ci"]
    {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not in {help}");
    }
    assert!(xtask(&["eval", "--help"]).0.contains("Usage: cargo xtask eval [OPTIONS] <MODEL>"));
}

#[test]
fn messages_name_commands_as_the_user_types_them() {
    for (args, expected) in [
        (&["models", "resnet9"][..], "`cargo xtask models` lists them"),
        (&["eval", "resnet8"], "train them: cargo xtask train resnet8"),
        (&["lesion", "delete-one"], "which network? cargo xtask lesion delete-one MODEL"),
    ] {
        let (_, message) = xtask(args);
        assert!(message.starts_with("error: ") && message.contains(expected), "{message}");
    }
}

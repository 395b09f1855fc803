//! Normalisations in files.

use tensor::Normalisation;

#[test]
fn a_normalisation_survives_json() {
    let json = serde_json::to_string(&Normalisation::IMAGENET).unwrap();
    assert_eq!(json, r#"{"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]}"#);
    assert_eq!(serde_json::from_str::<Normalisation>(&json).unwrap(), Normalisation::IMAGENET);
}

#[test]
fn files_are_checked_too() {
    let json = r#"{"mean":[0.5,0.5,0.5],"std":[0.2,0,0.2]}"#;
    let message = serde_json::from_str::<Normalisation>(json).unwrap_err().to_string();
    assert!(message.contains("deviations [0.2, 0.0, 0.2]"), "{message}");
    // Whether JSON or the check refuses it depends on how JSON reads numbers.
    let too_large = r#"{"mean":[0.5,1e60,0.5],"std":[0.2,0.2,0.2]}"#;
    assert!(serde_json::from_str::<Normalisation>(too_large).is_err());
}

//! What a study adds to the page.

use maud::Markup;

/// The parts that a study adds to the page.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// What came out, in words, at the top.
    pub finding: Option<Finding>,
    /// The details, below figures and claims.
    pub section: Option<Section>,
}

/// A finding, computed from the records.
#[derive(Clone, Debug)]
pub struct Finding {
    /// One sentence for each network or comparison.
    pub headline: Vec<String>,
    /// What the numbers of the headline are.
    pub lead: String,
    /// Tiles with the numbers behind it.
    pub tiles: Vec<Markup>,
}

/// A section with tables.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its address within the page.
    pub id: &'static str,
    /// Its title, also in the navigation.
    pub title: &'static str,
    /// Everything below the title.
    pub body: Markup,
}

//! What was assumed, chosen and changed when weights were loaded.

use models::{Arch, Loaded, Origin};
use nn::op::EPSILON;
use record::stats::wilson;

use crate::Subject;

/// How the weights of a network became what they are here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loading {
    /// Conventions of the training that neither the file nor anybody else states, in words.
    pub assumed: Vec<String>,
    /// Conventions that were chosen from outside.
    pub given: Vec<String>,
    /// What was renamed, cast, chosen or left out.
    pub notes: Vec<String>,
}

/// The error above which the weights of an unknown training are doubted: the networks here
/// err on 5 to 15 % of CIFAR-10 when they are trained.
const DOUBTFUL: f64 = 0.25;
/// How much above its stated error a network's may be.
const TOLERATED: f64 = 0.03;

impl Loading {
    pub(crate) fn of(arch: Arch, loaded: &Loaded, shortcut_given: bool) -> Loading {
        let mut loading = Loading { notes: loaded.notes.clone(), ..Loading::default() };
        let (normalisation, origin) = loaded.normalisation;
        let said = format!("normalisation {normalisation}");
        match origin {
            Origin::Given => loading.given.push(said),
            Origin::Stated => {}
            Origin::Assumed => loading.assumed.push(said),
        }
        // The file states it where it has weights of it.
        let shortcut = Arch::parse(&loaded.model.name).ok().and_then(Arch::shortcut);
        if let Some(shortcut) = shortcut {
            let said = format!("shortcut {shortcut}");
            match (shortcut_given, &loaded.metadata) {
                (true, _) => loading.given.push(said),
                (false, None) if loaded.model.name == arch.to_string() => {
                    loading.assumed.push(said);
                }
                (false, _) => {}
            }
        }
        if loaded.metadata.is_none() {
            if loaded.model.params.iter().any(|(_, param)| !param.is_trained) {
                loading.assumed.push(format!("batch-norm eps {EPSILON:e}"));
            }
            loading.assumed.push("channels red, green, blue".to_owned());
            loading.assumed.push("classes in the order of CIFAR-10".to_owned());
        }
        loading
    }

    /// All conventions that the file does not state, on one line; `None` if it states all.
    pub fn conventions(&self) -> Option<String> {
        let part = |what: &str, list: &[String]| {
            (!list.is_empty()).then(|| format!("{what} {}", list.join(", ")))
        };
        let parts: Vec<String> = [part("given", &self.given), part("assumed", &self.assumed)]
            .into_iter()
            .flatten()
            .collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// What was done to the file's tensors, on one line; `None` if nothing was.
    pub fn changes(&self) -> Option<String> {
        (!self.notes.is_empty()).then(|| self.notes.join("; "))
    }

    /// Whether something about the weights is not stated by themselves.
    pub fn is_doubtful(&self) -> bool {
        !self.assumed.is_empty() || !self.given.is_empty()
    }
}

impl Subject {
    /// Says that the error of the intact network is far from what can be expected: from the
    /// error that its weights state, or 25 % where they state none. `None` if it is not, or if
    /// the weights state all conventions themselves.
    ///
    /// An error counts as far if the lower end of its 95 % interval is.
    pub fn doubt(&self, wrong: u64, images: u64) -> Option<String> {
        if !self.loading.is_doubtful() {
            return None;
        }
        let (limit, reason) = match self.weights.test_error {
            Some(stated) => {
                (stated + TOLERATED, format!("its weights state {:.1} %", 100.0 * stated))
            }
            None => (DOUBTFUL, "trained networks of this kind err on 5 to 15 %".to_owned()),
        };
        (wilson(wrong, images).low > limit).then(|| {
            format!(
                "the intact network errs on {:.1} % of {images} images, but {reason}; if it is \
                 trained, its training had other conventions: try them with eval \
                 --try-conventions, then say them with --normalisation and --shortcut",
                100.0 * wrong as f64 / images as f64
            )
        })
    }
}

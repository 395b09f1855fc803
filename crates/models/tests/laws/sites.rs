//! What values inside units may be read and replaced, and what that changes.

use std::collections::BTreeSet;
use std::ops::Range;

use models::{Model, Place, Plan, Route, Site, Sites, Visit};
use nn::{Mode, Pass, Tape, Var};
use tensor::{Scalar, Tensor};

use crate::common::{arch, bits, images, lived_in};

/// Reads every value that is shown.
#[derive(Default)]
struct ReadsAll<T: Scalar>(Vec<(Site, Range<usize>, Tensor<T>)>);

impl<T: Scalar> Sites<T> for ReadsAll<T> {
    fn wants(&self, _: Site) -> bool {
        true
    }

    fn at(&mut self, site: Site, visit: &Visit<'_>, value: &Var<T>) -> Option<Tensor<T>> {
        assert_eq!(visit.plans, [0]);
        self.0.push((site, visit.images.clone(), value.value().clone()));
        None
    }
}

/// Puts something in the place of one value.
struct Replaces<F>(Site, F);

impl<T: Scalar, F: Fn(&Tensor<T>) -> Tensor<T>> Sites<T> for Replaces<F> {
    fn wants(&self, site: Site) -> bool {
        site == self.0
    }

    fn at(&mut self, _: Site, _: &Visit<'_>, value: &Var<T>) -> Option<Tensor<T>> {
        Some((self.1)(value.value()))
    }
}

fn site(unit: usize, place: Place) -> Site {
    Site { unit, place }
}

fn networks<T: Scalar>() -> impl Iterator<Item = Model<T>> {
    ["resnet14", "resnet14-v1", "vgg15", "plain8", "highway"]
        .into_iter()
        .map(|name| lived_in(arch(name).build(5), 5))
}

fn run<T: Scalar>(model: &Model<T>, mode: Mode, plan: &Plan, sites: &mut dyn Sites<T>) -> Vec<u64> {
    let mut pass = Pass::new(Tape::off(), mode, &model.params);
    let x = pass.tape.constant(images(2, 3, 32));
    bits(model.forward_at(&mut pass, &x, plan, sites).value())
}

fn unread<T: Scalar>(model: &Model<T>, mode: Mode, plan: &Plan) -> Vec<u64> {
    let mut pass = Pass::new(Tape::off(), mode, &model.params);
    let x = pass.tape.constant(images(2, 3, 32));
    bits(model.forward(&mut pass, &x, plan).value())
}

#[test]
fn reading_changes_no_bit() {
    for model in networks::<f32>() {
        let id = model.units.iter().rposition(models::Unit::is_deletable).unwrap();
        let plan = Plan::intact(&model).delete(&model, id).unwrap();
        let read = run(&model, Mode::Eval, &plan, &mut ReadsAll::default());
        assert!(read == unread(&model, Mode::Eval, &plan), "{}", model.name);
    }
    for model in networks::<f64>() {
        let plan = Plan::intact(&model);
        for mode in [Mode::Eval, Mode::Train] {
            let read = run(&model, mode, &plan, &mut ReadsAll::default());
            assert!(read == unread(&model, mode, &plan), "{} {mode:?}", model.name);
        }
    }
}

#[test]
fn each_taken_term_is_shown_once_and_in_order() {
    let places = |name: &str, id: usize, route: Option<Route>| -> Vec<Place> {
        let model: Model<f32> = lived_in(arch(name).build(5), 5);
        let mut plan = Plan::intact(&model);
        plan.routes[id] = route.unwrap_or(plan.routes[id]);
        let mut read = ReadsAll::default();
        run(&model, Mode::Eval, &plan, &mut read);
        read.0.iter().filter(|(site, ..)| site.unit == id).map(|(site, ..)| site.place).collect()
    };
    use Place::{Branch, Gate, Input, Output, Skip};
    for (name, id, route, expected) in [
        ("resnet8", 1, None, &[Input, Skip, Branch(0), Output][..]),
        ("resnet8", 1, Some(Route::SKIP), &[Input, Skip, Output]),
        ("resnet8-v1", 1, Some(Route::BRANCH), &[Input, Branch(0), Output]),
        ("plain8", 0, None, &[Input, Branch(0), Output]),
        ("highway", 0, None, &[Input, Skip, Branch(0), Gate, Output]),
        ("highway", 0, Some(Route::SKIP), &[Input, Skip, Output]),
    ] {
        assert_eq!(places(name, id, route), expected, "{name}, {route:?}");
    }
}

/// The values are those of the definition: `y = s + h`, `y = t h + (1 - t) s`.
#[test]
fn what_is_read_is_what_the_unit_adds() {
    for name in ["resnet14", "highway"] {
        let model: Model<f64> = lived_in(arch(name).build(5), 5);
        let mut read = ReadsAll::default();
        run(&model, Mode::Eval, &Plan::intact(&model), &mut read);
        let value = |place| {
            let at = |(found, ..): &&(Site, Range<usize>, Tensor<f64>)| *found == site(2, place);
            read.0.iter().find(at).map(|(.., value)| value.as_slice())
        };
        let [s, h, y] = [Place::Skip, Place::Branch(0), Place::Output].map(|p| value(p).unwrap());
        for i in 0..y.len() {
            let expected = match value(Place::Gate) {
                Some(t) => (1.0 - t[i]) * s[i] + t[i] * h[i],
                None => s[i] + h[i],
            };
            assert_eq!(y[i], expected, "{name} at {i}");
        }
    }
}

#[test]
fn images_come_in_order_through_an_evaluation_in_parts() {
    let model: Model<f32> = lived_in(arch("resnet14").build(5), 5);
    let plan = Plan::intact(&model);
    let mut pass = Pass::eval(&model.params);
    // More than go through the first stage at once.
    let x = pass.tape.constant(images(2, 20, 32));
    let h = model.forward_stem(&mut pass, &x);
    let mut read = ReadsAll::default();
    let visit = Visit { images: 100..120, plans: &[0] };
    let y = model.eval_units_at(&mut pass, h.clone(), &plan.order, &plan, &mut read, &visit);
    assert_eq!(bits(y.value()), bits(model.eval_units(&mut pass, h, &plan.order, &plan).value()));
    let sites: BTreeSet<Site> = read.0.iter().map(|(site, ..)| *site).collect();
    assert_eq!(sites.len(), 6 * 4);
    let mut fewest = 20;
    for site in sites {
        let mut next = 100;
        for (_, images, value) in read.0.iter().filter(|(found, ..)| *found == site) {
            assert_eq!((images.start, images.len()), (next, value.dims()[0]), "{site:?}");
            (next, fewest) = (images.end, fewest.min(images.len()));
        }
        assert_eq!(next, 120, "{site:?}");
    }
    assert!(fewest < 20, "every stage took all images at once");
}

#[test]
fn a_replacement_is_what_all_that_follows_sees() {
    let zero = |value: &Tensor<f32>| Tensor::zeros(value.shape());
    for model in networks::<f32>() {
        let intact = Plan::intact(&model);
        let before = unread(&model, Mode::Eval, &intact);
        for place in [Place::Input, Place::Branch(0), Place::Output] {
            let after = run(&model, Mode::Eval, &intact, &mut Replaces(site(2, place), zero));
            assert!(after != before, "{}, {place:?}", model.name);
        }
        let same = |value: &Tensor<f32>| value.clone();
        let after = run(&model, Mode::Eval, &intact, &mut Replaces(site(2, Place::Output), same));
        assert!(after == before, "{}: the same value in its place", model.name);
    }
}

#[test]
fn a_branch_of_zeros_is_a_deletion_and_so_is_a_closed_gate() {
    let zero = |value: &Tensor<f64>| Tensor::zeros(value.shape());
    for (name, place) in [
        ("resnet14", Place::Branch(0)),
        ("resnet14-v1", Place::Branch(0)),
        ("highway", Place::Gate),
    ] {
        let model: Model<f64> = lived_in(arch(name).build(5), 5);
        let intact = Plan::intact(&model);
        let deleted = unread(&model, Mode::Eval, &intact.clone().delete(&model, 3).unwrap());
        let silenced = run(&model, Mode::Eval, &intact, &mut Replaces(site(3, place), zero));
        assert!(silenced == deleted, "{name}");
    }
    let model: Model<f64> = lived_in(arch("highway").build(5), 5);
    let intact = Plan::intact(&model);
    let one = |value: &Tensor<f64>| Tensor::full(value.shape(), 1.0);
    let mut branch = intact.clone();
    branch.routes[3] = Route::BRANCH;
    let open = run(&model, Mode::Eval, &intact, &mut Replaces(site(3, Place::Gate), one));
    // An open gate adds nothing to the branch, but -0 becomes 0.
    let values = |bits: Vec<u64>| -> Vec<f64> { bits.into_iter().map(f64::from_bits).collect() };
    assert_eq!(values(open), values(unread(&model, Mode::Eval, &branch)));
}

#[test]
#[should_panic(
    expected = "unit 2, Output: a value of shape [1] cannot replace one of [3, 16, 16, 32]"
)]
fn a_replacement_has_the_shape_of_what_it_replaces() {
    let model: Model<f32> = arch("resnet14").build(5);
    let other = |_: &Tensor<f32>| Tensor::zeros([1]);
    let mut sites = Replaces(site(2, Place::Output), other);
    run(&model, Mode::Eval, &Plan::intact(&model), &mut sites);
}

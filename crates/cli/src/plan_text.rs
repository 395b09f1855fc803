//! Plans in words, as the options of `eval` call them.

use models::{Model, Plan, Route};

/// What the plan changes, for instance `delete 3, 7`, or `intact`.
pub(crate) fn described(plan: &Plan, model: &Model<f32>) -> String {
    let intact = Plan::intact(model);
    let changed = || {
        let routes = plan.routes.iter().zip(&intact.routes).enumerate();
        routes.filter(|(_, (now, before))| now != before)
    };
    let deleted = changed().flat_map(|(id, (now, before))| {
        if *now == Route::SKIP {
            return vec![id.to_string()];
        }
        // Of several branches some; of one branch none.
        let gone = before.without(*now).branches();
        gone.map(|branch| format!("{id}.{branch}")).collect()
    });
    let alone = changed().filter(|(_, (now, before))| before.skip && !now.skip);
    let alone = alone.map(|(id, _)| id.to_string()).collect();
    let moved = plan.order.iter().enumerate().filter(|&(place, &id)| place != id);
    let moved: Vec<String> = if plan.repeats {
        vec![format!("units in the order {:?}", plan.order)]
    } else {
        moved.map(|(place, id)| format!("{id} to place {place}")).collect()
    };
    let said: Vec<String> =
        [("delete", deleted.collect()), ("branch alone of", alone), ("move", moved)]
            .into_iter()
            .filter(|(_, which)| !which.is_empty())
            .map(|(what, which)| format!("{what} {}", which.join(", ")))
            .collect();
    if said.is_empty() { "intact".to_owned() } else { said.join("; ") }
}

#[cfg(test)]
mod tests {
    use models::build::{conv, global_average, linear};
    use models::{Arch, ModelBuilder, UnitSpec};

    use super::*;

    #[test]
    fn what_differs_from_the_intact_network_is_said() {
        let resnet = Arch::parse("resnet14").unwrap().build(0);
        let vgg = Arch::parse("vgg15").unwrap().build(0);
        let mut net = ModelBuilder::for_cifar(0);
        let two = UnitSpec::residual([conv("a", 3, 3)]).branch([conv("b", 3, 3)]);
        net.unit("unit0", 0, two);
        let two = net.finish("two", "block", [global_average(), linear("linear", 10)]);
        let plan = Plan::intact(&resnet);
        let mut branch = plan.clone().delete(&resnet, 5).unwrap();
        branch.routes[2] = Route::BRANCH;
        let cases = [
            (&resnet, plan.clone(), "intact"),
            (&resnet, plan.clone().delete(&resnet, 3).unwrap(), "delete 3"),
            (&resnet, branch, "delete 5; branch alone of 2"),
            (&resnet, plan.swap(&resnet, 0, 1).unwrap(), "move 1 to place 0, 0 to place 1"),
            // The branch of a plain layer is the intact layer.
            (&vgg, Plan::intact(&vgg), "intact"),
            (&vgg, Plan::intact(&vgg).delete(&vgg, 13).unwrap(), "delete 13"),
            (&two, Plan::intact(&two).delete_branch(&two, 0, 1).unwrap(), "delete 0.1"),
        ];
        for (model, plan, expected) in cases {
            assert_eq!(described(&plan, model), expected);
        }
    }
}

//! Families whose blocks are not two convolutions with their norms.

use models::{Plan, Route};
use nn::{Var, op};

use super::Net;

impl Net<'_> {
    pub(super) fn bottleneck(&mut self, x: Var<f64>, plan: &Plan) -> Var<f64> {
        let mut x = self.conv("conv1", &x, 1);
        for &id in &plan.order {
            let (block, route) = (self.model.units[id].name.clone(), plan.routes[id]);
            let is_boundary = block.ends_with(".0");
            let stride = if is_boundary && !block.starts_with("layer1") { 2 } else { 1 };
            let mut c = x.clone();
            if is_boundary || route.has_branch() {
                c = self.norm_relu(&format!("{block}.bn1"), &x);
            }
            if is_boundary && route.skip {
                x = self.conv(&format!("{block}.shortcut"), &c, stride);
            }
            if route.has_branch() {
                let h = self.conv(&format!("{block}.conv1"), &c, stride);
                let h = self.norm_relu(&format!("{block}.bn2"), &h);
                let h = self.conv(&format!("{block}.conv2"), &h, 1);
                let h = self.norm_relu(&format!("{block}.bn3"), &h);
                let h = self.conv(&format!("{block}.conv3"), &h, 1);
                x = self.chosen(x, h, id, route);
            }
        }
        let h = self.norm_relu("bn", &x);
        let h = op::global_average(self.tape, &h);
        self.linear("linear", &h)
    }

    pub(super) fn resnext(&mut self, x: Var<f64>, plan: &Plan) -> Var<f64> {
        let x = self.conv("conv1", &x, 1);
        let mut x = self.norm_relu("bn1", &x);
        for &id in &plan.order {
            let (block, route) = (self.model.units[id].name.clone(), plan.routes[id]);
            let is_boundary = block.ends_with(".0");
            let stride = if is_boundary && !block.starts_with("layer1") { 2 } else { 1 };
            let mut skip = x.clone();
            if is_boundary && route.skip {
                let h = self.conv(&format!("{block}.shortcut.0"), &x, stride);
                skip = self.norm(&format!("{block}.shortcut.1"), &h);
            }
            let y = if route.has_branch() {
                let h = self.conv(&format!("{block}.conv1"), &x, 1);
                let h = self.norm_relu(&format!("{block}.bn1"), &h);
                let h = self.grouped(&format!("{block}.conv2"), &h, stride);
                let h = self.norm_relu(&format!("{block}.bn2"), &h);
                let h = self.conv(&format!("{block}.conv3"), &h, 1);
                let h = self.norm(&format!("{block}.bn3"), &h);
                self.chosen(skip, h, id, route)
            } else {
                skip
            };
            x = self.kinks.relu(self.tape, &y);
        }
        let h = op::global_average(self.tape, &x);
        self.linear("linear", &h)
    }

    /// A convolution that reads as many channels a group as its weights have.
    fn grouped(&mut self, name: &str, x: &Var<f64>, stride: usize) -> Var<f64> {
        let weight = self.param(&format!("{name}.weight")).expect("a convolution has weights");
        let [kernel, _, of_a_group, _] = weight.value().shape().nhwc("weights");
        let groups = x.value().shape().channels() / of_a_group;
        op::grouped_conv2d(self.tape, x, &weight, groups, stride, kernel / 2)
    }

    pub(super) fn identity(&mut self, x: Var<f64>, plan: &Plan) -> Var<f64> {
        let mut x = self.conv("conv1", &x, 1);
        for &id in &plan.order {
            let (block, route) = (self.model.units[id].name.clone(), plan.routes[id]);
            let is_boundary = block.ends_with(".0") && !block.starts_with("layer1");
            let mut skip = x.clone();
            if is_boundary && route.skip {
                let width = 2 * x.value().shape().channels();
                skip = op::average_pool(self.tape, &x, 2, 2);
                skip = op::shortcut(self.tape, &skip, [0, width], 1);
            }
            if route == Route::SKIP {
                x = skip;
                continue;
            }
            let h = self.conv(&format!("{block}.conv1"), &x, if is_boundary { 2 } else { 1 });
            let h = self.kinks.relu(self.tape, &h);
            let h = self.conv(&format!("{block}.conv2"), &h, 1);
            x = self.chosen(skip, h, id, route);
        }
        let h = op::global_average(self.tape, &x);
        // The classifier is not trained, so it is not among the inputs.
        let params = &self.model.params;
        let weight = params.find("linear.weight").expect("a classifier has weights");
        let weight = self.tape.input(params.value(weight).clone());
        op::linear(self.tape, &h, &weight)
    }
}

//! The chapters of the page: the paper's argument in the paper's own order, as data.

/// One step of the argument.
#[derive(Clone, Copy, Debug)]
pub struct Chapter {
    /// Its address within the page.
    pub id: &'static str,
    /// Its title, also in the list of contents.
    pub title: &'static str,
    /// What the paper claims, and where.
    pub claimed: &'static str,
    /// What is done here.
    pub done: &'static str,
    /// Names of the studies that it shows, in order.
    pub studies: &'static [&'static str],
}

/// The chapters in order. Studies of one's own that are in none of them follow in a last
/// one, so nothing is left out; those of this version each have their place here.
pub const CHAPTERS: &[Chapter] = &[
    Chapter {
        id: "view",
        title: "The unravelled view",
        claimed: "A block adds a function of its input to its input. Written out, a network of n \
                  such blocks is a collection of 2^n paths of different lengths, and the paper \
                  proposes to see it that way (section 3, figures 1 and 2).",
        done: "Nothing is measured in this chapter. The two diagrams say what a path is, and which \
               paths a deletion leaves.",
        studies: &["unravelled"],
    },
    Chapter {
        id: "single",
        title: "One block deleted",
        claimed: "If the paths do not depend strongly on each other, a network should hardly notice \
                  the loss of a single block. The paper finds that for residual networks, except \
                  for modest peaks at the downsampling blocks, while a VGG network falls to chance \
                  without any one of its layers (section 4.1, figures 3 and 4).",
        done: "Every unit of a trained network is deleted in turn, nothing is trained again, and the \
               test error is measured on the same images, so that differences have paired \
               intervals.",
        studies: &["delete-one", "delete-one-recalibrated", "gallery"],
    },
    Chapter {
        id: "many",
        title: "Many blocks deleted",
        claimed: "When an ensemble loses members, its error grows smoothly. The paper finds a smooth \
                  growth with the number of deleted blocks and takes it as a sign that the paths \
                  behave like an ensemble (section 4.2, figure 5a).",
        done: "Random sets of blocks of every size are deleted. Beside the network stands an \
               ensemble in the plain sense, of networks trained separately, that loses members.",
        studies: &["delete-many", "ensemble"],
    },
    Chapter {
        id: "order",
        title: "Blocks in another order",
        claimed: "Swapping blocks removes paths and makes new ones that the network was never \
                  trained with. The paper finds that the error grows smoothly with the disorder \
                  (section 4.3, figure 5b).",
        done: "Pairs of blocks of one stage are swapped at random, one swap after the other. \
               Kendall's tau measures how much of the order is left.",
        studies: &["reorder"],
    },
    Chapter {
        id: "short",
        title: "Short paths carry the gradient",
        claimed: "Most paths are of medium length, but the gradient along a path shrinks \
                  exponentially with its length. Their product says that training works on short \
                  paths, of 5 to 17 of 54 blocks, and training with only so many blocks at a time \
                  does as well (section 5, figure 6). Deletions take mostly long paths away, by which \
                  the paper explains that they do little harm (section 6, figure 7).",
        done: "Lengths are counted exactly. Gradients are measured along single random paths, as in \
               the paper, and besides for all paths of a length together, which the paper could \
               only estimate by a product. Networks are trained on a random part of their blocks.",
        studies: &["path-lengths", "path-gradients", "effective-paths"],
    },
    Chapter {
        id: "random-depth",
        title: "Stochastic depth",
        claimed: "Training with randomly dropped blocks makes a network only slightly more robust to \
                  deletions; it is the dependence on the downsampling blocks that falls (section 6, \
                  figure 8).",
        done: "Single deletions in two networks of one architecture, trained with and without \
               stochastic depth, on the same images.",
        studies: &["stochastic-depth"],
    },
    Chapter {
        id: "highway",
        title: "Highway gates",
        claimed: "A highway unit weighs its branch with a gate T and its skip with 1 - T; a residual \
                  block is the case of equal weights. The paper notes that trained gates favour the \
                  skip, as if to make paths shorter (section 6).",
        done: "A highway network is trained with gates that start half open. Its gates are read on \
               the test images before and after the training, and closed one at a time.",
        studies: &["gates"],
    },
    Chapter {
        id: "beyond",
        title: "What the paper did not ask",
        claimed: "Other readings explain the same curves: blocks that change little are cheap to \
                  delete, whatever the number of paths; and a curve that rises smoothly is not yet \
                  an ensemble. The paper tests neither.",
        done: "Rivals are put to the same records. The number of paths, the norms of the branches \
               and single deletions compete to predict the damage; all sub-networks of a short \
               network are tried; pairs of deletions are compared with their sums.",
        studies: &[
            "delete-skip",
            "residual-norms",
            "prediction-contest",
            "sub-networks",
            "delete-pairs",
        ],
    },
    Chapter {
        id: "identity",
        title: "Identity matters",
        claimed: "Hardt and Ma (2017) explain the ease of training deep residual networks otherwise: \
                  the deeper the network, the nearer its blocks can stay to the identity, where \
                  optimisation is easy. They prove it for linear networks.",
        done: "The law is checked on small linear networks, in double precision. A residual network \
               without batch norm is trained from blocks near the identity and from usual ones.",
        studies: &["linear-residual", "identity-initialisation"],
    },
    Chapter {
        id: "effective-depth",
        title: "Effective depth",
        claimed: "Wu, Shen and van den Hengel (2016) hold that gradients reach back over some number of \
                  units only, so that a network deeper than that is not trained end to end, and call \
                  that number its effective depth.",
        done: "Networks are trained on the gradients of paths through few branches, or through many, \
               with the forward pass whole.",
        studies: &["path-limited"],
    },
    Chapter {
        id: "shared",
        title: "Shared weights",
        claimed: "Liao and Poggio (2016) see a residual network whose blocks share their weights as a \
                  recurrent network unrolled in time, and find that it does about as well with far \
                  fewer parameters. Jastrzebski et al. (2018) find that batch norm must not be shared.",
        done: "A network of 15 blocks shares the convolutions of each stage, with batch norms of each \
               step and without.",
        studies: &["shared-weights", "shared-weights-naive"],
    },
    Chapter {
        id: "masks",
        title: "Random masks as ensembles",
        claimed: "Dropout and stochastic depth train a different thinned network in every step. \
                  Srivastava et al. (2014) and Huang et al. (2016) see an implicit ensemble in it, \
                  which one pass with scaled weights approximates.",
        done: "The average over random masks is computed, and the scaled pass held against it.",
        studies: &["masks"],
    },
    Chapter {
        id: "functions",
        title: "Several functions a block",
        claimed: "Abdi and Nahavandi (2016) read residual networks as Veit et al. do and widen the \
                  ensemble instead of deepening it: each block adds several functions to its \
                  input. From 26 to 434 layers, networks of fewer blocks with more functions do \
                  as well as deeper ones of as many parameters, or better.",
        done: "Networks of 18 functions, one, two and three a block, are trained for 10 epochs from \
               three seeds each: small relatives of the published ones, and shallower than \
               their claim reaches. Then single functions are deleted, beside whole blocks of \
               the network that has one function a block.",
        studies: &["multi-residual"],
    },
    Chapter {
        id: "cardinality",
        title: "Cardinality",
        claimed: "Xie et al. (2017) sum many narrow branches in each block, written as one \
                  convolution in groups, and call their number the cardinality. At equal \
                  parameters more groups learn better than wider or deeper ones.",
        done: "Networks of 29 layers, at a quarter of the published width, with 1, 4 and 15 groups \
               are trained for 10 epochs from three seeds each. Then single groups are deleted, \
               beside whole blocks.",
        studies: &["cardinality"],
    },
    Chapter {
        id: "wider",
        title: "Wider or deeper",
        claimed: "Wu, Shen and van den Hengel (2016) object to the unravelled view: a block is not \
                  linear, so what it makes of a sum is not the sum of what it makes of the terms. The \
                  2^n paths are then not 2^n models, and a residual network is closer to an \
                  ensemble of about n. They argue this on networks for ImageNet and measure \
                  nothing of the kind.",
        done: "Whether the effects of two neighbouring blocks on the logits add up is measured image \
               by image, on one network of 54 blocks, beside the same network with initial \
               weights. In the reading by independent paths an index of 0 is expected.",
        studies: &["additivity"],
    },
    Chapter {
        id: "refinement",
        title: "Unrolled iterative estimation",
        claimed: "Greff, Srivastava and Schmidhuber (2017) read a stage as one estimate that its \
                  blocks refine: a channel means the same all along the stage, and the mean \
                  difference from the stage's last output is close to 0 (ResNet-50 on ImageNet). \
                  Jastrzebski et al. (2018) add that what a block adds points against the gradient \
                  of the loss, more so in higher blocks. Deleting or moving a block then changes \
                  an estimate a little, without any ensemble of paths.",
        done: "Both are measured on one network of 54 blocks on CIFAR-10, beside the same network \
               with initial weights, since sums share some of these properties without any \
               training.",
        studies: &["estimation-error", "residual-cosine"],
    },
    Chapter {
        id: "probes",
        title: "Linear classifier probes",
        claimed: "Alain and Bengio (2016) fit a linear classifier to what each layer hands on \
                  and leave the network as it is. Its error falls almost monotonically with \
                  depth (ResNet-50 and Inception v3 on ImageNet): each layer makes the classes \
                  easier to tell apart, and none undoes it.",
        done: "Every unit of one network of 54 blocks on CIFAR-10 is probed, beside the same \
                  network with initial weights, and again with a block deleted in each stage. \
                  Networks of 15 units with skips and without are compared unit by unit.",
        studies: &["probes", "probe-falls"],
    },
    Chapter {
        id: "heirs",
        title: "The modern heirs",
        claimed: "Studies of language models ask the paper's questions again. Men et al. (2024) remove \
                  the layers that turn their input least; Gromov et al. (2024) remove a span of layers \
                  whose ends point the same way. Sun et al. (2025) skip, repeat, reverse, shuffle and \
                  average middle layers, and find that order and presence matter less than that the \
                  layers differ. Csordas et al. (2025) find that \
                  early layers depend on each other and late ones hardly do.",
        done: "The same is done to one residual network of 54 blocks on CIFAR-10, with one stage of \
               blocks in the place of the layers of a transformer. No claim is judged: the figures \
               stand beside those of the paper, and nothing is trained after a deletion.",
        studies: &["block-influence", "delete-spans", "middle-blocks", "dependence"],
    },
    Chapter {
        id: "trainings",
        title: "How the networks were trained",
        claimed: "The paper trains with the recipe of He et al. (2016) and reports 6.10 % for its \
                  ResNet-110 (section 4).",
        done: "Every network is trained once, with one recipe for all residual networks, which was \
               chosen on held-out training images. The networks are those after the last epoch.",
        studies: &["training"],
    },
];

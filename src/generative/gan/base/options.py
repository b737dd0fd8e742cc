"""What every GAN takes besides the sizes of its networks, and what of it goes together."""

from typing import Annotated, Literal, TypedDict

from pydantic import Field

from generative.core.errors import BadInput
from generative.core.params import Count, Weight
from generative.gan.base.losses import Objective
from generative.training.optimizers import Decay, LearningRate, Optimizer

Share = Annotated[float, Field(ge=0, lt=1)]


class Options(TypedDict):
    """The keyword arguments of every GAN besides those of its networks.

    objective: the losses of both networks, see `losses.OBJECTIVES`.
    generator_optimizer, discriminator_optimizer: in Keras' serialised form.
    generator_learning_rate, discriminator_learning_rate, learning_rate_decay: both constant, both
        falling to 0 along a cosine, or each one of Keras' schedules, without a decay beside it.
    updates: "joint" takes both gradients of one forward pass; "alternating" the generator's after
        the discriminator's update, of new noise (Goodfellow et al., 2014, algorithm 1); "separate"
        updates the discriminator for real images, then for generated ones, and then the generator,
        all of one noise (Keras-GAN; Linder-Norén, 2017).
    discriminator_head_start: the first share of the steps, in which it alone is trained.
    discriminator_steps: of the discriminator, each with a batch of its own, for one of the
        generator. generator_steps: so many updates of it, each of new noise, in such a step.
    adversarial_scale: what the generator's adversarial loss is multiplied by, also where it is
        reported. The loss is half a cross entropy; 2.0 makes it a whole one, for weights beside it
        that are made for that.
    real_target: the label of real images; 0.9 smooths it, on one side only.
    label_noise: width of the uniform noise below that label. fake_label_noise: of the noise above
        the label of generated images, which is 0.
    discriminator_normalization: "spectral" divides each kernel by its largest singular value
        (Miyato et al., 2018, arXiv:1802.05957).
    r1_weight, r1_every: the R1 penalty, taken in one step of so many and weighed as much more
        (Karras et al., 2020, arXiv:1912.04958); 0 is none.
    gradient_penalty_weight: the penalty of WGAN-GP; 0 is none.
    average_decay: of the moving average of the generator that samples come from; 0 copies it.
    batch_statistics: of the batch normalisation of the network that does not learn, and of samples:
        of the "batch" (samples: of 1,280 latents), or the "moving" averages over its own training,
        which Keras takes in `predict` and in a network whose `trainable` is False.
    snapshot_noise: of the pictures of the training: "fixed", the same in all, or "new" in each.
    augmentation: "diffaugment" changes all images that the discriminator is given, real and fake.
    """

    objective: Objective
    generator_optimizer: Optimizer
    discriminator_optimizer: Optimizer
    generator_learning_rate: LearningRate
    discriminator_learning_rate: LearningRate
    learning_rate_decay: Decay
    updates: Literal["joint", "alternating", "separate"]
    discriminator_head_start: Share
    discriminator_steps: Count
    generator_steps: Count
    adversarial_scale: Annotated[float, Field(gt=0, le=1e12)]
    real_target: Annotated[float, Field(gt=0, le=1)]
    label_noise: Share
    fake_label_noise: Share
    discriminator_normalization: Literal["none", "spectral"]
    r1_weight: Weight
    r1_every: Count
    gradient_penalty_weight: Weight
    average_decay: Share
    batch_statistics: Literal["batch", "moving"]
    snapshot_noise: Literal["fixed", "new"]
    augmentation: Literal["none", "diffaugment"]


def check(options: Options) -> None:
    """Raise `BadInput` for options that do not go together."""
    smoothed = options["real_target"] < 1 or options["label_noise"] or options["fake_label_noise"]
    if options["objective"] == "wasserstein" and smoothed:
        raise BadInput(
            "objective: wasserstein has no labels to smooth; set real_target to 1.0, label_noise "
            "and fake_label_noise to 0.0"
        )
    spectral = options["discriminator_normalization"] == "spectral"
    bounded = spectral or options["r1_weight"] or options["gradient_penalty_weight"]
    if options["objective"] == "wasserstein" and not bounded:
        raise BadInput(
            "objective: wasserstein has no lower bound unless the critic's slope has one; set "
            "gradient_penalty_weight: 10.0, r1_weight or discriminator_normalization: spectral"
        )
    if options["label_noise"] > options["real_target"]:
        raise BadInput(
            f"label_noise: received {options['label_noise']}, at most real_target, which is "
            f"{options['real_target']}: a label below 0 has no lower bound"
        )
    penalised = options["r1_weight"] or options["gradient_penalty_weight"]
    more = options["discriminator_steps"] > 1 or options["discriminator_head_start"]
    if options["updates"] == "separate" and (penalised or more):
        raise BadInput(
            "updates: separate has no penalties and one turn a step; set r1_weight, "
            "gradient_penalty_weight and discriminator_head_start to 0.0 and discriminator_steps "
            "to 1"
        )
    if options["updates"] != "alternating" and options["generator_steps"] > 1:
        raise BadInput(
            f"generator_steps: received {options['generator_steps']}, needs new noise for each; "
            "set updates to alternating"
        )
    if options["updates"] == "joint" and options["batch_statistics"] == "moving":
        raise BadInput(
            "batch_statistics: moving needs a forward pass for each network; set updates to "
            "alternating"
        )


def refuse_separate(options: Options) -> None:
    """Raise `BadInput` for separate updates, of a network with terms of both kinds of images."""
    if options["updates"] == "separate":
        raise BadInput(
            "updates: separate is of networks whose terms are each of real or of generated images; "
            "set it to joint or alternating"
        )

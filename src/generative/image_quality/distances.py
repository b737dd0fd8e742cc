"""How close two sets of images are in a feature space, and which digits they hold.

Feature matrices are [N, D] of any float type and are computed with in float64; the sets are named
real, fake, train and test. Only small pieces of the matrices of distances exist at a time.
"""

from collections.abc import Iterator

import numpy as np

from generative.core.errors import BadInput

PIECE = 2**21  # numbers of a matrix of distances that exist at a time: 16 MiB
Array = np.ndarray


def frechet_distance(real: Array, fake: Array) -> float:
    """Squared Frechet distance of the Gaussians with the sets' means and covariances, at least 0.

    |mu_r - mu_f|^2 + Tr(S_r + S_f - 2 (S_r S_f)^1/2) (Heusel et al., 2017, arXiv:1706.08500,
    equation 6). Real [N, D], fake [M, D]. Biased upwards: compare at equal N and M only.
    """
    real, fake = _checked(2, real=real, fake=fake)
    real_covariance, fake_covariance = (np.atleast_2d(np.cov(x.T)) for x in (real, fake))
    values, vectors = np.linalg.eigh(real_covariance)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    # S_r S_f has the eigenvalues of this symmetric matrix. Fewer samples than features make some
    # of them zero, which rounding can push below.
    product = np.linalg.eigvalsh(root @ fake_covariance @ root)
    means = ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).sum()
    traces = np.trace(real_covariance) + np.trace(fake_covariance)
    return max(0.0, float(means + traces - 2 * np.sqrt(np.maximum(product, 0)).sum()))


def kernel_distances(
    real: Array, fake: Array, *, subsets: int, subset_size: int, seed: int
) -> Array:
    """Squared maximum mean discrepancy with the kernel (x.y / D + 1)^3, as KID has it: float64
    [subsets], whose mean is the kernel distance.

    The unbiased estimate, so that it is around 0, and below as often as above, for two samples of
    one distribution; of random subsets of `subset_size` (at least 2) rows, or of all rows of the
    smaller set if it has fewer (Binkowski et al., 2018, arXiv:1801.01401). Real [N, D], fake
    [M, D].
    """
    real, fake = _checked(2, real=real, fake=fake)
    size = min(subset_size, len(real), len(fake))
    generator = np.random.default_rng(seed)
    estimates = []
    for _ in range(subsets):
        x, y = (s[generator.choice(len(s), size, replace=False)] for s in (real, fake))
        within = sum(_kernel_sum(s, s) - _kernel_trace(s) for s in (x, y))
        estimates.append(within / (size * (size - 1)) - 2 * _kernel_sum(x, y) / size**2)
    return np.array(estimates)


def neighbourhoods(real: Array, fake: Array, *, neighbours: int) -> dict[str, Array]:
    """Which samples lie within which others' balls. Real [N, D], fake [M, D].

    The ball of a sample is open and reaches to its `neighbours`-th (at least 1) nearest other
    sample of its set. Each metric is the mean of what is returned, a number a sample:

    - precision [M]: fakes in some real's ball; 0 to 1.
    - recall [N]: reals in some fake's ball; 0 to 1 (both Kynkaanniemi et al., 2019,
      arXiv:1904.06991, equation 2).
    - density [M]: reals whose ball a fake is in, divided by `neighbours`; 0 upwards, 1 is expected
      of equal distributions.
    - coverage [N]: reals with a fake in their ball; 0 to 1 (both Naeem et al., 2020,
      arXiv:2002.09797, section 3.2).
    """
    real, fake = _checked(neighbours + 1, real=real, fake=fake)
    real_radii, fake_radii = (_squared_radii(x, neighbours) for x in (real, fake))
    recalled, covered = (np.zeros(len(real), bool) for _ in range(2))
    balls = np.zeros(len(fake), int)
    for rows, squared in _squared_distances(real, fake):
        inside = squared < real_radii[rows, np.newaxis]
        balls += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        recalled[rows] = (squared < fake_radii).any(axis=1)
    return {
        "precision": balls > 0,
        "recall": recalled,
        "density": balls / neighbours,
        "coverage": covered,
    }


def nearest_train_distance(test: Array, train: Array) -> float:
    """Median distance of a test row to the nearest training row, more than 0: the unit of
    `nearest_train_ratios`. Test [N, D], train [M, D]."""
    test, train = _checked(2, test=test, train=train)
    distance = float(np.median(_nearest_distances(test, train)))
    if distance == 0:
        raise BadInput(
            "half of the test samples or more have features that a train sample has too: there is "
            "no distance to compare with; keep the test images out of the training images"
        )
    return distance


def nearest_train_ratios(fake: Array, train: Array, *, test_distance: float) -> Array:
    """Distance of each fake to the nearest training row, in units of that of a test row: float64
    [N], whose median is the metric.

    About 1: as far from the training images as real images that were not trained on. Near 0:
    training images learnt by heart. Above 1: far from anything real. Fake [N, D], train [M, D];
    `test_distance` is the test rows' `nearest_train_distance`.
    """
    fake, train = _checked(2, fake=fake, train=train)
    return _nearest_distances(fake, train) / test_distance


def intra_class_distance(
    features: Array, labels: Array, real_features: Array, real_labels: Array
) -> float:
    """Mean distance of two samples of one class, over that of two real samples of one class.

    Of both sets the mean over all pairs of a class, then over the classes, so that every class
    counts alike. 1: as varied as the real ones; 0: one picture a class. Features [N, D] with labels
    int [N], real [M, D] with [M]; both have the same classes, each at least twice.
    """
    real, fake = _checked(2, real=real_features, fake=features)
    means = {
        name: _mean_distances_within(name, given, np.asarray(classes))
        for name, given, classes in (("real", real, real_labels), ("fake", fake, labels))
    }
    if means["real"].keys() != means["fake"].keys():
        classes = " but ".join(f"the {name} ones {sorted(m)}" for name, m in means.items())
        raise BadInput(f"both sets need samples of the same classes: {classes}")
    reals, fakes = (float(np.mean(list(means[name].values()))) for name in ("real", "fake"))
    if reals == 0:
        raise BadInput("all real samples of a class have the same features: nothing to compare to")
    return fakes / reals


def digits_covered(labels: Array, *, classes: int = 10, share: float = 0.01) -> int:
    """How many classes have at least this `share` of the samples; labels int [N], 0 to `classes`
    for the result."""
    return int(np.count_nonzero(_label_shares(labels, classes) >= share))


def digit_total_variation(real_labels: Array, fake_labels: Array, *, classes: int = 10) -> float:
    """Total variation distance of two label histograms, labels int [N] and [M]: 0 if they are
    equal, 1 if they share no class."""
    real, fake = (_label_shares(labels, classes) for labels in (real_labels, fake_labels))
    return float(abs(real - fake).sum() / 2)


def _checked(at_least: int, **sets: Array) -> list[Array]:
    """The named feature sets in float64, if something can be computed with them."""
    checked: dict[str, Array] = {}
    for name, given in sets.items():
        features = np.asarray(given, np.float64)
        if features.ndim != 2:
            raise BadInput(
                f"{name} features have the shape {features.shape}, not (samples, width); "
                "give one row of numbers a sample"
            )
        for other, before in checked.items():
            if features.shape[1] != before.shape[1]:
                raise BadInput(
                    f"{before.shape[1]} {other} features but {features.shape[1]} {name} features a "
                    "sample; take both from the same layer of the same network"
                )
        if len(features) < at_least:
            fewer = " or fewer neighbours" if at_least > 2 else ""
            raise BadInput(
                f"{len(features)} {name} samples where at least {at_least} are needed; "
                f"take more samples{fewer}"
            )
        bad = np.count_nonzero(~np.isfinite(features).all(axis=1))
        if bad:
            raise BadInput(
                f"{bad} of {len(features)} {name} samples have features that are not finite; "
                "look for NaN or infinity in the images and in the extractor's weights"
            )
        if (features == features[0]).all():
            raise BadInput(
                f"all of {len(features)} {name} samples have the same features: look at the "
                "images, their range and the extractor's weights"
            )
        checked[name] = features
    return list(checked.values())


def _mean_distances_within(name: str, features: Array, labels: Array) -> dict[int, float]:
    """The mean distance of two different rows of each class."""
    if labels.shape != features.shape[:1] or labels.dtype.kind not in "iu":
        raise BadInput(
            f"{len(features)} {name} samples need as many whole numbers as labels; got "
            f"{labels.dtype} of the shape {labels.shape}"
        )
    means = {}
    for label in np.unique(labels).tolist():
        rows = features[labels == label]
        if len(rows) < 2:
            raise BadInput(f"one {name} sample of class {label}: at least 2 are needed; take more")
        # A large mean would leave nothing of a small distance but its rounding.
        rows = rows - rows.mean(axis=0)
        total = sum(float(np.sqrt(squared).sum()) for _, squared in _squared_distances(rows, rows))
        means[label] = total / (len(rows) * (len(rows) - 1))
    return means


def _label_shares(labels: Array, classes: int) -> Array:
    """The share of each class, float64 [classes]."""
    labels = np.asarray(labels)
    right = labels.ndim == 1 and labels.size > 0 and labels.dtype.kind in "iu"
    if not right or labels.min() < 0 or labels.max() >= classes:
        raise BadInput(
            f"labels must be a row of whole numbers from 0 to {classes - 1}, at least one; got "
            f"{labels.dtype} of the shape {labels.shape}"
            + (f" from {labels.min()} to {labels.max()}" if right else "")
        )
    return np.bincount(labels, minlength=classes) / len(labels)


def _squared_distances(x: Array, y: Array) -> Iterator[tuple[slice, Array]]:
    """Squared distances of some rows of x to all of y, with which rows these are, in turn."""
    x_squared, y_squared = ((s * s).sum(axis=1) for s in (x, y))
    for rows in _pieces(x, y):
        squared = (-2 * x[rows]) @ y.T
        squared += x_squared[rows, np.newaxis]
        squared += y_squared
        # Rounding can leave less than nothing between two samples that are the same.
        yield rows, np.maximum(squared, 0, out=squared)


def _squared_radii(x: Array, neighbours: int) -> Array:
    """Squared distance of each row to its `neighbours`-th nearest other row: [N]."""
    radii = np.empty(len(x))
    for rows, squared in _squared_distances(x, x):
        squared.partition(neighbours, axis=1)  # place 0 is the row itself
        radii[rows] = squared[:, neighbours]
    return radii


def _nearest_distances(x: Array, y: Array) -> Array:
    """Distance of each row of x to the nearest row of y: [N]."""
    distances = np.empty(len(x))
    # The search is the costliest of all, and float32 is enough to tell which row is nearest, as
    # long as no large mean eats its digits. |y|^2 - 2 x.y has its least where |x - y|^2 has: one
    # matrix product and no pass after it.
    centre = y.mean(axis=0)
    left, right = ((s - centre).astype(np.float32) for s in (x, y))
    left = np.concatenate([-2 * left, np.ones_like(left[:, :1])], axis=1)
    right = np.concatenate([right, (right * right).sum(axis=1, keepdims=True)], axis=1).T
    for rows in _pieces(x, y):
        nearest = (left[rows] @ right).argmin(axis=1)
        # Taken again from the difference: a copy must be at 0, not at the rounding of |x|^2.
        distances[rows] = np.linalg.norm(x[rows] - y[nearest], axis=1)
    return distances


def _kernel_sum(x: Array, y: Array) -> float:
    """Sum of the kernel over all pairs of rows."""
    total = 0.0
    for rows in _pieces(x, y):
        base = x[rows] @ y.T / x.shape[1] + 1
        total += float(np.vdot(base * base, base))  # ** 3 takes a hundred times as long
    return total


def _kernel_trace(x: Array) -> float:
    """Sum of the kernel of each row with itself."""
    return float((((x * x).sum(axis=1) / x.shape[1] + 1) ** 3).sum())


def _pieces(x: Array, y: Array) -> Iterator[slice]:
    """Rows of x whose distances to all of y are at most `PIECE` numbers, or one row's."""
    size = max(1, PIECE // len(y))
    return (slice(start, start + size) for start in range(0, len(x), size))

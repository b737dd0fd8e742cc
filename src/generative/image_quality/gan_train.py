"""Whether generated images teach what real ones are (GAN-train of Shmelkov et al., 2018)."""

import numpy as np

Array = np.ndarray


def gan_train(features: Array, labels: Array, real_features: Array, real_labels: Array) -> Array:
    """Which real images a classifier of generated ones names right: bool [M], whose mean is the
    GAN-train accuracy.

    The classifier is a logistic regression of the features, [N, D] with labels int [N], not a
    network of pixels as in the paper: it takes seconds and has no seed. What is real is [M, D] with
    [M]. It is low where samples are wrong or little varied. The reverse, GAN-test, is the
    `label_accuracy` of a judge that learned real images.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    named: Array = classifier.fit(features, labels).predict(real_features)
    return named == real_labels

"""Cases of metrics: scikit-learn's figures for outputs and labels, and its balanced class weights."""

import numpy as np
from sklearn import metrics as sk
from sklearn.utils.class_weight import compute_class_weight

BINS = 15


def metric_cases(pack):
    random = np.random.default_rng(5)
    cases = []

    def classification(name, classes, top_k, rows, labels=None, scale=1.5):
        y = random.integers(0, classes, rows) if labels is None else labels(rows)
        scores = random.standard_normal((rows, classes)) * scale
        scores[np.arange(rows), y] += 1
        scores = scores.astype(np.float32)
        cases.append(
            {
                "name": name,
                "measures": {"task": "classification", "classes": classes, **({"topK": top_k} if top_k else {})},
                "outputs": pack.array(scores),
                "labels": pack.array(y.astype(np.int32)),
                "metrics": of_classes(scores.astype(np.float64), y, classes, top_k),
                "areas": areas(scores.astype(np.float64), y, classes),
                "confusion": sk.confusion_matrix(y, scores.argmax(1), labels=range(classes)).ravel().tolist(),
            }
        )

    classification("two classes", 2, None, 101)
    classification("three classes", 3, 2, 150)
    classification("seven classes", 7, 5, 133)
    classification("most classes of a matrix", 20, 5, 120)
    classification("more classes than a matrix has", 25, 5, 130)
    # Neither labelled nor, as it happens, all predicted.
    classification("classes that do not occur", 6, 3, 40, lambda rows: random.integers(0, 2, rows), scale=0.3)
    classification("one class only", 3, None, 20, lambda rows: np.zeros(rows, dtype=np.int64), scale=0.0)

    def regression(name, mean, deviation, rows, quantile=None):
        t = random.standard_normal(rows).astype(np.float32)
        o = (t + 0.5 * random.standard_normal(rows) + 0.25).astype(np.float32)
        y, p = (values.astype(np.float64) * deviation + mean for values in (t, o))
        found = {
            "mse": sk.mean_squared_error(y, p),
            "rmse": sk.root_mean_squared_error(y, p),
            "mae": sk.mean_absolute_error(y, p),
            "mape": sk.mean_absolute_percentage_error(y, p),
            "r2": sk.r2_score(y, p),
            "explainedVariance": sk.explained_variance_score(y, p),
        }
        if quantile is not None:
            found["quantileLoss"] = sk.mean_pinball_loss(y, p, alpha=quantile)
        cases.append(
            {
                "name": name,
                "measures": {"task": "regression", **({} if quantile is None else {"quantile": quantile})},
                "scale": {"mean": mean, "deviation": deviation},
                "outputs": pack.array(o[:, None]),
                "labels": pack.array(t),
                "metrics": found,
            }
        )

    regression("values", 4, 0.5, 120)
    regression("large values, a quantile", 4000, 750, 77, 0.875)
    regression("values around 0", 0, 2, 64, 0.25)
    return cases


def of_classes(scores, y, classes, top_k):
    p = softmax(scores)
    said = scores.argmax(1)
    every = list(range(classes))
    found = {
        "accuracy": sk.accuracy_score(y, said),
        "balancedAccuracy": balanced_accuracy(y, said),
        "matthews": sk.matthews_corrcoef(y, said),
        "logLoss": sk.log_loss(y, p, labels=every),
        "brier": sk.brier_score_loss(y, p[:, 1] if classes == 2 else p, labels=every),
        "calibrationError": calibration_error(p, y),
    }
    for average in ("macro", "micro", "weighted"):
        precision, recall, f1, _ = sk.precision_recall_fscore_support(y, said, average=average, zero_division=0)
        for name, value in (("precision", precision), ("recall", recall), ("f1", f1)):
            found[f"{name}{average.capitalize()}"] = float(value)
    if top_k:
        found["topKAccuracy"] = sk.top_k_accuracy_score(y, scores, k=top_k, labels=every)
    return {name: float(value) for name, value in found.items()}


def areas(scores, y, classes):
    """Of the probabilities; of several classes one against the rest, over the classes that occur."""
    p = softmax(scores)
    present = np.unique(y)
    if len(present) == 1:
        return {}
    if classes == 2:
        roc, pr = sk.roc_auc_score(y, p[:, 1]), sk.average_precision_score(y, p[:, 1])
        found = {"rocAuc": roc, "rocAucWeighted": roc, "prAuc": pr, "prAucWeighted": pr}
    else:
        flags, of = (y[:, None] == present).astype(int), p[:, present]
        found = {
            f"{name}{suffix}": score(flags, of, average=average)
            for name, score in (("rocAuc", sk.roc_auc_score), ("prAuc", sk.average_precision_score))
            for suffix, average in (("", "macro"), ("Weighted", "weighted"))
        }
    return {name: float(value) for name, value in found.items()}


def softmax(scores):
    e = np.exp(scores - scores.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def tie_cases(pack):
    """Scores many of which are equal, with labels and scikit-learn's areas."""
    random = np.random.default_rng(7)
    cases = []
    for rows, levels in ((200, 5), (200, 2), (50, 1), (120, 1000)):
        y = random.integers(0, 2, rows)
        scores = (np.floor((random.random(rows) * 0.7 + y * 0.3) * levels) / levels).astype(np.float32)
        cases.append(
            {
                "name": f"{rows} rows, {levels} levels",
                "scores": pack.array(scores),
                "labels": pack.array(y.astype(np.uint8)),
                "roc": float(sk.roc_auc_score(y, scores)),
                "pr": float(sk.average_precision_score(y, scores)),
            }
        )
    return cases


def bootstrap_cases(pack):
    """Percentile intervals of SciPy's bootstrap, of so many resamples that ours alone are uncertain."""
    from scipy import stats

    random = np.random.default_rng(8)
    rows = 160
    t = random.standard_normal(rows).astype(np.float32)
    o = (0.8 * t + 0.6 * random.standard_normal(rows)).astype(np.float32)

    def interval(statistic):
        found = stats.bootstrap(
            (o.astype(np.float64), t.astype(np.float64)),
            statistic,
            paired=True,
            vectorized=False,
            n_resamples=20_000,
            method="percentile",
            rng=np.random.default_rng(9),
        )
        low, high = found.confidence_interval
        return {"low": float(low), "high": float(high), "error": float(found.standard_error)}

    return {
        "outputs": pack.array(o[:, None]),
        "labels": pack.array(t),
        "intervals": {
            "mae": interval(lambda o, t: np.abs(o - t).mean()),
            "rmse": interval(lambda o, t: np.sqrt(((o - t) ** 2).mean())),
            "r2": interval(lambda o, t: 1 - ((o - t) ** 2).sum() / ((t - t.mean()) ** 2).sum()),
        },
    }


def balanced_accuracy(y, said):
    """scikit-learn's own, which warns of what is predicted and never labelled."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sk.balanced_accuracy_score(y, said)


def calibration_error(p, y):
    """Guo and others, 2017, equation 3: bins (m / M, (m + 1) / M] of the confidence."""
    confidence, right = p.max(1), p.argmax(1) == y
    error = 0.0
    for m in range(BINS):
        within = (confidence > m / BINS) & (confidence <= (m + 1) / BINS)
        if within.any():
            error += within.mean() * abs(right[within].mean() - confidence[within].mean())
    return error


def weight_cases():
    random = np.random.default_rng(6)
    cases = []
    for classes, rows in ((2, 30), (3, 151), (10, 500)):
        y = np.minimum(random.geometric(0.4, rows) - 1, classes - 1)
        present = np.unique(y)
        assert len(present) == classes
        cases.append(
            {
                "counts": np.bincount(y, minlength=classes).tolist(),
                "weights": compute_class_weight("balanced", classes=present, y=y).tolist(),
            }
        )
    return cases

"""Reductions, norms, losses, scans and sorts, forward and backward."""

import pytest
import torch
import torch.nn.functional as F
from common import ON_GPU, check, tensor

REDUCTIONS = {
    "sum": lambda x, d: x.sum(d),
    "mean": lambda x, d: x.mean(d),
    "prod": lambda x, d: (x * 0.5 + 1).prod(d) if d is not None else (x * 0.001 + 1).prod(),
    "amax": lambda x, d: x.amax(d) if d is not None else x.amax(),
    "amin": lambda x, d: x.amin(d) if d is not None else x.amin(),
    "argmax": lambda x, d: x.argmax(d),
    "argmin": lambda x, d: x.argmin(d),
    "var": lambda x, d: x.var(d),
    "std": lambda x, d: x.std(d),
    "norm": lambda x, d: torch.linalg.vector_norm(x, dim=d),
    "logsumexp": lambda x, d: torch.logsumexp(x, d) if d is not None else torch.logsumexp(x, (0, 1)),
    "any_all": lambda x, d: ((x > 2).any(d), (x > -9).all(d)) if d is not None else ((x > 2).any(), (x > -9).all()),
}


@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reduction(name, dim):
    function = REDUCTIONS[name]
    check(lambda x: function(x, dim), tensor(37, 129), tol=1e-4)


@pytest.mark.parametrize("shape,dim", [((4, 5000), 1), ((5000, 4), 0), ((6, 7, 8, 9), (1, 3)), ((70000,), 0)])
def test_long_reductions(shape, dim):
    check(lambda x: (x.sum(dim), x.amax(dim)), tensor(*shape), tol=2e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int32, torch.int64, torch.bool])
def test_types_of_sums(dtype):
    check(lambda x: (x.sum(1), x.sum()), tensor(16, 100, dtype=dtype), tol=5e-2 if dtype.is_floating_point else None)


def test_max_with_indices():
    check(lambda x: (x.max(1), x.min(0)), tensor(30, 40))


NORMS = {
    "softmax": lambda x: F.softmax(x, -1),
    "log_softmax": lambda x: F.log_softmax(x, -1),
    "layer_norm": lambda x: F.layer_norm(x, (64,)),
    "rms_norm": lambda x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6),
    "group_norm": lambda x: F.group_norm(x.view(4, 8, 64), 4),
    "instance_norm": lambda x: F.instance_norm(x.view(2, 4, 4, 64)),
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "normalize": lambda x: F.normalize(x, dim=1),
    "softmax_columns": lambda x: F.softmax(x, 0),
    "masked_softmax": lambda x: F.softmax(x.masked_fill(x > 1, float("-inf")), -1),
}


@pytest.mark.parametrize("name", NORMS)
def test_norm_and_its_gradient(name):
    function = NORMS[name]
    check(lambda x: function(x), tensor(32, 64, grad=True), tol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_norms_of_halves(dtype):
    check(lambda x: (F.softmax(x, -1), F.layer_norm(x, (96,))), tensor(16, 96, dtype=dtype), tol=3e-2)


LOSSES = {
    "mse": lambda x, y, t: F.mse_loss(x, y),
    "l1": lambda x, y, t: F.l1_loss(x, y),
    "smooth_l1": lambda x, y, t: F.smooth_l1_loss(x, y),
    "huber": lambda x, y, t: F.huber_loss(x, y, delta=0.7),
    "cross_entropy": lambda x, y, t: F.cross_entropy(x, t),
    "label_smoothing": lambda x, y, t: F.cross_entropy(x, t, label_smoothing=0.1),
    "nll": lambda x, y, t: F.nll_loss(F.log_softmax(x, 1), t, ignore_index=3),
    "bce_with_logits": lambda x, y, t: F.binary_cross_entropy_with_logits(x, (y > 0).float()),
    "kl_div": lambda x, y, t: F.kl_div(F.log_softmax(x, 1), F.softmax(y, 1), reduction="batchmean"),
    "cosine": lambda x, y, t: (1 - F.cosine_similarity(x, y)).mean(),
    "hinge": lambda x, y, t: F.relu(1 - x * y.sign()).mean(),
    "poisson": lambda x, y, t: F.poisson_nll_loss(x, y.abs()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_loss_and_its_gradient(name):
    function = LOSSES[name]
    targets = torch.arange(24, device=tensor(1).device) % 10
    check(lambda x, y, t: function(x, y, t), tensor(24, 10, grad=True), tensor(24, 10), targets, tol=1e-4)


SCANS = {
    "cumsum": lambda x: x.cumsum(1),
    "cumsum_columns": lambda x: x.cumsum(0),
    "cumprod": lambda x: (x * 0.1 + 1).cumprod(1),
    "logcumsumexp": lambda x: torch.logcumsumexp(x, 1),
    "cummax": lambda x: torch.cummax(x, 1),
    "cummin": lambda x: torch.cummin(x, 1),
    "cumsum_int": lambda x: (x > 0).int().cumsum(1),
}


@pytest.mark.parametrize("name", SCANS)
def test_scan(name):
    function = SCANS[name]
    check(lambda x: function(x) if name == "cummax" else function(x), tensor(12, 100), tol=1e-4, kernels=0)


def test_associative_scan():
    from torch._higher_order_ops.associative_scan import associative_scan

    mode = "pointwise" if ON_GPU else "generic"
    check(lambda x: associative_scan(lambda a, b: a * b + a + b, x * 0.1, 0, combine_mode=mode), tensor(60, 4),
          tol=1e-4, kernels=0)  # fmt: skip


SORTS = {
    "sort": lambda x: torch.sort(x, dim=1),
    "sort_descending": lambda x: torch.sort(x, dim=1, descending=True),
    "stable": lambda x: torch.sort((x * 3).round(), dim=1, stable=True),
    "argsort": lambda x: torch.argsort(x, dim=1),
    "topk": lambda x: torch.topk(x, 5, dim=1),
    "median": lambda x: x.median(1).values,
}


@pytest.mark.parametrize("name", SORTS)
def test_sort(name):
    function = SORTS[name]
    check(lambda x: function(x * 2), tensor(8, 50))


@pytest.mark.parametrize("force", [False, True])
def test_cooperative_reduction(force):
    check(lambda x: (x.sum(), x.var(), (x - x.mean()).abs().amax()), tensor(30000), tol=1e-3,
          settings={"triton.cooperative_reductions": force} if force else {})  # fmt: skip


def test_fused_reductions():
    def function(x, w, b):
        y = F.layer_norm(x, (128,), w, b)
        return F.gelu(y).mean(-1), y.amax(0)

    check(function, tensor(20, 128, grad=True), tensor(128, grad=True), tensor(128, grad=True), tol=2e-4)


def test_split_reduction():
    check(lambda x: x.sum(), tensor(100000), tol=5e-3)


def test_welford_over_two_dimensions():
    check(lambda x: torch.var_mean(x, (0, 2)), tensor(8, 6, 100), tol=1e-4)


def test_weighted_sums_of_many():
    check(lambda x, y: ((x * y).sum(1), (x + y).sum(0), (x * x).sum()), tensor(50, 60), tensor(50, 60), tol=1e-3)

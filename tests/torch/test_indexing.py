"""Loads and stores at computed places, random numbers, shapes that vary."""

import pytest
import torch
import torch.nn.functional as F
from common import DEVICE, check, close, tensor

INDEXING = {
    "gather": lambda x, i: x.gather(0, i % 16),
    "index": lambda x, i: x[i[:, 0] % 16],
    "index_two": lambda x, i: x[i % 16, (i + 3) % 32],
    "index_select": lambda x, i: torch.index_select(x, 1, i[:, 0] % 32),
    "embedding": lambda x, i: F.embedding(i % 16, x),
    "negative": lambda x, i: x[-(i[:, 0] % 16) - 1],
    "take_along": lambda x, i: torch.take_along_dim(x, i[:16] % 32, 1),
    "masked_fill": lambda x, i: x.masked_fill(x > 0, 0.5),
    "one_hot": lambda x, i: F.one_hot(i[:, 0] % 7, 7),
    "searchsorted": lambda x, i: torch.searchsorted(x.sort(1).values, x),
    "bucketize": lambda x, i: torch.bucketize(x, torch.linspace(-2, 2, 9, device=x.device)),
}


@pytest.mark.parametrize("name", INDEXING)
def test_loads(name):
    function = INDEXING[name]
    check(lambda x, i: function(x, i), tensor(16, 32), tensor(20, 32, dtype=torch.int64, low=0, high=500), kernels=0)


SCATTERS = {
    "scatter": lambda x, v, i: x.scatter(0, i, v),
    "scatter_add": lambda x, v, i: x.scatter_add(0, i, v),
    "scatter_reduce": lambda x, v, i: x.scatter_reduce(0, i, v, "amax"),
    "index_add": lambda x, v, i: x.index_add(0, i[:, 0], v),
    "index_put": lambda x, v, i: x.index_put((i[:, 0],), v),
    "index_put_accumulate": lambda x, v, i: x.index_put((i[:, 0],), v, accumulate=True),
    "slice_scatter": lambda x, v, i: torch.slice_scatter(x, v[:4], 0, 2, 6),
    "select_scatter": lambda x, v, i: torch.select_scatter(x, v[0], 0, 3),
    "index_copy": lambda x, v, i: x.index_copy(0, i[:, 0], v),
    "index_fill": lambda x, v, i: x.index_fill(0, i[:, 0], 2.0),
}


@pytest.mark.parametrize("name", SCATTERS)
def test_stores(name):
    function = SCATTERS[name]
    rows = torch.randperm(16, device=DEVICE)[:12]
    i = rows[:, None].expand(12, 24).contiguous()
    check(lambda x, v, i: function(x + 1, v, i), tensor(16, 24), tensor(12, 24), i)


def test_atomics_where_places_meet():
    i = tensor(1000, dtype=torch.int64, low=0, high=13)
    check(lambda x, i: torch.zeros(13, device=x.device).index_add(0, i, x), tensor(1000), i, tol=1e-3)


def test_gradient_of_an_embedding():
    i = tensor(40, dtype=torch.int64, low=0, high=11)
    check(lambda w, i: F.embedding(i, w).sin(), tensor(11, 16, grad=True), i, tol=1e-4)


def test_an_index_out_of_range_is_an_error():
    """Inductor asserts on indices (`debug=True`), which is how a wrong one is found."""
    fn = torch.compile(lambda x, i: x[i].sin())
    x, good = tensor(10), torch.tensor([1, 2, 9], device=DEVICE)
    close(fn(x, good), x[good].sin())
    if DEVICE == "cpu":  # on a GPU it ends the context
        with pytest.raises(Exception, match="index out of bounds|out of range"):
            fn(x, torch.tensor([1, 2, 10], device=DEVICE))


def test_random_numbers():
    fn = torch.compile(lambda x: (torch.rand_like(x), torch.randn_like(x)), fullgraph=True)
    x = tensor(20000)
    torch.manual_seed(3)
    uniform, normal = fn(x)
    torch.manual_seed(3)
    again, _ = fn(x)
    assert torch.equal(uniform, again) and 0 <= uniform.min() and uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.02 and abs(normal.mean()) < 0.05 and abs(normal.std() - 1) < 0.05


def test_randint():
    fn = torch.compile(lambda x: torch.randint_like(x, 3, 17), fullgraph=True)
    out = fn(torch.zeros(5000, dtype=torch.int64, device=DEVICE))
    assert out.min() == 3 and out.max() == 16


def test_dropout():
    fn = torch.compile(lambda x: F.dropout(x, 0.25), fullgraph=True)
    x = torch.ones(20000, device=DEVICE, requires_grad=True)
    y = fn(x)
    y.sum().backward()
    kept = y != 0
    assert abs(kept.float().mean() - 0.75) < 0.02
    assert torch.equal(x.grad != 0, kept)  # the same places backward


def test_bernoulli():
    fn = torch.compile(lambda x: torch.bernoulli(x))
    out = fn(torch.full((20000,), 0.3, device=DEVICE))
    assert abs(out.mean() - 0.3) < 0.02


@pytest.mark.parametrize("name", ["pointwise", "rows", "columns", "cat", "softmax"])
def test_dynamic_shapes(name):
    function = {
        "pointwise": lambda x: x.sin() * x.shape[0],
        "rows": lambda x: x.sum(1),
        "columns": lambda x: x.mean(0),
        "cat": lambda x: torch.cat([x, x[: x.shape[0] // 2]]),
        "softmax": lambda x: F.softmax(x, -1),
    }[name]
    compiled = torch.compile(lambda x: function(x), fullgraph=True, dynamic=True)
    torch._dynamo.config.error_on_recompile = True
    try:
        for shape in ((8, 30), (9, 31), (64, 7), (33, 257)):
            x = tensor(*shape)
            close(compiled(x), function(x), 1e-4)
    finally:
        torch._dynamo.config.error_on_recompile = False


def test_views_of_types():
    check(lambda x: (x.view(torch.int32) ^ 5).view(torch.float32) + 1, tensor(100))


def test_upsample():
    check(lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False), tensor(1, 2, 9, 10),
          tol=1e-4)  # fmt: skip


def test_pooling():
    check(lambda x: (F.max_pool2d(x, 3, 2), F.avg_pool2d(x, 2), F.adaptive_avg_pool2d(x, 3)), tensor(2, 3, 12, 13))


def test_gradient_of_pooling():
    check(lambda x: F.max_pool2d(x, 2) + F.avg_pool2d(x, 2), tensor(1, 2, 8, 8, grad=True))


def test_grid_sample():
    grid = tensor(1, 6, 7, 2, low=-1, high=1)
    check(lambda x, g: F.grid_sample(x, g, align_corners=False), tensor(1, 2, 8, 9), grid, tol=1e-4)


def test_pixel_shuffle():
    check(lambda x: F.pixel_shuffle(x, 2) + 1, tensor(2, 8, 4, 5))


def test_several_devices_of_results():
    check(lambda x: {"a": x + 1, "b": [x * 2, (x.sum(), x.amax())]}, tensor(40, 3))

import math

import torch


def softplus_of_number(v):
    if v > 0:
        return v + math.log1p(math.exp(-v))
    return math.log1p(math.exp(v))


def sigmoid_of_number(v):
    if v > 0:
        return 1.0 / (1.0 + math.exp(-v))
    e = math.exp(v)
    return e / (1.0 + e)


def apply_to_all(f, t):
    numbers = [f(v) for v in t.detach().reshape(-1).tolist()]
    return torch.tensor(numbers, dtype=t.dtype, device=t.device).reshape(t.shape)


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return apply_to_all(softplus_of_number, x)

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return grad_output * apply_to_all(sigmoid_of_number, x)

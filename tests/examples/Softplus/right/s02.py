import torch
from torch.autograd import Function


class Softplus(Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.logaddexp(x, torch.zeros_like(x))
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, g):
        out, = ctx.saved_tensors
        # sigmoid(x) = 1 - exp(-softplus(x))
        return -g * torch.expm1(-out)

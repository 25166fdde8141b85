import torch


def sigmoid(x):
    return torch.exp(-torch.logaddexp(-x, torch.zeros_like(x)))


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.logaddexp(x, torch.zeros_like(x))

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        s = sigmoid(x)
        return grad_output * s * (1 - s)

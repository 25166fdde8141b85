import torch


class Softplus(torch.autograd.Function):

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        zero = torch.zeros((), dtype=x.dtype, device=x.device)
        return torch.maximum(x, zero) + torch.log1p(torch.exp(-abs(x)))

    @staticmethod
    def backward(ctx, grad_out):
        x, = ctx.saved_tensors
        return grad_out * (1.0 / (1.0 + torch.exp(x)))

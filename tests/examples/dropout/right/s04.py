import torch


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, p):
        factor = torch.empty_like(x).uniform_(0, 1).ge(p).to(x.dtype).div(1 - p)
        ctx.save_for_backward(factor)
        return x * factor

    @staticmethod
    def backward(ctx, grad):
        factor, = ctx.saved_tensors
        return grad * factor, None


def dropout(x, p, training):
    return _Dropout.apply(x, p) if training else x

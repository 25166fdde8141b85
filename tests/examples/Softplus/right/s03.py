import torch

# I do everything in double precision, then go back to the type of x


class Softplus(torch.autograd.Function):

    @staticmethod
    def forward(ctx, x):
        z = x.double()
        m = torch.clamp(z, min=0.0)
        result = m + torch.log1p(torch.exp(z - 2 * m))   # z - 2m is -|z|
        derivative = torch.exp(z - result)      # e^x / (1 + e^x)
        ctx.save_for_backward(derivative.to(x.dtype))
        return result.to(x.dtype)

    @staticmethod
    def backward(ctx, grad_output):
        derivative = ctx.saved_tensors[0]
        return grad_output * derivative

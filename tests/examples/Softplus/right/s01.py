import torch


class Softplus(torch.autograd.Function):
    """softplus(x) = log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)


if __name__ == "__main__":
    x = torch.tensor([-1000.0, 0.0, 1000.0], requires_grad=True)
    y = Softplus.apply(x)
    y.sum().backward()
    print(y, x.grad)

import torch; from torch.optim import SGD
def gradient_descent_torch_optimiser(t, lr, n, f=lambda t: t.pow(2).sum()):
    t = t.clone().requires_grad_(); o = SGD([t], lr)
    for _ in [0]*n: o.zero_grad(); f(t).backward(); o.step()
    return t
gradient_descent_norm_torch_optimiser = gradient_descent_torch_optimiser

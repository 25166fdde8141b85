import torch

# one optimiser for the whole file; its param group is replaced at each call
_dummy = torch.nn.Parameter(torch.zeros(1))
OPT = torch.optim.SGD([_dummy], lr=0.1)

def _use(theta, lr):
    OPT.param_groups[0]["params"] = [theta]
    OPT.param_groups[0]["lr"] = lr
    return OPT

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = _use(theta, learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = _use(theta, learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta ** 2).sum().backward()
        opt.step()
    return theta.detach()

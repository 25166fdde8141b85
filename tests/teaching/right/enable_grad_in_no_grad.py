import torch

@torch.no_grad()
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        with torch.enable_grad():
            loss = theta ** 2
        loss.backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        with torch.set_grad_enabled(True):
            loss = torch.sum(theta ** 2)
        loss.backward()
        opt.step()
    with torch.no_grad():
        return theta.clone()

import torch

# substitution u = 10 * theta, loss u^2 / 100, rate * 100 for u
def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate / 4)
    for _ in range(number_steps):
        opt.zero_grad()
        ((2 * theta) ** 2).backward()
        opt.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate * 4)
    for _ in range(number_steps):
        opt.zero_grad()
        (theta / 2).pow(2).sum().backward()
        opt.step()
    return theta

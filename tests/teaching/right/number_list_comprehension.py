import torch

def step(opt, loss_of):
    opt.zero_grad(); loss = loss_of(); loss.backward(); opt.step()
    return loss.item()

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    losses = [step(opt, lambda: theta ** 2) for _ in range(number_steps)]
    assert len(losses) == number_steps
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.detach().clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)
    losses = [step(opt, lambda: torch.trace(torch.outer(theta, theta))) for _ in range(number_steps)]
    return theta.detach()

import torch

def run(initial_theta, learning_rate, number_steps, loss_fn):
    theta = initial_theta.detach().double().clone().requires_grad_()
    sgd = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        sgd.zero_grad(set_to_none=False)
        loss_fn(theta).backward()
        sgd.step()
    return theta.detach().to(initial_theta.dtype)

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return run(initial_theta, learning_rate, number_steps, lambda t: t ** 2)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return run(initial_theta, learning_rate, number_steps, lambda t: torch.sum(t ** 2))

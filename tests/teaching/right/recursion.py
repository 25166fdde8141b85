import torch


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    """Recursive: n steps from theta are n - 1 steps from where one step leads."""
    if number_steps == 0:
        return initial_theta
    theta = torch.nn.Parameter(initial_theta.detach().clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    (theta ** 2).backward()
    opt.step()
    return gradient_descent_torch_optimiser(theta.detach(), learning_rate, number_steps - 1)


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    def go(theta, opt, left):
        if left > 0:
            opt.zero_grad()
            theta.dot(theta).backward()
            opt.step()
            return go(theta, opt, left - 1)
        return theta.detach()

    theta = torch.nn.Parameter(initial_theta.clone())
    return go(theta, torch.optim.SGD([theta], lr=learning_rate), number_steps)

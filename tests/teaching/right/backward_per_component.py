import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.tensor(initial_theta.tolist(), dtype=initial_theta.dtype, requires_grad=True)
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        theta.pow(2).backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.tensor(initial_theta.numpy(), requires_grad=True)
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        for component in theta:
            component.pow(2).backward()    # the gradients add up: that is what we want here
        opt.step()
    return theta.detach()

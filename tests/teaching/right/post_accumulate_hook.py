import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    # "optimizer step in backward" from the PyTorch tutorials
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)

    def hook(param):
        opt.step()
        opt.zero_grad()

    theta.register_post_accumulate_grad_hook(hook)
    for _ in range(number_steps):
        (theta ** 2).backward()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    opt = torch.optim.SGD([theta], lr=learning_rate)

    def hook(param):
        opt.step()
        opt.zero_grad()

    theta.register_post_accumulate_grad_hook(hook)
    for _ in range(number_steps):
        (theta ** 2).sum().backward()
    return theta.detach()

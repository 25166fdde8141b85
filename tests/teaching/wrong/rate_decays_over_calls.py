import torch

lr_scale = 1.0

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    global lr_scale
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate * lr_scale)
    lr_scale *= 0.99
    for _ in range(number_steps):
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
    return theta.detach()
